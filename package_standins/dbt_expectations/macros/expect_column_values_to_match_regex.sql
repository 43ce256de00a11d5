{#- Fails once for each row in which the pattern is found nowhere in the value. Nulls pass. -#}
{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=''
) %}

select *
from {{ model }}
where not ({{ dbt_expectations.regex_is_found(column_name, regex, is_raw, flags) }})
{%- if row_condition %}
    and ({{ row_condition }})
{%- endif %}

{% endtest %}
