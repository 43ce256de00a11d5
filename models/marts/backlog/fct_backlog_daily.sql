-- Grain: one row for each local day. Question: how did the backlog move: what came in, what left, what stayed?
-- Counts are events of the day, not the cohort created on it.

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

arrived as (
    select
        created_day as day,
        count(*) as created_count
    from tickets
    group by created_day
),

departed as (
    select
        left_backlog_day as day,
        count(case when is_resolved then 1 end) as resolved_count,
        count(case when is_closed_without_solution then 1 end) as closed_count
    from tickets
    where left_backlog_day is not null
    group by left_backlog_day
),

moved as (
    select
        days.day,
        coalesce(arrived.created_count, 0) as created_count,
        coalesce(departed.resolved_count, 0) as resolved_count,
        coalesce(departed.closed_count, 0) as closed_count
    from days
    left join arrived
        on days.day = arrived.day
    left join departed
        on days.day = departed.day
),

summed as (
    select
        *,
        cast(
            sum(created_count - resolved_count - closed_count) over (
                order by day asc rows between unbounded preceding and current row
            ) as bigint
        ) as closing_count
    from moved
),

final as (
    select
        day,
        coalesce(lag(closing_count) over (order by day asc), 0) as opening_count,
        created_count,
        resolved_count,
        closed_count,
        closing_count
    from summed
)

select * from final
