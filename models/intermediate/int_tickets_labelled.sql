-- Grain: one row for each accepted ticket. Question: which label does the ticket carry, and who gave it?
-- An LLM's label of the ticket's present text wins over the rules; when the text changes, the rules are back.

with by_rules as (
    select * from {{ ref('int_tickets_classified') }}
),

by_llm as (
    select *
    from {{ ref('int_ai_labels_matched') }}
    where label_state = 'current'
),

final as (
    select
        by_rules.ticket_id,
        by_rules.evidence_set_id,
        coalesce(by_llm.ai_category, by_rules.ai_category) as ai_category,
        coalesce(by_llm.ai_topic, by_rules.ai_topic) as ai_topic,
        coalesce(by_llm.ai_rationale, by_rules.ai_rationale) as ai_rationale,
        case when by_llm.ticket_id is not null then 'llm' else by_rules.ai_source end as ai_source,
        by_llm.model as ai_model,
        by_llm.prompt_version as ai_prompt_version,
        -- An LLM gives no scores, so its label has no margin.
        case when by_llm.ticket_id is null then by_rules.ai_score_margin end as ai_score_margin
    from by_rules
    left join by_llm
        on by_rules.ticket_id = by_llm.ticket_id
)

select * from final
