{#- Condition: the value is below min_value or above max_value (strictly: or on a bound). Part of the
    tests named ..._to_be_between, which need at least one bound. -#}
{% macro outside_bounds(value, min_value, max_value, strictly) -%}
    {%- if min_value is none and max_value is none -%}
        {{ exceptions.raise_compiler_error(
            "no bound for " ~ value ~ ": give min_value, max_value or both"
        ) }}
    {%- endif -%}
    {%- set or_equal = '=' if strictly else '' -%}
    {%- set violations = [] -%}
    {%- if min_value is not none -%}
        {%- do violations.append(value ~ ' <' ~ or_equal ~ ' (' ~ min_value ~ ')') -%}
    {%- endif -%}
    {%- if max_value is not none -%}
        {%- do violations.append(value ~ ' >' ~ or_equal ~ ' (' ~ max_value ~ ')') -%}
    {%- endif -%}
    ({{ violations | join(' or ') }})
{%- endmacro %}
