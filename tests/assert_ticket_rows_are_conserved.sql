-- If this fails, raw tickets vanish (or appear twice) between the input and the marts, and every volume is wrong.

with counts as (
    select
        (select count(*) from {{ ref('tickets_raw') }}) as raw_count,
        (select count(*) from {{ ref('stg_tickets') }}) as accepted_count,
        (select count(*) from {{ ref('rejected_tickets') }}) as rejected_count
)

select *
from counts
where raw_count <> accepted_count + rejected_count
