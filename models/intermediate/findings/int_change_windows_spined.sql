-- Grain: one row for each comparison and each of its two windows. Question: which weeks are compared with which?
-- The last mature weeks that the tickets cover with as many just before them; where the data does not reach back, no comparison.

with weekly as (
    select * from {{ ref('int_weeks_spined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

mature_weeks as (
    select
        weekly.week,
        row_number() over (order by weekly.week desc) as weeks_back
    from weekly
    cross join clock
    where
        weekly.is_whole
        and {{ days_after('weekly.week', 6) }} <= clock.covered_end_day
        and {{ is_mature('weekly.next_period_starts_at', 'clock.largest_sla_target_minutes') }}
),

windows as (
    {% for comparison, weeks, is_calm in change_comparisons() -%}
    select
        '{{ comparison }}' as comparison,
        {{ is_calm }} as is_calm,
        weeks_back <= {{ weeks }} as is_current,
        min(week) as start_day,
        {{ days_after('max(week)', 6) }} as end_day,
        count(*) as weeks_count,
        {{ weeks }} as weeks_wanted
    from mature_weeks
    where weeks_back <= {{ 2 * weeks }}
    group by weeks_back <= {{ weeks }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

complete as (
    select comparison
    from windows
    where weeks_count = weeks_wanted
    group by comparison
    having count(*) = 2
),

final as (
    select
        windows.comparison,
        windows.is_calm,
        windows.is_current,
        windows.start_day,
        windows.end_day
    from windows
    inner join complete
        on windows.comparison = complete.comparison
)

select * from final
