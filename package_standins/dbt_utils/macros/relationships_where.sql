{#- Fails once for each row, among those that from_condition keeps, whose non-null value is missing
    from the rows of the other relation that to_condition keeps. As in the package, from_condition
    follows an `and` without brackets: one that holds an `or` brings its own. -#}
{% test relationships_where(
    model, column_name, to, field, from_condition='1 = 1', to_condition='1 = 1'
) %}

with children as (

    select {{ column_name }} as child_key
    from {{ model }}
    where {{ column_name }} is not null and {{ from_condition }}

),

parents as (

    select {{ field }} as parent_key
    from {{ to }}
    where {{ field }} is not null and ({{ to_condition }})

)

select children.child_key
from children
where not exists (
    select 1 from parents where parents.parent_key = children.child_key
)

{% endtest %}
