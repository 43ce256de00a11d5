-- Grain: one row for each text of a ticket that an LLM labelled. Question: which labels may be used?

with checked as (
    select * from {{ ref('base_ai_labels_checked') }}
),

final as (
    select
        ticket_id,
        text_hash,
        ai_category,
        ai_topic,
        ai_rationale,
        model,
        prompt_version,
        labelled_at
    from checked
    where reasons = ''
)

select * from final
