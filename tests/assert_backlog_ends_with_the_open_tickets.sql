-- If this fails, the ledger of the backlog does not arrive at the tickets that are open: one of the two is wrong.

with last_day as (
    select closing_count
    from {{ ref('fct_backlog_daily') }}
    where day = (select max(day) from {{ ref('fct_backlog_daily') }})
),

waiting as (
    select sum(open_count) as open_count
    from {{ ref('fct_backlog_by_status') }}
)

select *
from waiting
left join last_day
    on true
where coalesce(last_day.closing_count, 0) <> waiting.open_count
