-- Grain: one row for each comparison and segment. Question: how many tickets came in lately and before, and how many of
-- them did incidents bring on top?

with days_counted as (
    select * from {{ ref('int_segment_days_counted') }}
),

days_scored as (
    select * from {{ ref('int_segment_days_scored') }}
),

incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

lengths as (
    {% for days in [28, 84] -%}
    select
        '{{ days }}_days' as comparison,
        {{ days }} as days_count
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

windows as (
    select
        lengths.comparison,
        {{ days_after('clock.covered_end_day', '1 - lengths.days_count') }} as now_start_day,
        {{ days_after('clock.covered_end_day', '1 - 2 * lengths.days_count') }} as before_start_day
    from lengths
    cross join clock
    where {{ days_after('clock.covered_end_day', '1 - 2 * lengths.days_count') }} >= clock.first_day
),

extra as (
    select
        days_scored.segment_type,
        days_scored.segment,
        days_scored.day,
        days_scored.tickets_created - days_scored.expected_tickets as extra_tickets
    from days_scored
    inner join incident_days
        on days_scored.day = incident_days.day
),

dispersions as (
    select
        segment_type,
        segment,
        max(dispersion) as dispersion
    from days_scored
    group by segment_type, segment
),

final as (
    select
        windows.comparison,
        days_counted.segment_type,
        days_counted.segment,
        windows.before_start_day,
        windows.now_start_day,
        sum(case when days_counted.day < windows.now_start_day then days_counted.tickets_created else 0 end)
            as tickets_before,
        sum(case when days_counted.day >= windows.now_start_day then days_counted.tickets_created else 0 end)
            as tickets_now,
        {{ exact_sum('case when days_counted.day < windows.now_start_day then extra.extra_tickets else 0 end') }}
            as incident_tickets_before,
        {{ exact_sum('case when days_counted.day >= windows.now_start_day then extra.extra_tickets else 0 end') }}
            as incident_tickets_now,
        coalesce(max(dispersions.dispersion), 1.0) as dispersion
    from windows
    inner join days_counted
        on days_counted.day >= windows.before_start_day
    left join extra
        on
            days_counted.segment_type = extra.segment_type
            and days_counted.segment = extra.segment
            and days_counted.day = extra.day
    left join dispersions
        on
            days_counted.segment_type = dispersions.segment_type
            and days_counted.segment = dispersions.segment
    group by
        windows.comparison,
        days_counted.segment_type,
        days_counted.segment,
        windows.before_start_day,
        windows.now_start_day
)

select * from final
