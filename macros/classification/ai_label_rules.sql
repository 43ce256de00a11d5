{#-
  What makes a label of an LLM usable. base_ai_labels_checked and scripts/import_labels.py both ask
  here, so that nothing is imported that the build would refuse.
-#}

{% macro max_rationale_sentences() -%} 2 {%- endmacro %}
{% macro max_rationale_length() -%} 400 {%- endmacro %}

{#- A topic, whether a rule or an LLM names it. -#}
{% macro topic_pattern() -%} [a-z][a-z0-9_]{0,39} {%- endmacro %}

{% macro ai_label_rejection_reasons() -%}
    {{ return([
        'ai_rationale_too_long',
        'duplicate_label',
        'invalid_ai_category',
        'invalid_ai_topic',
        'invalid_text_hash',
        'malformed_row',
        'missing_ai_rationale',
        'missing_labelled_at',
        'missing_model',
        'missing_prompt_version',
        'missing_ticket_id',
        'unparseable_labelled_at',
    ]) }}
{%- endmacro %}


{#- SQL: number of sentences of a text. One ends with . ! ? or … before white space, or with a line;
    abbreviations such as `e.g.` and `etc.` end none. -#}
{% macro sentence_count(text) -%}
    {%- set without_abbreviations = regex_replace_all(
        text, '\\b(?i:e[.]g|i[.]e|etc|vs|cf|no|nr|approx|incl|mr|mrs|ms|dr|sra?|p[.] ?ex|p[.] ?ej)[.]', '') -%}
    {{ list_length(list_of_matches(
        without_abbreviations, '(?:[.!?…]["”’»)\\]]*\\s|[\\r\\n])\\s*[^\\s.!?…]')) }} + 1
{%- endmacro %}


{#- SQL: the reasons, sorted and joined by `|`, for which one label by itself may not be used; empty
    text where it may. Reads ticket_id, ai_category, ai_topic, ai_rationale, model, prompt_version,
    text_hash and labelled_text, trimmed, and labelled_at. -#}
{% macro ai_label_reasons() -%}
    concat_ws(
        '|',
        case
            when {{ sentence_count('ai_rationale') }} > {{ max_rationale_sentences() }}
                or length(ai_rationale) > {{ max_rationale_length() }} then 'ai_rationale_too_long'
        end,
        case
            when ai_category is null or ai_category not in {{ text_list(var('ticket_categories')) }}
                then 'invalid_ai_category'
        end,
        case
            when ai_topic is null or not {{ regex_matches_whole('ai_topic', topic_pattern()) }}
                then 'invalid_ai_topic'
        end,
        case
            when text_hash is null or not {{ regex_matches_whole('text_hash', '[0-9a-f]{64}') }}
                then 'invalid_text_hash'
        end,
        case when ai_rationale is null then 'missing_ai_rationale' end,
        case when labelled_text is null then 'missing_labelled_at' end,
        case when model is null then 'missing_model' end,
        case when prompt_version is null then 'missing_prompt_version' end,
        case when ticket_id is null then 'missing_ticket_id' end,
        case when labelled_text is not null and labelled_at is null then 'unparseable_labelled_at' end
    )
{%- endmacro %}
