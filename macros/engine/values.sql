{#- Text and numbers, for each engine. -#}

{#- Text without white space (ASCII's, and the no-break space of spreadsheets) around it; null where nothing is left. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'support_analytics')(text)) }}
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    {#- Few texts have anything to trim, and to see that costs less than to trim. -#}
    nullif(
        case
            when regexp_matches({{ text }}, '^[\s\v\x{A0}]|[\s\v\x{A0}]$')
                then trim({{ text }}, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160))
            else {{ text }}
        end, '')
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    nullif(trim(both concat(' ', char(9), char(10), char(11), char(12), char(13), char(160)) from {{ text }}), '')
{%- endmacro %}


{#- Trimmed text to a finite number; null where it is not one (NaN and infinity too). -#}
{% macro parse_number(text) -%}
    {{ return(adapter.dispatch('parse_number', 'support_analytics')(text)) }}
{%- endmacro %}

{% macro duckdb__parse_number(text) -%}
    case
        when regexp_full_match({{ text }}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')
            then nullif(nullif(try_cast({{ text }} as double), 'inf'::double), '-inf'::double)
    end
{%- endmacro %}

{% macro spark__parse_number(text) -%}
    {%- set number = 'try_cast(' ~ text ~ ' as double)' -%}
    case
        when {{ regex_matches_whole(text, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') }}
            and abs({{ number }}) < double('infinity')
            then {{ number }}
    end
{%- endmacro %}


{#- Fails the model with a message, where it is evaluated. -#}
{% macro fail_with(message) -%}
    {{ return(adapter.dispatch('fail_with', 'support_analytics')(message)) }}
{%- endmacro %}

{% macro duckdb__fail_with(message) -%}
    error({{ message }})
{%- endmacro %}

{% macro spark__fail_with(message) -%}
    raise_error({{ message }})
{%- endmacro %}


{#- Percentile of ticket rows by linear interpolation between the two nearest ranks. Who asks for several of one column
    gives all of them as `fractions` each time: the engine then gathers the values once. -#}
{% macro percentile(value, fraction, fractions=none) -%}
    {{ return(adapter.dispatch('percentile', 'support_analytics')(value, fraction, fractions or [fraction])) }}
{%- endmacro %}

{% macro duckdb__percentile(value, fraction, fractions) -%}
    quantile_cont({{ value }}, [{{ fractions | join(', ') }}])[{{ fractions.index(fraction) + 1 }}]
{%- endmacro %}

{% macro spark__percentile(value, fraction, fractions) -%}
    percentile({{ value }}, array({{ fractions | join(', ') }}))[{{ fractions.index(fraction) }}]
{%- endmacro %}


{#- The larger of two numbers; the other one where one is null. Engines disagree on greatest() with nulls. -#}
{% macro larger(one, other) -%}
    case when {{ other }} is null or {{ one }} > {{ other }} then {{ one }} else {{ other }} end
{%- endmacro %}


{#-
  Sum, mean and sample variance of fractional numbers that come out the same in whatever order rows are read: sums of floats differ
  in their last digits. Exact to 12 decimals.
-#}
{% macro exact_sum(value, partition_by=none) -%}
    cast(sum(cast({{ value }} as decimal(38, 12)))
        {%- if partition_by %} over (partition by {{ partition_by }}){% endif %} as double)
{%- endmacro %}

{% macro exact_avg(value) -%}
    {{ exact_sum(value) }} / nullif(count({{ value }}), 0)
{%- endmacro %}

{% macro exact_variance(value) -%}
    greatest(
        0,
        {{ exact_sum('power(' ~ value ~ ', 2)') }}
        - power({{ exact_sum(value) }}, 2) / nullif(count({{ value }}), 0)
    ) / nullif(greatest(count({{ value }}) - 1, 0), 0)
{%- endmacro %}


{#- A number as text with two decimals. DuckDB rounds what the float times 100 is, Spark would round its decimal notation. -#}
{% macro two_decimals(value) -%}
    {{ return(adapter.dispatch('two_decimals', 'support_analytics')(value)) }}
{%- endmacro %}

{% macro duckdb__two_decimals(value) -%}
    cast(cast({{ value }} as decimal(9, 2)) as varchar)
{%- endmacro %}

{% macro spark__two_decimals(value) -%}
    cast(cast(round({{ value }} * 100) / 100 as decimal(9, 2)) as string)
{%- endmacro %}
