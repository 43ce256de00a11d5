-- Grain: one row for each local day. Question: how fast are tickets answered and resolved, by the day they were created?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

measured as (
    select
        days.day as created_day,
        {{ sla_aggregates() }}
    from days
    left join tickets
        on days.day = tickets.created_day
    group by days.day
),

final as (
    select
        measured.created_day,
        {{ sla_figures() }},
        {{ over_7_days('avg(measured.frt_avg_minutes)', 'measured.created_day') }} as frt_avg_7d_minutes,
        {{ over_7_days('sum(measured.frt_sum_minutes)', 'measured.created_day') }}
        / nullif({{ over_7_days('sum(measured.frt_count)', 'measured.created_day') }}, 0)
            as frt_ticket_weighted_7d_minutes,
        {{ is_mature('days.next_period_starts_at', 'clock.largest_sla_target_minutes') }} as is_mature
    from measured
    inner join days
        on measured.created_day = days.day
    cross join clock
)

select * from final
