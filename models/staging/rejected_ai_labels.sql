-- Grain: one row for each raw label that may not be used. Question: which labels were left out, and why?

with checked as (
    select * from {{ ref('base_ai_labels_checked') }}
),

final as (
    select
        line_number,
        reasons,
        raw_ticket_id as ticket_id,
        raw_ai_category as ai_category,
        raw_ai_topic as ai_topic,
        raw_ai_rationale as ai_rationale,
        raw_model as model,
        raw_prompt_version as prompt_version,
        raw_text_hash as text_hash,
        raw_labelled_at as labelled_at,
        malformed_record
    from checked
    where reasons <> ''
)

select * from final
