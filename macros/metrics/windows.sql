{#- An aggregate over the day and the six before it, as far as the spine goes. The spine has every day once. -#}
{% macro over_7_days(aggregate, day, partition_by=none) -%}
    {{ aggregate }} over (
        {% if partition_by %}partition by {{ partition_by }} {% endif -%}
        order by {{ day }} asc rows between 6 preceding and current row
    )
{%- endmacro %}


{#- Whether every ticket of a period has had `limit_minutes` by "now". -#}
{% macro is_mature(next_period_starts_at, limit_minutes) -%}
    clock.as_of_at >= {{ minutes_after(next_period_starts_at, limit_minutes) }}
{%- endmacro %}
