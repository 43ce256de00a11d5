-- Grain: one row for each accepted ticket. Question: which category and topic do the rules read in its text, and why?

with found as (
    select * from {{ ref('int_tickets_evidence_found') }}
),

classified as (
    select * from {{ ref('int_evidence_sets_classified') }}
),

final as (
    select
        found.ticket_id,
        found.evidence_set_id,
        coalesce(classified.ai_category, 'others') as ai_category,
        coalesce(classified.ai_topic, 'unclear') as ai_topic,
        coalesce(classified.ai_rationale, {{ no_category_rationale() }}) as ai_rationale,
        'rules' as ai_source,
        coalesce(classified.ai_score_margin, 0) as ai_score_margin,
        {% for category in var('ticket_categories') %}
        coalesce(classified.score_{{ category }}, 0) as score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from found
    left join classified
        on found.evidence_set_id = classified.evidence_set_id
)

select * from final
