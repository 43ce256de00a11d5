{#- Fails by the difference between the two row counts; with group_by_columns, by the sum of the
    differences of all groups. -#}
{% test equal_rowcount(model, compare_model, group_by_columns=[]) %}

{{ config(fail_calc='coalesce(sum(row_count_difference), 0)') }}

{%- set group_columns = group_by_columns | join(', ') %}

with signed_rows as (

    select {{ group_columns ~ ',' if group_columns }} 1 as row_sign
    from {{ model }}

    union all

    select {{ group_columns ~ ',' if group_columns }} -1 as row_sign
    from {{ compare_model }}

)

select
    {{ group_columns ~ ',' if group_columns }}
    abs(sum(row_sign)) as row_count_difference
from signed_rows
{{ 'group by ' ~ group_columns if group_columns }}
having sum(row_sign) <> 0

{% endtest %}
