-- If this fails, raw labels vanish (or appear twice) before they are used or rejected.

with counts as (
    select
        (select count(*) from {{ ref('ai_labels') }}) as raw_count,
        (select count(*) from {{ ref('stg_ai_labels') }}) as accepted_count,
        (select count(*) from {{ ref('rejected_ai_labels') }}) as rejected_count
)

select *
from counts
where raw_count <> accepted_count + rejected_count
