-- Grain: one row for each raw label. Question: may this label be used, and if not, why not?

with raw_labels as (
    select * from {{ ref('ai_labels') }}
),

trimmed as (
    select
        line_number,
        malformed_record,
        ticket_id as raw_ticket_id,
        ai_category as raw_ai_category,
        ai_topic as raw_ai_topic,
        ai_rationale as raw_ai_rationale,
        model as raw_model,
        prompt_version as raw_prompt_version,
        text_hash as raw_text_hash,
        labelled_at as raw_labelled_at,
        {{ trimmed('ticket_id') }} as ticket_id,
        {{ trimmed('ai_category') }} as ai_category,
        {{ trimmed('ai_topic') }} as ai_topic,
        {{ trimmed('ai_rationale') }} as ai_rationale,
        {{ trimmed('model') }} as model,
        {{ trimmed('prompt_version') }} as prompt_version,
        {{ trimmed('text_hash') }} as text_hash,
        {{ trimmed('labelled_at') }} as labelled_text
    from raw_labels
),

parsed as (
    select
        *,
        {{ parse_instant('labelled_text') }} as labelled_at
    from trimmed
),

checked as (
    select
        *,
        case when malformed_record is not null then 'malformed_row' else {{ ai_label_reasons() }} end as own_reasons
    from parsed
),

-- Of usable labels of the same text of a ticket, the latest stays; of equally late ones, the last line.
ranked as (
    select
        *,
        row_number() over (
            partition by own_reasons = '', ticket_id, text_hash
            order by labelled_at desc, line_number desc nulls last, ai_category asc, ai_topic asc, ai_rationale asc
        ) as version_rank
    from checked
),

final as (
    select
        *,
        case when own_reasons = '' and version_rank > 1 then 'duplicate_label' else own_reasons end as reasons
    from ranked
)

select * from final
