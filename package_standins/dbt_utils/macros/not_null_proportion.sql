{#- Fails once for each group (without group_by_columns: the whole relation) whose share of non-null
    values lies outside of at_least to at_most. -#}
{% test not_null_proportion(model, column_name, at_least, at_most=1.0, group_by_columns=[]) %}

{%- set group_columns = group_by_columns | join(', ') %}

with proportions as (

    select
        {{ group_columns ~ ',' if group_columns }}
        1.0 * count({{ column_name }}) / nullif(count(*), 0) as not_null_share
    from {{ model }}
    {{ 'group by ' ~ group_columns if group_columns }}

)

select *
from proportions
where not_null_share < {{ at_least }} or not_null_share > {{ at_most }}

{% endtest %}
