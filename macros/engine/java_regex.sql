{#-
  A pattern written for RE2, DuckDB's engine, as Java's, which Spark has, reads it the same way: word boundaries and white
  space of ASCII alone, letters of either case beyond ASCII too, `$` for the end and nothing before it, any character but a
  line feed for the dot, brackets and && inside a class as they stand.
-#}
{% macro java_regex(pattern) -%}
    {%- set at_word = '[0-9A-Za-z_]' -%}
    {%- set boundary = (
        '(?:(?<=' ~ at_word ~ ')(?!' ~ at_word ~ ')|(?<!' ~ at_word ~ ')(?=' ~ at_word ~ '))') -%}
    {%- set meanings = {'\\b': boundary, '\\s': '[\\t\\n\\f\\r ]', '.': '[^\\n]', '$': '\\z'} -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.findall('\\\\.|\\[(?:\\\\.|[^\\]\\\\])*\\]|[^\\\\\\[]', pattern) -%}
        {%- if part.startswith('[') -%}
            {%- set inside = part[1:-1] | replace('\\s', '\\t\\n\\f\\r ') | replace('\\[', '[')
                | replace('[', '\\[') | replace('&&', '&\\&') -%}
            {%- do parts.append('[' ~ inside ~ ']') -%}
        {%- else -%}
            {%- do parts.append(meanings.get(part, part)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return((parts | join('')) | replace('(?i:', '(?iu:')) }}
{%- endmacro %}
