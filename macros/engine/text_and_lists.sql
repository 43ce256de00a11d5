{#- Text and list functions whose spelling differs between engines. Each macro takes and returns
    SQL. DuckDB matches regular expressions with RE2, Spark with Java: patterns passed here keep to
    what both know (no look-around, `[0-9]` for digits, `\z` for the end), and `java_regex` sees to
    what they read differently. -#}


{#- A text literal that holds the pattern as it is written. -#}
{% macro regex_literal(pattern) -%}
    {{ return(adapter.dispatch('regex_literal', 'support_analytics')(pattern)) }}
{%- endmacro %}

{% macro duckdb__regex_literal(pattern) -%}
    '{{ pattern | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__regex_literal(pattern) -%}
    '{{ java_regex(pattern) | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro %}


{% macro regex_contains(text, pattern) -%}
    {{ return(adapter.dispatch('regex_contains', 'support_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regex_contains(text, pattern) -%}
    regexp_matches({{ text }}, {{ regex_literal(pattern) }})
{%- endmacro %}

{% macro spark__regex_contains(text, pattern) -%}
    ({{ text }} rlike {{ regex_literal(pattern) }})
{%- endmacro %}


{#- Whether a text, the whole of it, matches a pattern known at compile time. -#}
{% macro regex_matches_whole(text, pattern) -%}
    {{ return(adapter.dispatch('regex_matches_whole', 'support_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regex_matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ regex_literal(pattern) }})
{%- endmacro %}

{% macro spark__regex_matches_whole(text, pattern) -%}
    ({{ text }} rlike {{ regex_literal('\\A(?:' ~ pattern ~ ')\\z') }})
{%- endmacro %}


{#- Every match replaced. `replacement` is literal text, except that `\1` stands for group 1. -#}
{% macro regex_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('regex_replace_all', 'support_analytics')(
        text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__regex_replace_all(text, pattern, replacement) -%}
    regexp_replace(
        {{ text }}, {{ regex_literal(pattern) }}, '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regex_replace_all(text, pattern, replacement) -%}
    regexp_replace(
        {{ text }},
        {{ regex_literal(pattern) }},
        '{{ replacement | replace('\\1', '$1') }}')
{%- endmacro %}


{#- Every match replaced by an expression of it: `replacement` is SQL that reads `piece`. Each match
    is set between two marks, the text is cut at the marks and joined again after `replacement` was
    applied to every piece. It therefore also gets the pieces between the matches and must return
    those as they are. The mark (U+0001) is lost where a text holds it itself. -#}
{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_matches', 'support_analytics')(
        text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__replace_matches(text, pattern, replacement) -%}
    array_to_string(list_transform(string_split(regexp_replace(
        {{ text }},
        {{ regex_literal('(' ~ pattern ~ ')') }},
        chr(1) || '\1' || chr(1), 'g'), chr(1)),
        lambda piece: {{ replacement }}), '')
{%- endmacro %}

{% macro spark__replace_matches(text, pattern, replacement) -%}
    array_join(transform(split(regexp_replace(
        {{ text }},
        {{ regex_literal('(' ~ pattern ~ ')') }},
        concat(char(1), '$1', char(1))), char(1), -1),
        piece -> {{ replacement }}), '')
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


{#- Select list items that give one row for each item of a list, and its place, counted from any number. -#}
{% macro row_for_each_in_order(list, item, position) -%}
    {{ return(adapter.dispatch('row_for_each_in_order', 'support_analytics')(list, item, position)) }}
{%- endmacro %}

{% macro duckdb__row_for_each_in_order(list, item, position) -%}
    unnest({{ list }}) as {{ item }}, generate_subscripts({{ list }}, 1) as {{ position }}
{%- endmacro %}

{% macro spark__row_for_each_in_order(list, item, position) -%}
    posexplode({{ list }}) as ({{ position }}, {{ item }})
{%- endmacro %}


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


{#- The texts of a list as one text. -#}
{% macro joined_texts(list, separator) -%}
    {{ return(adapter.dispatch('joined_texts', 'support_analytics')(list, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(list, separator) -%} array_to_string({{ list }}, '{{ separator }}') {%- endmacro %}
{% macro spark__joined_texts(list, separator) -%} array_join({{ list }}, '{{ separator }}') {%- endmacro %}


{#- The matches of a pattern without groups, in their order. -#}
{% macro list_of_matches(text, pattern) -%}
    {{ return(adapter.dispatch('list_of_matches', 'support_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__list_of_matches(text, pattern) -%}
    regexp_extract_all({{ text }}, {{ regex_literal(pattern) }})
{%- endmacro %}

{% macro spark__list_of_matches(text, pattern) -%}
    regexp_extract_all({{ text }}, {{ regex_literal(pattern) }}, 0)
{%- endmacro %}


{#- The whole numbers from `first` to `last`, none when `last` is smaller. -#}
{% macro list_of_numbers(first, last, step=1) -%}
    {{ return(adapter.dispatch('list_of_numbers', 'support_analytics')(first, last, step)) }}
{%- endmacro %}

{% macro duckdb__list_of_numbers(first, last, step=1) -%}
    range({{ first }}, {{ last }} + 1, {{ step }})
{%- endmacro %}

{% macro spark__list_of_numbers(first, last, step=1) -%}
    filter(
        sequence({{ first }}, greatest({{ first }}, {{ last }}), {{ step }}),
        number -> number <= {{ last }})
{%- endmacro %}


{#- One value made of a list: `expression` reads `total` (at first `start`) and `item`, or the name
    given for it where a fold stands inside another. -#}
{% macro fold_list(list, start, expression, item='item') -%}
    {{ return(adapter.dispatch('fold_list', 'support_analytics')(list, start, expression, item)) }}
{%- endmacro %}

{% macro duckdb__fold_list(list, start, expression, item='item') -%}
    list_reduce({{ list }}, lambda total, {{ item }}: {{ expression }}, {{ start }})
{%- endmacro %}

{% macro spark__fold_list(list, start, expression, item='item') -%}
    aggregate({{ list }}, {{ start }}, (total, {{ item }}) -> {{ expression }})
{%- endmacro %}


{#- One character of a text, counted from 1. -#}
{% macro character_at(text, position) -%}
    substr({{ text }}, cast({{ position }} as integer), 1)
{%- endmacro %}


{#- Where a text stands in another, counted from 1; 0 where it does not. -#}
{% macro position_in(text, part) -%}
    {{ return(adapter.dispatch('position_in', 'support_analytics')(text, part)) }}
{%- endmacro %}

{% macro duckdb__position_in(text, part) -%}
    strpos({{ text }}, {{ part }})
{%- endmacro %}

{% macro spark__position_in(text, part) -%}
    instr({{ text }}, {{ part }})
{%- endmacro %}
