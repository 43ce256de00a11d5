-- Grain: one row for all tickets, each channel and each weekday. Question: where do first responses miss their target,
-- and by how many hours?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

judged as (
    select
        tickets.channel,
        case {{ dbt.datediff('tickets.created_week', 'tickets.created_day', 'day') }}
            {% for weekday in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] -%}
            when {{ loop.index0 }} then '{{ weekday }}'
            {% endfor %}
        end as weekday,
        tickets.is_frt_sla_met,
        case
            when not tickets.is_frt_sla_met
                then (tickets.first_response_time_minutes - sla_targets.frt_target_minutes) / 60.0
        end as hours_late
    from tickets
    inner join sla_targets
        on tickets.channel = sla_targets.channel
    where tickets.is_frt_sla_met is not null
),

final as (
    {% for segment_type, column in [('all', "'all'"), ('channel', 'channel'), ('weekday', 'weekday')] -%}
    select
        '{{ segment_type }}' as segment_type,
        {{ column }} as segment,
        count(*) as applicable_count,
        count(case when not is_frt_sla_met then 1 end) as missed_count,
        coalesce({{ exact_sum('hours_late') }}, 0.0) as hours_late
    from judged
    group by {{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
