-- Grain: one row for each week. Question: how often does the AI label agree with the agent's tag, and how sure is that?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

counted as (
    select
        weeks.week as created_week,
        {{ ai_tag_counts() }}
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
        counted.tagged_count,
        counted.agreed_count,
        {{ rate('counted.agreed_count', 'counted.tagged_count') }} as accuracy_rate,
        {{ wilson_bound('low', 'counted.agreed_count', 'counted.tagged_count') }} as accuracy_ci_low,
        {{ wilson_bound('high', 'counted.agreed_count', 'counted.tagged_count') }} as accuracy_ci_high
    from counted
    inner join weeks
        on counted.created_week = weeks.week
)

select * from final
