-- If this fails, raw users vanish (or appear twice) between the input and the join with tickets.

with counts as (
    select
        (select count(*) from {{ ref('users_raw') }}) as raw_count,
        (select count(*) from {{ ref('stg_users') }}) as accepted_count,
        (select count(*) from {{ ref('rejected_users') }}) as rejected_count
)

select *
from counts
where raw_count <> accepted_count + rejected_count
