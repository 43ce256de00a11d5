{#- Intervals and p-values, in plain arithmetic that every engine has. z of 95% is 1.959963984540054. -#}

{% macro z_95() -%} 1.959963984540054 {%- endmacro %}

{#- Below this p-value, corrected where several are looked at, something is told as found. -#}
{% macro significance_level() -%} 0.05 {%- endmacro %}


{#- Two-sided p-value of a standard normal score: erfc by the Chebyshev fit of Numerical Recipes, relative error 1.2e-7,
    by which it may pass 1. -#}
{% macro two_sided_p(score) -%}
    {%- set x = '(abs(' ~ score ~ ') / 1.4142135623730951)' -%}
    {%- set t = '(1 / (1 + 0.5 * ' ~ x ~ '))' -%}
    case
        when {{ score }} is not null then least(1.0, {{ t }} * exp(
                -{{ x }} * {{ x }} - 1.26551223 + {{ t }} * (1.00002368 + {{ t }} * (0.37409196 + {{ t }} * (0.09678418
                + {{ t }} * (-0.18628806 + {{ t }} * (0.27886807 + {{ t }} * (-1.13520398 + {{ t }} * (1.48851587
                + {{ t }} * (-0.82215223 + {{ t }} * 0.17087277))))))))
            ))
    end
{%- endmacro %}


{#- Squared error of a share, with half a case more on both sides: none or all of a few leave an error, too. -#}
{% macro share_error_square(successes, trials) -%}
    ({{ successes }} + 0.5) * ({{ trials }} - {{ successes }} + 0.5) / power({{ trials }} + 1.0, 3)
{%- endmacro %}


{#- The last columns of an analysis that compares two shares, from its columns difference, difference_error and tickets_count.
    The hypothesis holds where the difference is surely on the expected side of 0: 'above' or 'below'. -#}
{% macro difference_result(expected_side) -%}
    {%- set low = 'difference - ' ~ z_95() ~ ' * difference_error' -%}
    {%- set high = 'difference + ' ~ z_95() ~ ' * difference_error' -%}
    difference as estimate,
    {{ low }} as ci_low,
    {{ high }} as ci_high,
    'points' as unit,
    cast(tickets_count as bigint) as tickets_count,
    {{ two_sided_p('difference / nullif(difference_error, 0)') }} as p_value,
    case
        when {{ low }} > 0 then '{{ 'yes' if expected_side == 'above' else 'the contrary' }}'
        when {{ high }} < 0 then '{{ 'yes' if expected_side == 'below' else 'the contrary' }}'
        else 'cannot be told'
    end as reading
{%- endmacro %}


{#- p-value after Holm's correction over a family of tests: p-values in order, times the tests not yet passed, never falling. -#}
{% macro holm_factor(p_value, partition_by=none) -%}
    {{ p_value }} * (
        count({{ p_value }}) over ({% if partition_by %}partition by {{ partition_by }}{% endif %})
        - rank() over ({% if partition_by %}partition by {{ partition_by }} {% endif %}order by {{ p_value }} asc nulls last)
        + 1
    )
{%- endmacro %}

{% macro holm_p(factored_p, p_value, partition_by=none) -%}
    case
        when {{ p_value }} is not null
            then least(1, max({{ factored_p }}) over (
                {% if partition_by %}partition by {{ partition_by }} {% endif -%}
                order by {{ p_value }} asc nulls last rows between unbounded preceding and current row
            ))
    end
{%- endmacro %}
