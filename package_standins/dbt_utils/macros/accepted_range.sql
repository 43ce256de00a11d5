{#- Fails once for each row below min_value or above max_value (or on the bound itself, when
    inclusive is false). A bound is any SQL expression; nulls pass. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}

{%- set or_equal = '' if inclusive else '=' -%}
{%- set violations = [] -%}
{%- if min_value is not none -%}
    {%- do violations.append(column_name ~ ' <' ~ or_equal ~ ' (' ~ min_value ~ ')') -%}
{%- endif -%}
{%- if max_value is not none -%}
    {%- do violations.append(column_name ~ ' >' ~ or_equal ~ ' (' ~ max_value ~ ')') -%}
{%- endif %}

select *
from {{ model }}
where {{ violations | join(' or ') if violations else '1 = 0' }}

{% endtest %}
