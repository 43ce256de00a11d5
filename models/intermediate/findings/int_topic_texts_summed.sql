-- Grain: one row for each AI topic. Question: what does a topic cost, of the tickets that have a message text?
-- A ticket without a text has no topic but `unclear`, which says nothing about what the creator wanted.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where has_text
),

final as (
    select
        ai_topic as topic,
        count(*) as tickets_count,
        count(case when is_resolved then 1 end) as resolved_count,
        {{ waiting_hours('resolution_time_minutes') }} as waiting_hours
    from tickets
    group by ai_topic
)

select * from final
