{#- A share of a count, 0 to 1; null when there is nothing to divide by. -#}
{% macro rate(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}


{#-
  One bound of the 95% Wilson score interval of a rate; null when there is nothing to divide by. At rates of 0
  and 1 one bound is the rate itself; said outright, as the arithmetic may miss it by a rounding error.
-#}
{% macro wilson_bound(bound, numerator, denominator) -%}
    {%- set z = z_95() | float -%}
    {%- set n = 'nullif(cast(' ~ denominator ~ ' as double), 0)' -%}
    {%- set p = '(' ~ numerator ~ ' / ' ~ n ~ ')' -%}
    case
        when {{ p }} = {{ {'low': 0, 'high': 1}[bound] }} then {{ p }}
        else (
            {{ p }} + {{ z * z / 2 }} / {{ n }}
            {{ {'low': '-', 'high': '+'}[bound] }} {{ z }}
            * sqrt(({{ p }} * (1 - {{ p }}) + {{ z * z / 4 }} / {{ n }}) / {{ n }})
        ) / (1 + {{ z * z }} / {{ n }})
    end
{%- endmacro %}


{#- Whether a percentile over this many tickets is too thin to be read. -#}
{% macro is_small_sample(count) -%}
    {{ count }} < {{ var('min_tickets_for_percentile') }}
{%- endmacro %}
