-- If this fails, a mart loses tickets or counts some twice: its days or weeks do not add up to fct_tickets.

{% set conditions = {
    'tickets_created': 'ticket_id is not null',
    'created_count': 'ticket_id is not null',
    'resolved_count': 'is_resolved',
    'open_count': 'is_open',
    'closed_without_solution_count': 'is_closed_without_solution',
    'closed_count': 'is_closed_without_solution',
    'frt_count': 'first_response_time_minutes is not null',
    'resolution_count': 'resolution_time_minutes is not null',
    'frt_sla_applicable_count': 'is_frt_sla_met is not null',
    'frt_sla_met_count': 'is_frt_sla_met',
    'resolution_sla_applicable_count': 'is_resolution_sla_met is not null',
    'resolution_sla_met_count': 'is_resolution_sla_met',
    'fcr_strict_count': 'is_fcr_strict',
    'fcr_lenient_count': 'is_fcr_lenient',
    'tagged_count': 'tag is not null',
    'agreed_count': 'tag = ai_category',
} %}

{% set states = ['tickets_created', 'resolved_count', 'open_count', 'closed_without_solution_count'] %}
{% set sla = [
    'tickets_created', 'frt_count', 'resolution_count', 'frt_sla_applicable_count', 'frt_sla_met_count',
    'resolution_sla_applicable_count', 'resolution_sla_met_count',
] %}
{% set fcr = ['tickets_created', 'resolved_count', 'fcr_strict_count', 'fcr_lenient_count'] %}

{% set measures = {
    'fct_tickets_daily': states,
    'fct_tickets_weekly': states,
    'fct_tickets_by_category_daily': ['tickets_created'],
    'fct_tickets_by_category_weekly': ['tickets_created'],
    'fct_sla_daily': sla,
    'fct_sla_weekly': sla,
    'fct_sla_by_channel_daily': sla,
    'fct_sla_by_channel_weekly': sla,
    'fct_fcr_daily': fcr,
    'fct_fcr_weekly': fcr,
    'fct_backlog_daily': ['created_count', 'resolved_count', 'closed_count'],
    'fct_backlog_by_status': ['open_count'],
    'fct_ai_tag_accuracy_weekly': ['tagged_count', 'agreed_count'],
} %}

with expected as (
    select
        {% for measure, condition in conditions.items() -%}
        count(case when {{ condition }} then 1 end) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_tickets') }}
),

compared as (
    {% for mart, mart_measures in measures.items() -%}
    {%- set last_mart = loop.last -%}
    {%- for measure in mart_measures -%}
    select
        '{{ mart }}' as mart,
        '{{ measure }}' as measure,
        (select coalesce(sum({{ measure }}), 0) from {{ ref(mart) }}) as published_count,
        {{ measure }} as expected_count
    from expected
    {% if not (last_mart and loop.last) %}union all{% endif %}
    {% endfor -%}
    {%- endfor %}
)

select *
from compared
where published_count <> expected_count
