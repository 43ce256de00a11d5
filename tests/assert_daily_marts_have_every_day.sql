-- If this fails, a chart skips a day without tickets, and seven-day windows reach further back than seven days.
-- Each daily mart has each local day from the first created_day to the day of as_of_at, once for each segment.

{% set segments = {
    'fct_tickets_daily': none,
    'fct_tickets_by_category_daily': 'category_effective',
    'fct_sla_daily': none,
    'fct_sla_by_channel_daily': 'channel',
    'fct_fcr_daily': none,
    'fct_backlog_daily': none,
} %}

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

bounds as (
    select
        min(tickets.created_day) as first_day,
        max(clock.as_of_day) as last_day,
        count(distinct tickets.channel) as channel_count,
        count(distinct tickets.category_effective) as category_effective_count
    from tickets
    cross join {{ ref('int_clock_derived') }} as clock
),

published as (
    {% for mart, segment in segments.items() -%}
    {%- set day = 'day' if mart == 'fct_backlog_daily' else 'created_day' -%}
    select
        '{{ mart }}' as mart,
        min(mart.{{ day }}) as first_day,
        max(mart.{{ day }}) as last_day,
        count(distinct mart.{{ day }}) as day_count,
        count(*) as row_count,
        max({{ 'bounds.' ~ segment ~ '_count' if segment else 1 }}) as segment_count
    from {{ ref(mart) }} as mart
    cross join bounds
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    published.*,
    bounds.first_day as expected_first_day,
    bounds.last_day as expected_last_day
from published
cross join bounds
where
    published.first_day is distinct from bounds.first_day
    or published.last_day is distinct from bounds.last_day
    or published.day_count <> coalesce({{ dbt.datediff('bounds.first_day', 'bounds.last_day', 'day') }} + 1, 0)
    or published.row_count <> coalesce(published.day_count * published.segment_count, 0)
