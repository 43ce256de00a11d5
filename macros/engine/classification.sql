{#- What the keyword classifier needs from an engine. -#}


{#- Text as the rules read it: lower case, without accents, apostrophes of every form as ', `_` as a
    blank; '' for null. Plain ASCII, the common case, skips the slow replacement of letters. -#}
{% macro plain_text(text) -%}
    replace(replace(
        case
            when {{ text }} is null then ''
            when {{ bytes_in(text) }} = length({{ text }}) then lower({{ text }})
            else {{ unaccented('lower(' ~ text ~ ')') }}
        end,
        '_', ' '), '`', '''')
{%- endmacro %}


{#- Length of a text in bytes of UTF-8. -#}
{% macro bytes_in(text) -%}
    {{ return(adapter.dispatch('bytes_in', 'support_analytics')(text)) }}
{%- endmacro %}

{% macro duckdb__bytes_in(text) -%} strlen({{ text }}) {%- endmacro %}
{% macro spark__bytes_in(text) -%} octet_length({{ text }}) {%- endmacro %}


{#- One list of letters for every engine, as each engine's own idea of an accent differs. The marks at
    the end, which have no counterpart, are dropped: accents written as characters of their own. -#}
{% macro unaccented(text) -%}
    translate(
        {{ text }},
        'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ’‘´`̧̀́̂̃̈',
        'aaaaaaceeeeiiiinooooouuuuyy' || repeat('''', 4))
{%- endmacro %}


{#- For a column of patterns: whether the engine can read it, and whether it matches the empty text.
    Slow for each row, so only for small tables. Spark has no way to catch a bad pattern: the run
    stops with Spark's own message instead. -#}
{% macro is_readable_regex(pattern) -%}
    {{ return(adapter.dispatch('is_readable_regex', 'support_analytics')(pattern)) }}
{%- endmacro %}

{% macro duckdb__is_readable_regex(pattern) -%}
    try(regexp_matches('', {{ pattern }})) is not null
{%- endmacro %}

{% macro spark__is_readable_regex(pattern) -%}
    ('' rlike {{ pattern }}) is not null
{%- endmacro %}

{% macro regex_matches_nothing(pattern) -%}
    {{ return(adapter.dispatch('regex_matches_nothing', 'support_analytics')(pattern)) }}
{%- endmacro %}

{% macro duckdb__regex_matches_nothing(pattern) -%}
    try(regexp_full_match('', {{ pattern }}))
{%- endmacro %}

{% macro spark__regex_matches_nothing(pattern) -%}
    ('' rlike concat('^(?:', {{ pattern }}, ')$'))
{%- endmacro %}


{#- Aggregate: the texts with the greatest `weight`, at most `count` of them, greatest first. -#}
{% macro texts_at_greatest(text, weight, count) -%}
    {{ return(adapter.dispatch('texts_at_greatest', 'support_analytics')(text, weight, count)) }}
{%- endmacro %}

{% macro duckdb__texts_at_greatest(text, weight, count) -%}
    max_by({{ text }}, row({{ weight }}, {{ text }}), {{ count }})
{%- endmacro %}

{% macro spark__texts_at_greatest(text, weight, count) -%}
    transform(
        slice(sort_array(collect_list(struct({{ weight }} as weight, {{ text }} as text)), false), 1, {{ count }}),
        item -> item.text)
{%- endmacro %}
