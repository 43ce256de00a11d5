{#- Fails once for each row outside of min_value to max_value (strictly: or on a bound). Nulls pass. -#}
{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) %}

{%- set or_equal = '=' if strictly else '' -%}
{%- set violations = [] -%}
{%- if min_value is not none -%}
    {%- do violations.append(column_name ~ ' <' ~ or_equal ~ ' (' ~ min_value ~ ')') -%}
{%- endif -%}
{%- if max_value is not none -%}
    {%- do violations.append(column_name ~ ' >' ~ or_equal ~ ' (' ~ max_value ~ ')') -%}
{%- endif %}

select *
from {{ model }}
where ({{ violations | join(' or ') if violations else '1 = 0' }})
{%- if row_condition %}
    and ({{ row_condition }})
{%- endif %}

{% endtest %}
