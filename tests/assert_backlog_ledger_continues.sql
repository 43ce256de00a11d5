-- If this fails, tickets enter or leave the backlog overnight, and the curve of the backlog drifts from the truth.

with days as (
    select
        *,
        lag(closing_count) over (order by day) as closing_count_before
    from {{ ref('fct_backlog_daily') }}
)

select *
from days
where opening_count <> coalesce(closing_count_before, 0)
