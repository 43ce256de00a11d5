{#- Fails once for each group (without group_by: the whole relation) whose number of rows differs
    from the compared relation's number of rows times factor. A group that one side lacks fails. -#}
{% test expect_table_row_count_to_equal_other_table(
    model,
    compare_model,
    group_by=none,
    compare_group_by=none,
    factor=1,
    row_condition=none,
    compare_row_condition=none
) %}

{%- set groups = group_by or [] -%}
{%- set compare_groups = compare_group_by or groups %}

with signed_rows as (

    select
        {%- for column in groups %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        1 as row_weight
    from {{ model }}
    {{ 'where ' ~ row_condition if row_condition }}

    union all

    select
        {%- for column in compare_groups %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        -1 * {{ factor }} as row_weight
    from {{ compare_model }}
    {{ 'where ' ~ compare_row_condition if compare_row_condition }}

)

select
    {%- for column in groups %}
    group_{{ loop.index }},
    {%- endfor %}
    sum(row_weight) as row_count_difference
from signed_rows
{%- if groups %}
group by {% for column in groups %}group_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
{%- endif %}
having sum(row_weight) <> 0

{% endtest %}
