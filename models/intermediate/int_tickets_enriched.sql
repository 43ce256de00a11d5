-- Grain: one row for each accepted ticket. Question: what is known of the ticket beyond its own row?

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

labelled as (
    select * from {{ ref('int_tickets_labelled') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

final as (
    select
        tickets.ticket_id,
        tickets.creator_id,

        tickets.channel,
        tickets.status,
        tickets.tag,
        tickets.message_text,
        labelled.ai_category,
        labelled.ai_topic,
        labelled.ai_rationale,
        labelled.ai_source,
        labelled.ai_model,
        labelled.ai_prompt_version,
        labelled.ai_score_margin,
        labelled.evidence_set_id,
        coalesce(tickets.tag, labelled.ai_category) as category_effective,
        users.country,
        users.plan,

        tickets.first_response_time_minutes,
        tickets.resolution_time_minutes,

        tickets.is_resolved,
        users.creator_id is not null as has_user,

        tickets.created_at,
        tickets.resolved_at,
        tickets.created_day,
        tickets.created_week,
        users.signup_date,

        case
            when tickets.row_fingerprint is not null
                then {{ fingerprint([
                    'tickets.row_fingerprint', 'tickets.created_day', 'labelled.ai_category', 'labelled.ai_topic',
                    'labelled.ai_rationale', 'labelled.ai_source', 'labelled.ai_model', 'labelled.ai_prompt_version',
                    'labelled.ai_score_margin', 'labelled.evidence_set_id', 'users.creator_id', 'users.country',
                    'users.plan', 'users.signup_date',
                ]) }}
        end as row_fingerprint
    from tickets
    inner join labelled
        on tickets.ticket_id = labelled.ticket_id
    left join users
        on tickets.creator_id = users.creator_id
)

select * from final
