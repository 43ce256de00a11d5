-- Grain: one row for each open ticket and SLA that it can still miss. Question: until when must support act?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where is_open
),

-- Of data that holds no response at all, nobody can say that one is due.
responses as (
    select count(first_response_time_minutes) as responses_count from {{ ref('int_tickets_measured') }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

pending as (
    {% for sla, target, condition in [
        ('first_response', 'frt_target_minutes',
            'tickets.first_response_time_minutes is null and tickets.is_frt_sla_met is null'
            ' and (select responses_count from responses) > 0'),
        ('resolution', 'resolution_target_minutes', 'tickets.is_resolution_sla_met is null'),
    ] -%}
    select
        tickets.ticket_id,
        tickets.channel,
        tickets.status,
        tickets.category_effective,
        tickets.ai_topic,
        tickets.plan,
        tickets.created_at,
        tickets.message_text,
        '{{ sla }}' as sla,
        sla_targets.{{ target }} as target_minutes,
        {{ minutes_after('tickets.created_at', 'sla_targets.' ~ target) }} as due_at
    from tickets
    inner join sla_targets
        on
            tickets.channel = sla_targets.channel
            and sla_targets.{{ target }} is not null
    where {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        pending.*,
        {{ elapsed_hours('clock.as_of_at', 'pending.due_at') }} as hours_left
    from pending
    cross join clock
)

select * from final
