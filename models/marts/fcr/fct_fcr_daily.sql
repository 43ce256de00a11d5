-- Grain: one row for each local day. Question: how many tickets were resolved at first contact, by the time proxy?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

counted as (
    select
        days.day as created_day,
        count(tickets.ticket_id) as tickets_created,
        {{ ticket_state_counts() }},
        {{ fcr_counts() }}
    from days
    left join tickets
        on days.day = tickets.created_day
    group by days.day
),

final as (
    select
        counted.created_day,
        counted.tickets_created,
        counted.resolved_count,
        counted.fcr_strict_count,
        {{ rate('counted.fcr_strict_count', 'counted.tickets_created') }} as fcr_strict_rate,
        counted.fcr_lenient_count,
        {{ rate('counted.fcr_lenient_count', 'counted.tickets_created') }} as fcr_lenient_rate,
        {{ rate('counted.fcr_strict_count', 'counted.resolved_count') }} as fcr_strict_of_resolved_rate,
        {{ rate('counted.fcr_lenient_count', 'counted.resolved_count') }} as fcr_lenient_of_resolved_rate,
        {{ is_mature('days.next_period_starts_at', fcr_lenient_minutes()) }} as is_mature
    from counted
    inner join days
        on counted.created_day = days.day
    cross join clock
)

select * from final
