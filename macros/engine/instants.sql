{#-
  Time, for each engine. An instant is a UTC timestamp without a zone; a day is a date in `reporting_timezone`.
  No macro here reads the wall clock or the session's time zone.
-#}

{#- Written forms of an instant: METRICS grammar with a year from 2000 to 2099. The date itself is checked by the cast. -#}
{% macro instant_pattern(offset) -%}
    20[0-9]{2}-[0-9]{2}-[0-9]{2}
    {%- if offset -%}
        [ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:[0-5][0-9])?)
    {%- else -%}
        ([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?)?
    {%- endif -%}
{%- endmacro %}


{#- Trimmed text to instant; null where it is not one. -#}
{% macro parse_instant(text) -%}
    {{ return(adapter.dispatch('parse_instant', 'support_analytics')(text)) }}
{%- endmacro %}

{% macro duckdb__parse_instant(text) -%}
    case
        when regexp_full_match({{ text }}, '{{ instant_pattern(offset=false) }}')
            then try_cast({{ text }} as timestamp)
        when regexp_full_match({{ text }}, '{{ instant_pattern(offset=true) }}')
            then try_cast({{ text }} as timestamptz) at time zone 'UTC'
    end
{%- endmacro %}

{#- An offset is taken off by hand: Java knows none beyond 18 hours. -#}
{% macro spark__parse_instant(text) -%}
    {%- set offset = '([+-])([0-9]{2})(?::([0-9]{2}))?\\z' -%}
    {%- set local = 'try_cast(' ~ regex_replace_all(text, '(?:Z|[+-][0-9]{2}(?::[0-9]{2})?)\\z', '') ~ ' as timestamp)' -%}
    {%- set sign = "case when regexp_extract(" ~ text ~ ', ' ~ regex_literal(offset) ~ ", 1) = '-' then -1 else 1 end" -%}
    {%- set hours = 'coalesce(try_cast(regexp_extract(' ~ text ~ ', ' ~ regex_literal(offset) ~ ', 2) as int), 0)' -%}
    {%- set minutes = 'coalesce(try_cast(regexp_extract(' ~ text ~ ', ' ~ regex_literal(offset) ~ ', 3) as int), 0)' -%}
    case
        when {{ regex_matches_whole(text, instant_pattern(offset=false)) }}
            then try_cast({{ text }} as timestamp)
        when {{ regex_matches_whole(text, instant_pattern(offset=true)) }}
            then timestamp_micros(
                unix_micros({{ local }}) - {{ sign }} * ({{ hours }} * 60 + {{ minutes }}) * 60000000L
            )
    end
{%- endmacro %}


{#- Whole minutes that passed between two instants, truncated: 10:00:59 to 10:01:00 is 0. -#}
{% macro elapsed_whole_minutes(from_at, to_at) -%}
    {{ return(adapter.dispatch('elapsed_whole_minutes', 'support_analytics')(from_at, to_at)) }}
{%- endmacro %}

{% macro duckdb__elapsed_whole_minutes(from_at, to_at) -%}
    date_sub('minute', {{ from_at }}, {{ to_at }})
{%- endmacro %}

{% macro spark__elapsed_whole_minutes(from_at, to_at) -%}
    ((unix_micros({{ to_at }}) - unix_micros({{ from_at }})) div 60000000)
{%- endmacro %}


{#- Hours between two instants, exact and fractional. -#}
{% macro elapsed_hours(from_at, to_at) -%}
    {{ return(adapter.dispatch('elapsed_hours', 'support_analytics')(from_at, to_at)) }}
{%- endmacro %}

{% macro duckdb__elapsed_hours(from_at, to_at) -%}
    (epoch_us({{ to_at }}) - epoch_us({{ from_at }})) / 3600000000.0
{%- endmacro %}

{% macro spark__elapsed_hours(from_at, to_at) -%}
    (unix_micros({{ to_at }}) - unix_micros({{ from_at }})) / cast(3600000000 as double)
{%- endmacro %}


{#- The instant `minutes` (any number) after another. -#}
{% macro minutes_after(instant, minutes) -%}
    {{ return(adapter.dispatch('minutes_after', 'support_analytics')(instant, minutes)) }}
{%- endmacro %}

{% macro duckdb__minutes_after(instant, minutes) -%}
    {{ instant }} + to_microseconds(cast(cast({{ minutes }} as double) * 60000000 as bigint))
{%- endmacro %}

{% macro spark__minutes_after(instant, minutes) -%}
    timestamp_micros(unix_micros({{ instant }}) + cast(round(cast({{ minutes }} as double) * 60000000) as bigint))
{%- endmacro %}


{#- What the clocks of `reporting_timezone` show at an instant. -#}
{% macro local_time(instant) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        {{ instant }}
    {%- else -%}
        {{ adapter.dispatch('zoned_time', 'support_analytics')(instant, var('reporting_timezone')) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__zoned_time(instant, zone) -%}
    {{ instant }} at time zone 'UTC' at time zone '{{ zone }}'
{%- endmacro %}

{% macro spark__zoned_time(instant, zone) -%}
    from_utc_timestamp({{ instant }}, '{{ zone }}')
{%- endmacro %}

{#- The local day of an instant. -#}
{% macro local_day(instant) -%}
    cast({{ local_time(instant) }} as date)
{%- endmacro %}

{#- The local hour of an instant, 0 to 23. -#}
{% macro local_hour(instant) -%}
    extract(hour from {{ local_time(instant) }})
{%- endmacro %}


{#- The instant at which a local day starts: the first one, where clocks are set back at midnight and 00:00 comes twice. -#}
{% macro local_day_start(day) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        cast({{ day }} as timestamp)
    {%- else -%}
        {{ adapter.dispatch('zoned_day_start', 'support_analytics')(day, var('reporting_timezone')) }}
    {%- endif -%}
{%- endmacro %}

{#- DuckDB takes the second 00:00. -#}
{% macro duckdb__zoned_day_start(day, zone) -%}
    {%- set last_start = 'cast(' ~ day ~ " as timestamp) at time zone '" ~ zone ~ "' at time zone 'UTC'" -%}
    case
        when {{ local_day('(' ~ last_start ~ ' - interval 1 hour)') }} = {{ day }}
            then {{ last_start }} - interval 1 hour
        else {{ last_start }}
    end
{%- endmacro %}

{% macro spark__zoned_day_start(day, zone) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ zone }}')
{%- endmacro %}


{#- The Monday of a day's week. -#}
{% macro week_start(day) -%}
    cast({{ dbt.date_trunc('week', day) }} as date)
{%- endmacro %}


{#- ISO year and week of a day, such as 2025-W01. -#}
{% macro iso_week(day) -%}
    {{ return(adapter.dispatch('iso_week', 'support_analytics')(day)) }}
{%- endmacro %}

{% macro duckdb__iso_week(day) -%}
    strftime({{ day }}, '%G-W%V')
{%- endmacro %}

{% macro spark__iso_week(day) -%}
    concat(cast(extract(yearofweek from {{ day }}) as string), '-W', lpad(cast(weekofyear({{ day }}) as string), 2, '0'))
{%- endmacro %}


{#- The day `count` days after another; a negative count goes back. -#}
{% macro days_after(day, count) -%}
    {{ return(adapter.dispatch('days_after', 'support_analytics')(day, count)) }}
{%- endmacro %}

{% macro duckdb__days_after(day, count) -%}
    cast({{ day }} + ({{ count }}) as date)
{%- endmacro %}

{% macro spark__days_after(day, count) -%}
    date_add({{ day }}, cast({{ count }} as int))
{%- endmacro %}


{#- A select list item that gives one row for each day from the first to the last, both included. -#}
{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between', 'support_analytics')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date)
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day))
{%- endmacro %}
