-- If this fails, a p95 was averaged from other rows' percentiles (or interpolated otherwise): it is of no group of tickets.
-- Held against the tickets by counting: so many of the group lie below it, and it stands between its two neighbours where
-- position 0.95 * (count - 1) says.

{% set times = {
    'frt': 'first_response_time_minutes',
    'resolution': 'resolution_time_minutes',
} %}

{# mart, period, segment #}
{% set marts = [
    ('fct_sla_daily', 'created_day', none),
    ('fct_sla_weekly', 'created_week', none),
    ('fct_sla_by_channel_daily', 'created_day', 'channel'),
    ('fct_sla_by_channel_weekly', 'created_week', 'channel'),
] %}

{# What rounding may move a value by. #}
{% set hair = '1e-6' %}

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

counted as (
    {% for mart, period, segment in marts -%}
    {%- set last_mart = loop.last -%}
    {%- for name, time in times.items() -%}
    {%- set minutes = 'cast(tickets.' ~ time ~ ' as double)' -%}
    {%- set published = 'mart.' ~ name ~ '_p95_minutes' %}
    select
        '{{ mart }}' as mart,
        '{{ name }}_p95_minutes' as measure,
        cast(mart.{{ period }} as {{ dbt.type_string() }}) as period,
        {{ published }} as published_minutes,
        0.95 * (count({{ minutes }}) - 1) as position,
        count({{ minutes }}) as all_count,
        count(case when {{ minutes }} < {{ published }} - {{ hair }} then 1 end) as below_count,
        count(case when {{ minutes }} <= {{ published }} + {{ hair }} then 1 end) as not_above_count,
        max(case when {{ minutes }} <= {{ published }} + {{ hair }} then {{ minutes }} end) as lower_minutes,
        min(case when {{ minutes }} >= {{ published }} - {{ hair }} then {{ minutes }} end) as upper_minutes
    from {{ ref(mart) }} as mart
    left join tickets
        on
            mart.{{ period }} = tickets.{{ period }}
            {%- if segment %}
            and mart.{{ segment }} = tickets.{{ segment }}
            {%- endif %}
    group by mart.{{ period }}, {{ 'mart.' ~ segment ~ ', ' if segment }}{{ published }}
    {% if not (last_mart and loop.last) %}union all{% endif %}
    {%- endfor %}
    {%- endfor %}
),

-- Beside the value, or on it: then as many tickets lie below it, and as many up to it, as the two neighbours ask for.
judged as (
    select
        *,
        case
            when all_count = 0 then published_minutes is null
            when upper_minutes - lower_minutes > 2 * {{ hair }}
                then
                    not_above_count = floor(position) + 1
                    and abs(
                        published_minutes - lower_minutes - (position - floor(position)) * (upper_minutes - lower_minutes)
                    ) < {{ hair }}
            else below_count <= floor(position) and not_above_count >= ceiling(position) + 1
        end as is_percentile
    from counted
)

select *
from judged
where is_percentile is not true
