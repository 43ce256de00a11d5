-- Grain: one row for each accepted ticket. Question: what is known of the ticket beyond its own row?

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

classified as (
    select * from {{ ref('int_tickets_classified') }}
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
        classified.ai_category,
        classified.ai_topic,
        classified.ai_rationale,
        classified.ai_source,
        classified.ai_score_margin,
        coalesce(tickets.tag, classified.ai_category) as category_effective,
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
        users.signup_date
    from tickets
    inner join classified
        on tickets.ticket_id = classified.ticket_id
    left join users
        on tickets.creator_id = users.creator_id
)

select * from final
