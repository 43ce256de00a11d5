{#- Fails once for each group (without group_by: the whole relation) in which the sum of the columns,
    over all rows, differs from sum_total. -#}
{% test expect_multicolumn_sum_to_equal(
    model, column_list, sum_total, group_by=none, row_condition=none
) %}

{%- set group_columns = (group_by or []) | join(', ') -%}
{%- set column_sums = [] -%}
{%- for column in column_list -%}
    {%- do column_sums.append('sum(' ~ column ~ ')') -%}
{%- endfor %}

select
    {{ group_columns ~ ',' if group_columns }}
    {{ column_sums | join(' + ') }} as sum_of_columns
from {{ model }}
{{ 'where ' ~ row_condition if row_condition }}
{{ 'group by ' ~ group_columns if group_columns }}
having {{ column_sums | join(' + ') }} <> ({{ sum_total }})

{% endtest %}
