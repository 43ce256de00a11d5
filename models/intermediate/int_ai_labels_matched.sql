-- Grain: one row for each usable label. Question: does it speak of the text that its ticket has now?

with labels as (
    select * from {{ ref('stg_ai_labels') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
),

-- Joined by ticket alone: few tickets have labels, and only their texts need a hash.
labelled_tickets as (
    select
        labels.*,
        tickets.ticket_id is not null as has_ticket,
        tickets.message_text
    from labels
    left join tickets
        on labels.ticket_id = tickets.ticket_id
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
        labelled_at,
        case
            when not has_ticket then 'unknown_ticket'
            when text_hash = {{ text_hash('message_text') }} then 'current'
            else 'text_changed'
        end as label_state
    from labelled_tickets
)

select * from final
