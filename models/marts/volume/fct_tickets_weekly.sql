-- Grain: one row for each week. Question: how many tickets came, and what became of them?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

counted as (
    select
        weeks.week as created_week,
        count(tickets.ticket_id) as tickets_created,
        {{ ticket_state_counts() }}
    from weeks
    left join tickets
        on weeks.week = tickets.created_week
    group by weeks.week
),

final as (
    select
        counted.created_week,
        weeks.iso_week,
        weeks.days_in_data,
        counted.tickets_created,
        counted.resolved_count,
        counted.open_count,
        counted.closed_without_solution_count,
        {{ rate('counted.resolved_count', 'counted.tickets_created') }} as resolution_rate
    from counted
    inner join weeks
        on counted.created_week = weeks.week
)

select * from final
