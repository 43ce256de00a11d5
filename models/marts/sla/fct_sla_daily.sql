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
        {{ frt_7d_figures() }},
        {{ is_mature('days.next_period_starts_at', 'clock.largest_sla_target_minutes') }} as is_mature
    from measured
    inner join days
        on measured.created_day = days.day
    cross join clock
)

select * from final
