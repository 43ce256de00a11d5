{#- How the recurring phrases of fct_category_candidates are read. -#}

{#- Days that count as recent for the growth of a phrase. -#}
{% macro candidate_recent_days() -%} 28 {%- endmacro %}

{#- A shorter phrase gives way to a longer one that has this share of its tickets. -#}
{% macro candidate_overlap_share() -%} 0.5 {%- endmacro %}

{#- Tickets by which growth is drawn towards 1, so that three tickets more are no trend. -#}
{% macro candidate_growth_prior() -%} 5 {%- endmacro %}


{#- SQL: the words of a plain text, each between two blanks of its own, and `|` where a phrase ends. -#}
{% macro words_apart(text) -%}
    {%- set phrase_ends = '[^a-z0-9]*[.!?;:,()\\[\\]"|\\r\\n][^a-z0-9]*' -%}
    '  ' || {{ regex_replace_all(regex_replace_all(text, phrase_ends, '  |  '), '[^a-z0-9|]+', '  ') }} || '  '
{%- endmacro %}


{#- SQL: a text of words apart, in which the evidence that rules found is cut out. -#}
{% macro words_without_evidence(words, evidence) -%}
    {{ fold_list(evidence, words, 'replace(total, ' ~ words_apart('item') ~ ", '  |  ')") }}
{%- endmacro %}


{#-
  SQL: log-odds of a phrase among doubtful tickets against the others. Each ticket counts with its doubt on one side and
  with the rest of 1 on the other; half a ticket on each side keeps rare phrases finite.
-#}
{% macro log_odds(phrase_doubt, all_doubt, phrase_count, all_count) -%}
    ln(({{ phrase_doubt }} + 0.5) / ({{ all_doubt }} - {{ phrase_doubt }} + 0.5))
    - ln(
        ({{ phrase_count }} - {{ phrase_doubt }} + 0.5)
        / ({{ all_count }} - {{ all_doubt }} - {{ phrase_count }} + {{ phrase_doubt }} + 0.5)
    )
{%- endmacro %}

{% macro log_odds_error(phrase_doubt, phrase_count) -%}
    sqrt(1 / ({{ phrase_doubt }} + 0.5) + 1 / ({{ phrase_count }} - {{ phrase_doubt }} + 0.5))
{%- endmacro %}
