-- Grain: one row for each covered local day and each of its reference days. Question: which days say what to expect
-- of this day? The same weekdays up to six weeks before and after; growth_factor brings their counts to this day.

with days as (
    select * from {{ ref('int_days_spined') }}
    where is_covered
),

growth as (
    select * from {{ ref('int_weekly_growth_estimated') }}
),

offsets as (
    {% for weeks in range(1, anomaly_reference_weeks() | int + 1) -%}
    select {{ weeks }} as weeks_apart
    union all
    select -{{ weeks }} as weeks_apart
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        days.day,
        reference_days.day as reference_day,
        exp(-growth.growth_per_week * offsets.weeks_apart) as growth_factor
    from days
    inner join growth
        on days.week = growth.week
    cross join offsets
    inner join days as reference_days
        on reference_days.day = {{ days_after('days.day', '7 * offsets.weeks_apart') }}
)

select * from final
