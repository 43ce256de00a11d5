{#-
  How patterns of the seed category_rules become regular expressions.

  A blank in a pattern stands for whatever separates two words: blanks, line ends, hyphens,
  apostrophes, commas and full stops. A blank before `?` stands for that or nothing, so `sign ?up`
  finds signup, sign-up and sign up. Everything is matched between word boundaries.
-#}

{#- The separators, one range of ASCII characters from tab to slash, so that a pattern stays small. -#}
{% macro word_separators() -%} [\t-/] {%- endmacro %}

{#- SQL: a pattern as the seed has it, as the regular expression that engines run. -#}
{% macro rule_regex(pattern) -%}
    replace(
        replace({{ pattern }}, ' ?', {{ regex_literal(word_separators() ~ '*') }}),
        ' ', {{ regex_literal(word_separators() ~ '+') }})
{%- endmacro %}

{#-
  SQL: one of the shortest texts, in words, that a pattern can match, read from the pattern itself:
  what may be left out is left out, and of alternatives one without a blank is taken if there is one.
  `(?:bank )*(?:fees?|bank charges?) (?:on|of)` gives `x (on`, so it counts as a phrase of two words,
  and a list that holds a single word counts as a word. Works for groups nested up to four deep.
-#}
{% macro shortest_match(pattern) -%}
    {%- set text = namespace(sql="'(?:' || replace(" ~ pattern ~ ", ' ?', '') || ')'") -%}
    {%- for depth in range(5) -%}
        {%- set text.sql = regex_replace_all(text.sql, '\\(\\?:[^()]*\\)(?:[?*]|[{]0,[0-9]+[}])', '') -%}
        {%- set text.sql = regex_replace_all(
            text.sql, '\\(\\?:(?:[^()|]*[|])*[^()| ]*(?:[|][^()|]*)*\\)', 'x') -%}
        {%- set text.sql = regex_replace_all(
            text.sql, '\\(\\?:([^()|]* [^()|]*)(?:[|][^()|]* [^()|]*)*\\)', '\\1') -%}
    {%- endfor -%}
    {{ text.sql }}
{%- endmacro %}

{#- Weight of an evidence found `hits` times: once counts 1, twice 1.5, and never 2 or more. -#}
{% macro repeated_weight(weight, hits) -%}
    {{ weight }} * (2 - power(0.5, {{ hits }} - 1))
{%- endmacro %}


{#- Patterns longer than this together make an expression that RE2 can no longer run as an automaton
    in its 8 MB, which is 50 times slower. Found by measuring: the edge is at some 16,000. -#}
{% macro max_layer_length() -%} 12000 {%- endmacro %}


{#-
  The rules as layers, read at compile time: [{alternation, rules: [{line_number, regex}]}].

  Every layer is one alternation, a constant in the compiled SQL: an expression that differs from row
  to row would be compiled for every row. Rules are in the order of int_category_rules_ranked. The
  words that a layer finds are taken out of the text before the next layer looks. Empty while the
  rules are not built yet (`dbt parse`, `dbt compile` on a fresh database).
-#}
{% macro category_rule_layers(ranked_rules) -%}
    {%- set layers = [] -%}
    {%- if execute and load_relation(ranked_rules) is not none -%}
        {%- set rows = run_query(
            'select line_number, regex from ' ~ ranked_rules ~ ' order by rule_rank').rows -%}
        {%- set layer = namespace(rules=[], length=0) -%}
        {%- for row in rows -%}
            {%- if layer.rules and layer.length + row['regex'] | length > max_layer_length() | int -%}
                {%- do layers.append(category_rule_layer(layer.rules)) -%}
                {%- set layer.rules = [] -%}
                {%- set layer.length = 0 -%}
            {%- endif -%}
            {%- do layer.rules.append({'line_number': row['line_number'], 'regex': row['regex']}) -%}
            {%- set layer.length = layer.length + row['regex'] | length -%}
        {%- endfor -%}
        {%- if layer.rules -%}
            {%- do layers.append(category_rule_layer(layer.rules)) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(layers) }}
{%- endmacro %}

{% macro category_rule_layer(rules) -%}
    {{ return({
        'alternation': '\\b(?:' ~ rules | map(attribute='regex') | join('|') ~ ')\\b',
        'rules': rules,
    }) }}
{%- endmacro %}


{#- SQL: what ai_rationale says of a ticket for which no category has a score above 0. -#}
{% macro no_category_rationale() -%} 'No rule speaks for a category, so it is read as others.' {%- endmacro %}


{#- What the evidence found in a text depends on: the rules' patterns and their order. -#}
{% macro category_rules_fingerprint(ranked_rules) -%}
    {{ return(rows_fingerprint(ranked_rules, ['rule_rank', 'line_number', 'regex'])) }}
{%- endmacro %}
