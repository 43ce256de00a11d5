-- Grain: one row for each week. Question: how many tickets were resolved at first contact, by the time proxy?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

counted as (
    select
        weeks.week as created_week,
        count(tickets.ticket_id) as tickets_created,
        {{ ticket_state_counts() }},
        {{ fcr_counts() }}
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
        counted.fcr_strict_count,
        {{ rate('counted.fcr_strict_count', 'counted.tickets_created') }} as fcr_strict_rate,
        counted.fcr_lenient_count,
        {{ rate('counted.fcr_lenient_count', 'counted.tickets_created') }} as fcr_lenient_rate,
        {{ rate('counted.fcr_strict_count', 'counted.resolved_count') }} as fcr_strict_of_resolved_rate,
        {{ rate('counted.fcr_lenient_count', 'counted.resolved_count') }} as fcr_lenient_of_resolved_rate,
        weeks.is_whole
        and {{ is_mature('weeks.next_period_starts_at', fcr_lenient_minutes()) }} as is_mature
    from counted
    inner join weeks
        on counted.created_week = weeks.week
    cross join clock
)

select * from final
