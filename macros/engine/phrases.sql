{#- What reading phrases needs from an engine. -#}


{#- Select list items that give one row for each item of a list, and its place, counted from any number. -#}
{% macro row_for_each_in_order(list, item, position) -%}
    {{ return(adapter.dispatch('row_for_each_in_order', 'support_analytics')(list, item, position)) }}
{%- endmacro %}

{% macro duckdb__row_for_each_in_order(list, item, position) -%}
    unnest({{ list }}) as {{ item }}, generate_subscripts({{ list }}, 1) as {{ position }}
{%- endmacro %}

{% macro spark__row_for_each_in_order(list, item, position) -%}
    posexplode({{ list }}) as ({{ position }}, {{ item }})
{%- endmacro %}
