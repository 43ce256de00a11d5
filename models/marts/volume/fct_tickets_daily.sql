-- Grain: one row for each local day. Question: how many tickets came, and what became of them?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

counted as (
    select
        days.day as created_day,
        count(tickets.ticket_id) as tickets_created,
        {{ ticket_state_counts() }}
    from days
    left join tickets
        on days.day = tickets.created_day
    group by days.day
),

final as (
    select
        created_day,
        tickets_created,
        {{ over_7_days('avg(tickets_created)', 'created_day') }} as tickets_created_7d_avg,
        resolved_count,
        open_count,
        closed_without_solution_count,
        {{ rate('resolved_count', 'tickets_created') }} as resolution_rate
    from counted
)

select * from final
