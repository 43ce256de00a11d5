{#- Fails once for each group (without group_by: the whole relation) whose number of rows is outside
    of min_value to max_value (strictly: or on a bound). -#}
{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) %}

{%- set group_columns = (group_by or []) | join(', ') %}

select
    {{ group_columns ~ ',' if group_columns }}
    count(*) as row_count
from {{ model }}
{{ 'where ' ~ row_condition if row_condition }}
{{ 'group by ' ~ group_columns if group_columns }}
having {{ dbt_expectations.outside_bounds('count(*)', min_value, max_value, strictly) }}

{% endtest %}
