{#- Fixed limits of the metric definitions, and lists as SQL. What a user may set is a var in dbt_project.yml. -#}

{#- Largest believable first response time: 7 days, in minutes. -#}
{% macro max_first_response_minutes() -%} 10080 {%- endmacro %}

{#- First contact resolution by time: strict within an hour, lenient within four, in whole minutes. -#}
{% macro fcr_strict_minutes() -%} 60 {%- endmacro %}
{% macro fcr_lenient_minutes() -%} 240 {%- endmacro %}

{#- Statuses of tickets that still wait, and the age from which they are old: 30 days, in hours. -#}
{% macro open_statuses() -%}
    {{ return(['pending', 'escalated']) }}
{%- endmacro %}
{% macro old_open_hours() -%} 720 {%- endmacro %}

{#- Whether a message says anything: without a text a ticket's topic is a default. -#}
{% macro has_text(message_text) -%}
    {{ trimmed(message_text) }} is not null
{%- endmacro %}

{#- A list of values as `('a', 'b')`. -#}
{% macro text_list(values) -%}
    ({% for value in values %}'{{ value }}'{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}


{#- Every reason for which a raw row is rejected. The conditions are in macros/ticket_reasons.sql, for what other rows decide
    in base_tickets_judged, and for users in base_users_checked. -#}
{% macro ticket_rejection_reasons() -%}
    {{ return([
        'duplicate_ticket_id',
        'first_response_time_negative',
        'first_response_time_not_a_number',
        'first_response_time_too_large',
        'invalid_channel',
        'invalid_status',
        'invalid_tag',
        'malformed_row',
        'missing_created_at',
        'missing_ticket_id',
        'resolved_before_created',
        'resolved_without_resolved_at',
        'unparseable_created_at',
        'unparseable_resolved_at',
    ]) }}
{%- endmacro %}

{% macro user_rejection_reasons() -%}
    {{ return(['duplicate_creator_id', 'missing_creator_id']) }}
{%- endmacro %}
