{#- Fails once for each group (without group_by: the whole relation) whose number of rows differs
    from the compared relation's number of rows times factor. A group that one side lacks fails, and
    so does a group named by a null. The compared side's groups and condition are the model's unless
    given. -#}
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
{%- set compare_groups = compare_group_by or groups -%}
{%- set compare_condition = compare_row_condition or row_condition %}

with model_counts as (

    select
        {%- for column in groups %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ model }}
    {{ 'where ' ~ row_condition if row_condition }}
    {{ 'group by ' ~ groups | join(', ') if groups }}

),

compared_counts as (

    select
        {%- for column in compare_groups %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        count(*) * {{ factor }} as row_count
    from {{ compare_model }}
    {{ 'where ' ~ compare_condition if compare_condition }}
    {{ 'group by ' ~ compare_groups | join(', ') if compare_groups }}

)

select
    {%- for column in groups %}
    coalesce(
        model_counts.group_{{ loop.index }}, compared_counts.group_{{ loop.index }}
    ) as group_{{ loop.index }},
    {%- endfor %}
    model_counts.row_count as model_row_count,
    compared_counts.row_count as expected_row_count
from model_counts
{%- if groups %}
full outer join compared_counts
    {%- for column in groups %}
    {{ 'on' if loop.first else 'and' }} model_counts.group_{{ loop.index }}
        = compared_counts.group_{{ loop.index }}
    {%- endfor %}
{%- else %}
cross join compared_counts
{%- endif %}
where coalesce(model_counts.row_count, 0) <> coalesce(compared_counts.row_count, 0)

{% endtest %}
