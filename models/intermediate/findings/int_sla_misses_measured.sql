-- Grain: one row for all tickets, each channel and each weekday. Question: where do first responses miss their target, by
-- how many hours, and beyond chance more often than elsewhere?
-- Weekdays are of ordinary days: an incident falls on some of them, whatever people work then.
-- An export without first responses would miss every target: with too few answers there are no rows.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

judged as (
    select
        tickets.channel,
        incident_days.day is null as is_ordinary_day,
        case {{ dbt.datediff('tickets.created_week', 'tickets.created_day', 'day') }}
            {% for weekday in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] -%}
            when {{ loop.index0 }} then '{{ weekday }}'
            {% endfor %}
        end as weekday,
        tickets.is_frt_sla_met,
        tickets.first_response_time_minutes,
        case
            when not tickets.is_frt_sla_met
                then (tickets.first_response_time_minutes - sla_targets.frt_target_minutes) / 60.0
        end as hours_late
    from tickets
    inner join sla_targets
        on tickets.channel = sla_targets.channel
    left join incident_days
        on tickets.created_day = incident_days.day
    where tickets.is_frt_sla_met is not null
),

counted as (
    {% for segment_type, column, condition in [
        ('all', "'all'", 'true'), ('channel', 'channel', 'true'), ('weekday', 'weekday', 'is_ordinary_day')
    ] -%}
    select
        '{{ segment_type }}' as segment_type,
        {{ column }} as segment,
        count(*) as applicable_count,
        count(first_response_time_minutes) as answered_count,
        count(case when not is_frt_sla_met then 1 end) as missed_count,
        coalesce({{ exact_sum('hours_late') }}, 0.0) as hours_late
    from judged
    where {{ condition }}
    group by {{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

totalled as (
    select
        *,
        sum(applicable_count) over (partition by segment_type) as overall_applicable_count,
        sum(answered_count) over (partition by segment_type) as overall_answered_count,
        sum(missed_count) over (partition by segment_type) as overall_missed_count
    from counted
),

compared as (
    select
        *,
        {{ rate('overall_missed_count', 'overall_applicable_count') }} as overall_missed_rate,
        {{ wilson_bound('low', 'missed_count', 'applicable_count') }} as missed_ci_low,
        {{ wilson_bound('high', 'missed_count', 'applicable_count') }} as missed_ci_high,
        {{ wilson_bound(
            'high', '(overall_missed_count - missed_count)', '(overall_applicable_count - applicable_count)'
        ) }} as others_ci_high
    from totalled
    where not {{ is_small_sample('overall_answered_count') }}
),

final as (
    select
        segment_type,
        segment,
        applicable_count,
        missed_count,
        hours_late,
        overall_missed_rate,
        missed_ci_low,
        missed_ci_high,
        coalesce(missed_ci_low > others_ci_high and not {{ is_small_sample('applicable_count') }}, false)
            as is_above_others
    from compared
)

select * from final
