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
        cast(null as {{ dbt.type_string() }}) as resolved_ticket_id,
        cast(null as {{ dbt.type_string() }}) as category_effective,
        cast(null as {{ dbt.type_bigint() }}) as resolution_time_minutes,
        cast(null as {{ dbt.type_boolean() }}) as is_fcr_strict
    from tickets
    union all
    select
        creator_id,
        ai_topic,
        resolved_at as event_at,
        1 as event_order,
        cast(null as timestamp) as created_at,
        cast(null as {{ dbt.type_string() }}) as opened_ticket_id,
        ticket_id as resolved_ticket_id,
        category_effective,
        resolution_time_minutes,
        is_fcr_strict
    from tickets
    where is_resolved
),

followed as (
    select
        *,
        min(created_at) over (
            partition by creator_id, ai_topic
            order by event_at asc, event_order asc, resolved_ticket_id asc, opened_ticket_id asc
            rows between 1 following and unbounded following
        ) as next_created_at
    from events
),

final as (
    select
        followed.resolved_ticket_id as ticket_id,
        followed.creator_id,
        followed.ai_topic,
        followed.category_effective,
        followed.resolution_time_minutes,
        followed.is_fcr_strict,
        {{ elapsed_hours('followed.event_at', 'clock.as_of_at') }} >= 24 * {{ repeat_contact_days() }} as is_observed,
        {{ elapsed_hours('followed.event_at', 'followed.next_created_at') }} as hours_until_next,
        coalesce(
            {{ elapsed_hours('followed.event_at', 'followed.next_created_at') }} <= 24 * {{ repeat_contact_days() }},
            false
        ) as is_repeated
    from followed
    cross join clock
    where followed.resolved_ticket_id is not null
)

select * from final
