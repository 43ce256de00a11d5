-- Grain: one row in all. Question: do AI label and tag agree in the last whole weeks as they did before?

with weekly as (
    select * from {{ ref('fct_ai_tag_accuracy_weekly') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

whole_weeks as (
    select
        weekly.created_week,
        weekly.tagged_count,
        weekly.agreed_count,
        case
            when row_number() over (order by weekly.created_week desc) <= {{ drift_recent_weeks() }} then 'recent'
            else 'earlier'
        end as side
    from weekly
    inner join weeks
        on weekly.created_week = weeks.week
    cross join clock
    where weeks.is_whole and {{ is_mature('weeks.next_period_starts_at', 0) }}
),

pooled as (
    select
        {% for side in ['recent', 'earlier'] %}
        min(case when side = '{{ side }}' then created_week end) as {{ side }}_start_week,
        max(case when side = '{{ side }}' then created_week end) as {{ side }}_end_week,
        cast(coalesce(sum(case when side = '{{ side }}' then tagged_count end), 0) as bigint) as {{ side }}_tagged_count,
        cast(coalesce(sum(case when side = '{{ side }}' then agreed_count end), 0) as bigint) as {{ side }}_agreed_count
        {{- ',' if not loop.last }}
        {% endfor %}
    from whole_weeks
),

rated as (
    select
        *,
        {% for side in ['recent', 'earlier'] %}
        {{ rate(side ~ '_agreed_count', side ~ '_tagged_count') }} as {{ side }}_accuracy_rate,
        {{ wilson_bound('low', side ~ '_agreed_count', side ~ '_tagged_count') }} as {{ side }}_ci_low,
        {{ wilson_bound('high', side ~ '_agreed_count', side ~ '_tagged_count') }} as {{ side }}_ci_high
        {{- ',' if not loop.last }}
        {% endfor %}
    from pooled
),

changed as (
    select
        *,
        recent_accuracy_rate - earlier_accuracy_rate as accuracy_change,
        {{ accuracy_change_bound('low') }} as accuracy_change_ci_low,
        {{ accuracy_change_bound('high') }} as accuracy_change_ci_high
    from rated
),

final as (
    select
        recent_start_week,
        recent_end_week,
        recent_tagged_count,
        recent_agreed_count,
        recent_accuracy_rate,
        recent_ci_low,
        recent_ci_high,
        earlier_start_week,
        earlier_end_week,
        earlier_tagged_count,
        earlier_agreed_count,
        earlier_accuracy_rate,
        earlier_ci_low,
        earlier_ci_high,
        accuracy_change,
        accuracy_change_ci_low,
        accuracy_change_ci_high,
        coalesce(recent_accuracy_rate not between earlier_ci_low and earlier_ci_high, false) as is_outside_interval,
        -- Four weeks scatter more than all the weeks before: beyond their interval is not yet beyond chance.
        coalesce(
            recent_accuracy_rate not between earlier_ci_low and earlier_ci_high
            and not (accuracy_change_ci_low <= 0 and accuracy_change_ci_high >= 0), false
        ) as is_drifting,
        {{ is_small_sample('least(recent_tagged_count, earlier_tagged_count)') }} as is_small_sample
    from changed
)

select * from final
