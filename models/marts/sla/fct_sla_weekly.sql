-- Grain: one row for each week. Question: how fast are tickets answered and resolved, by the week they were created?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

measured as (
    select
        weeks.week as created_week,
        {{ sla_aggregates() }}
    from weeks
    left join tickets
        on weeks.week = tickets.created_week
    group by weeks.week
),

final as (
    select
        measured.created_week,
        weeks.iso_week,
        weeks.days_in_data,
        {{ sla_figures() }},
        weeks.is_whole
        and {{ is_mature('weeks.next_period_starts_at', 'clock.largest_sla_target_minutes') }} as is_mature
    from measured
    inner join weeks
        on measured.created_week = weeks.week
    cross join clock
)

select * from final
