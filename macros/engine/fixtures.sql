{#- Texts in fixtures of unit tests as they stand: Spark reads a backslash in a literal as an escape, which dbt-spark leaves in. -#}
{% macro spark__escape_single_quotes(expression) -%}
    {{ return(expression | replace('\\', '\\\\') | replace("'", "\\'")) }}
{%- endmacro %}


{#- Lists in fixtures: DuckDB takes them as YAML has them. -#}
{% macro spark__safe_cast(field, type) %}
    {%- if field is sequence and field is not string and field is not mapping -%}
        {%- set items = [] -%}
        {%- for item in field -%}
            {%- do items.append(dbt.string_literal(dbt.escape_single_quotes(item)) if item is string else item) -%}
        {%- endfor -%}
        cast(array({{ items | join(', ') }}) as {{ type }})
    {%- else -%}
        cast({{ field }} as {{ type }})
    {%- endif -%}
{% endmacro %}
