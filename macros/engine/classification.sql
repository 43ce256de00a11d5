{#- What the keyword classifier needs from an engine: lists of texts, numbers and sort orders. -#}


{#- Text as the rules read it: lower case, without accents, apostrophes of every form as ', `_` as a
    blank; '' for null. Plain ASCII, the common case, skips the slow replacement of letters. -#}
{% macro plain_text(text) -%}
    replace(replace(
        case
            when {{ text }} is null then ''
            when {{ support_analytics.bytes_in(text) }} = length({{ text }}) then lower({{ text }})
            else {{ support_analytics.unaccented('lower(' ~ text ~ ')') }}
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


{#- Whether a text, the whole of it, matches a pattern known at compile time. -#}
{% macro regex_matches_whole(text, pattern) -%}
    {{ return(adapter.dispatch('regex_matches_whole', 'support_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regex_matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ support_analytics.regex_literal(pattern) }})
{%- endmacro %}

{% macro spark__regex_matches_whole(text, pattern) -%}
    ({{ text }} rlike {{ support_analytics.regex_literal('\\A(?:' ~ pattern ~ ')\\z') }})
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


{#- A list with no texts in it, and lists one after the other. -#}
{% macro no_texts() -%}
    {{ return(adapter.dispatch('no_texts', 'support_analytics')()) }}
{%- endmacro %}

{% macro duckdb__no_texts() -%} cast([] as varchar[]) {%- endmacro %}
{% macro spark__no_texts() -%} cast(array() as array<string>) {%- endmacro %}

{% macro joined_lists(lists) -%}
    {{ return(adapter.dispatch('joined_lists', 'support_analytics')(lists)) }}
{%- endmacro %}

{% macro duckdb__joined_lists(lists) -%} {{ lists | join(' || ') }} {%- endmacro %}
{% macro spark__joined_lists(lists) -%} concat({{ lists | join(', ') }}) {%- endmacro %}


{#- A select list item that gives one row for each item of a list. -#}
{% macro row_for_each(list) -%}
    {{ return(adapter.dispatch('row_for_each', 'support_analytics')(list)) }}
{%- endmacro %}

{% macro duckdb__row_for_each(list) -%} unnest({{ list }}) {%- endmacro %}
{% macro spark__row_for_each(list) -%} explode({{ list }}) {%- endmacro %}


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

{% macro joined_texts(list, separator) -%}
    {{ return(adapter.dispatch('joined_texts', 'support_analytics')(list, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(list, separator) -%} array_to_string({{ list }}, '{{ separator }}') {%- endmacro %}
{% macro spark__joined_texts(list, separator) -%} array_join({{ list }}, '{{ separator }}') {%- endmacro %}


{#- Number of items of a list. -#}
{% macro list_length(list) -%}
    {{ return(adapter.dispatch('list_length', 'support_analytics')(list)) }}
{%- endmacro %}

{% macro duckdb__list_length(list) -%} len({{ list }}) {%- endmacro %}
{% macro spark__list_length(list) -%} size({{ list }}) {%- endmacro %}


{#- An item of a list, counted from 1; null where there is none. -#}
{% macro list_item(list, position) -%}
    {{ return(adapter.dispatch('list_item', 'support_analytics')(list, position)) }}
{%- endmacro %}

{% macro duckdb__list_item(list, position) -%} {{ list }}[{{ position }}] {%- endmacro %}
{% macro spark__list_item(list, position) -%} get({{ list }}, {{ position }} - 1) {%- endmacro %}
