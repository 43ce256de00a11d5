{#- Fails once for each row whose value is not in value_set; a null is not in it. -#}
{% test expect_column_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) %}

{%- set literals = [] -%}
{%- for value in value_set -%}
    {%- do literals.append("'" ~ value ~ "'" if quote_values else value) -%}
{%- endfor %}

select {{ column_name }}
from {{ model }}
where ({{ column_name }} is null or {{ column_name }} not in ({{ literals | join(', ') }}))
{%- if row_condition %}
    and ({{ row_condition }})
{%- endif %}

{% endtest %}
