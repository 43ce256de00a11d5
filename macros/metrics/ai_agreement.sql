{#- Whole weeks that the drift alarm holds against all whole weeks before them. -#}
{% macro drift_recent_weeks() -%} 4 {%- endmacro %}


{#-
  SQL: how far the change from an earlier rate to a recent one may reach, `low` or `high`: Newcombe's interval of a difference, made of
  the two Wilson intervals. Reads <side>_accuracy_rate, <side>_ci_low and <side>_ci_high of both sides.
-#}
{% macro accuracy_change_bound(bound) -%}
    {%- set other = {'low': 'high', 'high': 'low'}[bound] -%}
    recent_accuracy_rate - earlier_accuracy_rate
    {{ {'low': '-', 'high': '+'}[bound] }} sqrt(
        power(recent_accuracy_rate - recent_ci_{{ bound }}, 2)
        + power(earlier_accuracy_rate - earlier_ci_{{ other }}, 2)
    )
{%- endmacro %}
