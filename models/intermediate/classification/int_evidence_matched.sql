-- Grain: one row for each wording of evidence found in any ticket. Question: which rule does it speak for?
-- There are few wordings, so patterns are run on these and never row by row on tickets.

{% set layers = category_rule_layers(ref('int_category_rules_ranked')) %}

with found as (
    select * from {{ ref('int_evidence_sets_listed') }}
),

rules as (
    select * from {{ ref('int_category_rules_ranked') }}
),

evidence_unnested as (
    select {{ row_for_each('evidence') }} as evidence
    from found
),

wordings as (
    select distinct evidence
    from evidence_unnested
),

-- The first rule that matches all of a wording is the one that found it.
wordings_matched as (
    select
        evidence,
        case
            {% for layer in layers %}
            {% for rule in layer.rules %}
            when {{ regex_matches_whole('evidence', rule.regex) }} then {{ rule.line_number }}
            {% endfor %}
            {% else %}
            when true then cast(null as integer)
            {% endfor %}
        end as line_number
    from wordings
),

final as (
    select
        wordings_matched.evidence,
        {{ regex_replace_all('wordings_matched.evidence', word_separators() ~ '+', ' ') }} as evidence_text,
        rules.line_number,
        rules.category,
        rules.topic,
        rules.weight
    from wordings_matched
    inner join rules
        on wordings_matched.line_number = rules.line_number
)

select * from final
