{#- A text cell that a spreadsheet would run gets a leading `'`, which makes it text. Follows
    OWASP's "CSV Injection": `=`, `+`, `-`, `@` (their full-width forms too), also after white
    space, control and invisible characters or double quotes, which some programs drop as they read; a tab or a
    line break at the start. A text that is a plain number (`-5`, `+3.2`, `-1.234,50`) stays as it
    is. For text columns only: a numeric column holds nothing to run. A neutralised cell is not
    changed again. -#}
{% macro neutralise_cell(column) -%}
    {%- set skipped = '[\\x{0000}-\\x{0020}\\x{007F}-\\x{009F}\\p{Z}\\p{Cf}"]*' -%}
    {%- set starts_a_formula = '[=+@\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}-]' -%}
    {%- set runs = '\\A(?:[\\t\\r\\n]|' ~ skipped ~ starts_a_formula ~ ')' -%}
    {%- set plain_number = (
        '\\A *[+-]?(?:[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)? *\\z') -%}
    case
        when {{ regex_contains(column, runs) }}
            and not {{ regex_contains(column, plain_number) }}
            then concat(chr(39), {{ column }})
        else {{ column }}
    end
{%- endmacro %}
