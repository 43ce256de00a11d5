{#- The local hour of an instant in `reporting_timezone`, 0 to 23. -#}
{% macro local_hour(instant) -%}
    {{ return(adapter.dispatch('local_hour', 'support_analytics')(instant)) }}
{%- endmacro %}

{% macro duckdb__local_hour(instant) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        extract(hour from {{ instant }})
    {%- else -%}
        extract(hour from {{ instant }} at time zone 'UTC' at time zone '{{ var("reporting_timezone") }}')
    {%- endif -%}
{%- endmacro %}

{% macro spark__local_hour(instant) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        hour({{ instant }})
    {%- else -%}
        hour(from_utc_timestamp({{ instant }}, '{{ var("reporting_timezone") }}'))
    {%- endif -%}
{%- endmacro %}
