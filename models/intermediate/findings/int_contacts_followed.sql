-- Grain: one row for each resolved ticket that names a creator and has a text. Question: did the creator ask about the
-- same topic again soon after it was resolved?
-- A resolution that is younger than the limit at as_of_at has no answer yet: is_observed is false. Tickets without a text have
-- no topic that could be the same.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where creator_id is not null and has_text
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

-- What happens between a creator and a topic, in its order: resolutions have a ticket, and what opens has none here, as
-- only its time counts.
events as (
    select
        creator_id,
        ai_topic,
        created_at as event_at,
        true as is_opening,
        cast(null as {{ dbt.type_string() }}) as ticket_id,
        cast(null as {{ dbt.type_boolean() }}) as is_fcr_strict
    from tickets
    union all
    select
        creator_id,
        ai_topic,
        resolved_at as event_at,
        false as is_opening,
        ticket_id,
        is_fcr_strict
    from tickets
    where is_resolved
),

-- A ticket opened at the instant of a resolution is no return: it comes before it.
followed as (
    select
        *,
        min(case when is_opening then event_at end) over (
            partition by creator_id, ai_topic
            order by event_at asc, is_opening desc
            rows between 1 following and unbounded following
        ) as next_created_at
    from events
),

final as (
    select
        followed.ticket_id,
        followed.creator_id,
        followed.ai_topic,
        followed.is_fcr_strict,
        {{ elapsed_hours('followed.event_at', 'clock.as_of_at') }} >= 24 * {{ repeat_contact_days() }} as is_observed,
        {{ elapsed_hours('followed.event_at', 'followed.next_created_at') }} as hours_until_next,
        coalesce(
            {{ elapsed_hours('followed.event_at', 'followed.next_created_at') }} <= 24 * {{ repeat_contact_days() }},
            false
        ) as is_repeated
    from followed
    cross join clock
    where not followed.is_opening
)

select * from final
