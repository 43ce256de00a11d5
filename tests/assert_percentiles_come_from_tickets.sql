-- If this fails, a p95 was averaged from other rows' percentiles (or interpolated otherwise): it is of no group of tickets.
-- Recomputed from ranked ticket rows: the value at position 0.95 * (count - 1), between its two neighbours.

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

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

compared as (
    {% for mart, period, segment in marts -%}
    {%- set last_mart = loop.last -%}
    {%- set keys = [period, segment] if segment else [period] -%}
    {%- for name, time in times.items() -%}
    select
        '{{ mart }}' as mart,
        '{{ name }}_p95_minutes' as measure,
        cast(mart.{{ period }} as {{ dbt.type_string() }}) as period,
        mart.{{ name }}_p95_minutes as published_minutes,
        expected.p95_minutes as expected_minutes
    from {{ ref(mart) }} as mart
    left join (
        select
            {{ keys | join(', ') }},
            sum(
                case
                    when rank_from_0 = floor(position) then minutes * (1 - (position - floor(position)))
                    when rank_from_0 = floor(position) + 1 then minutes * (position - floor(position))
                    else 0
                end
            ) as p95_minutes
        from (
            select
                {{ keys | join(', ') }},
                {{ time }} as minutes,
                row_number() over (partition by {{ keys | join(', ') }} order by {{ time }}) - 1 as rank_from_0,
                0.95 * (count(*) over (partition by {{ keys | join(', ') }}) - 1) as position
            from tickets
            where {{ time }} is not null
        ) as ranked
        group by {{ keys | join(', ') }}
    ) as expected
        on
            {% for key in keys -%}
            mart.{{ key }} = expected.{{ key }}{{ ' and' if not loop.last }}
            {% endfor %}
    {% if not (last_mart and loop.last) %}union all{% endif %}
    {% endfor -%}
    {%- endfor %}
)

select *
from compared
where
    (published_minutes is null) <> (expected_minutes is null)
    or abs(published_minutes - expected_minutes) > 1e-6
