{#- Fails by the difference between the two row counts; with group_by_columns, by the sum of the
    differences of the groups that both relations have.
    Like the package's, it sees neither a group that one side lacks nor, without groups, a relation
    without rows: dbt_expectations.expect_table_row_count_to_equal_other_table sees both. -#}
{% test equal_rowcount(model, compare_model, group_by_columns=[]) %}

{{ config(fail_calc='coalesce(sum(row_count_difference), 0)') }}

with model_counts as (

    select
        {%- for column in group_by_columns %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ model }}
    {{ 'group by ' ~ group_by_columns | join(', ') if group_by_columns else 'having count(*) > 0' }}

),

compared_counts as (

    select
        {%- for column in group_by_columns %}
        {{ column }} as group_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ compare_model }}
    {{ 'group by ' ~ group_by_columns | join(', ') if group_by_columns else 'having count(*) > 0' }}

)

select
    {%- for column in group_by_columns %}
    model_counts.group_{{ loop.index }},
    {%- endfor %}
    abs(model_counts.row_count - compared_counts.row_count) as row_count_difference
from model_counts
inner join compared_counts
    on model_counts.row_count <> compared_counts.row_count
    {%- for column in group_by_columns %}
    and model_counts.group_{{ loop.index }} = compared_counts.group_{{ loop.index }}
    {%- endfor %}

{% endtest %}
