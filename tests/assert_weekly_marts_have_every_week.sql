-- If this fails, a chart skips a week, or calls a week whole that the data does not fill.
-- Each weekly mart has each Monday of the spine, once for each segment, with the same ISO week and days in data.

{% set segments = {
    'fct_tickets_weekly': none,
    'fct_tickets_by_category_weekly': 'category_effective',
    'fct_sla_weekly': none,
    'fct_sla_by_channel_weekly': 'channel',
    'fct_fcr_weekly': none,
    'fct_ai_tag_accuracy_weekly': none,
} %}

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

expected as (
    select
        {{ week_start('day') }} as week,
        {{ iso_week('day') }} as iso_week,
        count(*) as days_in_data,
        (select count(distinct channel) from tickets) as channel_count,
        (select count(distinct category_effective) from tickets) as category_effective_count
    from {{ ref('int_days_spined') }}
    group by {{ week_start('day') }}, {{ iso_week('day') }}
),

published as (
    {% for mart, segment in segments.items() -%}
    select
        '{{ mart }}' as mart,
        expected.week,
        count(mart.created_week) as row_count,
        max({{ 'expected.' ~ segment ~ '_count' if segment else 1 }}) as segment_count,
        count(
            case
                when mart.iso_week = expected.iso_week and mart.days_in_data = expected.days_in_data then 1
            end
        ) as agreeing_count
    from expected
    full outer join {{ ref(mart) }} as mart
        on expected.week = mart.created_week
    group by expected.week
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select *
from published
where
    week is null
    or row_count <> segment_count
    or agreeing_count <> row_count
