-- Grain: one row for each raw ticket row. Question: may this row be counted, and if not, why not?

-- Nearly all rows: accepted whatever the others are, so that nothing has to be looked at again.
with accepted as (
    select * from {{ ref('base_tickets_parsed') }}
    where has_no_reason
),

judged as (
    select * from {{ ref('base_tickets_judged') }}
),

final as (
    select
        *,
        '' as own_reasons,
        1 as version_rank,
        '' as reasons
    from accepted
    union all
    select * from judged
)

select * from final
