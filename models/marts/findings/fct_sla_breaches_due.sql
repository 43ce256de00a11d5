-- Grain: one row for each open ticket and SLA that it has not missed yet. Question: which tickets breach next?
-- hours_left can be a little below 0: a target in whole minutes is missed only when the next minute is full.

with deadlines as (
    select * from {{ ref('int_sla_deadlines_derived') }}
),

final as (
    select
        row_number() over (order by due_at asc, ticket_id asc, sla asc) as due_rank,
        ticket_id,
        sla,
        channel,
        status,
        category_effective,
        ai_topic,
        plan,
        created_at,
        target_minutes,
        due_at,
        hours_left,
        {{ redact_text('message_text') }} as message_text_redacted
    from deadlines
)

select * from final
