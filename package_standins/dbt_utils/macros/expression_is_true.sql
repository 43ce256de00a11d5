{#- Fails once for each row where the expression is false; a null result passes. On a column, the
    expression is what follows the column's name ('>= 1'). -#}
{% test expression_is_true(model, expression, column_name=none) %}

{%- set assertion = expression if column_name is none else column_name ~ ' ' ~ expression %}

select *
from {{ model }}
where not ({{ assertion }})

{% endtest %}
