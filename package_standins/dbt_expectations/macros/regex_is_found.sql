{#- Condition: the pattern occurs anywhere in the value. Part of expect_column_values_to_match_regex,
    apart because each engine has its own operator. -#}
{% macro regex_is_found(value, regex, is_raw=false, flags='') -%}
    {{ adapter.dispatch('regex_is_found', 'dbt_expectations')(value, regex, is_raw, flags) }}
{%- endmacro %}

{% macro default__regex_is_found(value, regex, is_raw, flags) -%}
    regexp_matches({{ value }}, '{{ regex }}'{{ ", '" ~ flags ~ "'" if flags }})
{%- endmacro %}

{#- Neither engine takes flags as an argument: both read them from the head of the pattern. -#}
{% macro postgres__regex_is_found(value, regex, is_raw, flags) -%}
    {{ value }} ~ '{{ '(?' ~ flags ~ ')' if flags }}{{ regex }}'
{%- endmacro %}

{% macro spark__regex_is_found(value, regex, is_raw, flags) -%}
    {{ value }} rlike {{ 'r' if is_raw }}'{{ '(?' ~ flags ~ ')' if flags }}{{ regex }}'
{%- endmacro %}
