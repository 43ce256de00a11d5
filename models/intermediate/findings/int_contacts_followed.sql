-- Grain: one row for each resolved ticket of a known creator. Question: did the creator ask about the same topic again
-- soon after it was resolved?
-- A resolution that is younger than the limit at as_of_at has no answer yet: is_observed is false.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where creator_id is not null and ai_topic is not null
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

-- What happens between a creator and a topic, in its order. A ticket opened at the instant of a resolution is no return.
events as (
    select
        creator_id,
        ai_topic,
        created_at as event_at,
        0 as event_order,
        created_at,
        ticket_id as opened_ticket_id,
        cast(null as {{ dbt.type_string() }}) as resolved_ticket_id
    from tickets
    union all
    select
        creator_id,
        ai_topic,
        resolved_at as event_at,
        1 as event_order,
        cast(null as timestamp) as created_at,
        cast(null as {{ dbt.type_string() }}) as opened_ticket_id,
        ticket_id as resolved_ticket_id
    from tickets
    where is_resolved
),

followed as (
    select
        resolved_ticket_id as ticket_id,
        event_at as resolved_at,
        min(created_at) over (
            partition by creator_id, ai_topic
            order by event_at asc, event_order asc, resolved_ticket_id asc, opened_ticket_id asc
            rows between 1 following and unbounded following
        ) as next_created_at
    from events
),

final as (
    select
        tickets.ticket_id,
        tickets.creator_id,
        tickets.ai_topic,
        tickets.category_effective,
        tickets.resolution_time_minutes,
        tickets.is_fcr_strict,
        {{ elapsed_hours('followed.resolved_at', 'clock.as_of_at') }} >= 24 * {{ repeat_contact_days() }} as is_observed,
        {{ elapsed_hours('followed.resolved_at', 'followed.next_created_at') }} as hours_until_next,
        coalesce(
            {{ elapsed_hours('followed.resolved_at', 'followed.next_created_at') }} <= 24 * {{ repeat_contact_days() }},
            false
        ) as is_repeated
    from followed
    inner join tickets
        on followed.ticket_id = tickets.ticket_id
    cross join clock
)

select * from final
