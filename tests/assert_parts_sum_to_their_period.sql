-- If this fails, channels or categories do not add up to the total of the same day or week, or days to that of the week.

{% set sla = [
    'tickets_created', 'frt_count', 'resolution_count', 'frt_sla_applicable_count', 'frt_sla_met_count',
    'resolution_sla_applicable_count', 'resolution_sla_met_count',
] %}
{% set states = ['tickets_created', 'resolved_count', 'open_count', 'closed_without_solution_count'] %}
{% set fcr = ['tickets_created', 'resolved_count', 'fcr_strict_count', 'fcr_lenient_count'] %}

{# parts, whole, period, counts #}
{% set sums = [
    ('fct_sla_by_channel_daily', 'fct_sla_daily', 'created_day', sla),
    ('fct_sla_by_channel_weekly', 'fct_sla_weekly', 'created_week', sla),
    ('fct_tickets_by_category_daily', 'fct_tickets_daily', 'created_day', ['tickets_created']),
    ('fct_tickets_by_category_weekly', 'fct_tickets_weekly', 'created_week', ['tickets_created']),
    ('fct_sla_daily', 'fct_sla_weekly', 'created_week', sla),
    ('fct_tickets_daily', 'fct_tickets_weekly', 'created_week', states),
    ('fct_fcr_daily', 'fct_fcr_weekly', 'created_week', fcr),
] %}

with
{%- for parts, whole, period, counts in sums %}
{{ parts }}_to_{{ whole }} as (
    select
        '{{ parts }}' as parts,
        '{{ whole }}' as whole,
        cast(whole.{{ period }} as {{ dbt.type_string() }}) as period
    from {{ ref(whole) }} as whole
    left join {{ ref(parts) }} as parts
        on whole.{{ period }} =
            {{ week_start('parts.created_day') if parts.endswith('daily') and period == 'created_week' else 'parts.' ~ period }}
    group by whole.{{ period }}
    having
        {% for count in counts -%}
        coalesce(sum(parts.{{ count }}), 0) <> max(whole.{{ count }}){{ ' or' if not loop.last }}
        {% endfor %}
){{ ',' if not loop.last }}
{%- endfor %}

{% for parts, whole, period, counts in sums -%}
select * from {{ parts }}_to_{{ whole }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
