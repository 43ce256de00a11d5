{#- Fails once for each row outside of min_value to max_value (strictly: or on a bound). A bound is
    any SQL expression; nulls pass. -#}
{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) %}

select *
from {{ model }}
where {{ dbt_expectations.outside_bounds(column_name, min_value, max_value, strictly) }}
{%- if row_condition %}
    and ({{ row_condition }})
{%- endif %}

{% endtest %}
