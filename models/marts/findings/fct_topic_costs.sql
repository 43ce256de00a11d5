-- Grain: one row for each period, and each category and AI topic. Question: what do creators contact us about, and what
-- does it cost them in waiting?
-- waiting_hours is of resolved tickets, from creation to resolution: an open ticket's wait has no end yet.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

periods as (
    select * from {{ ref('int_health_periods_spined') }}
    where is_current
),

segmented as (
    {% for segment_type, column in [('category', 'category_effective'), ('topic', 'ai_topic')] -%}
    select
        periods.period,
        '{{ segment_type }}' as segment_type,
        tickets.{{ column }} as segment,
        count(*) as tickets_created,
        count(case when tickets.is_resolved then 1 end) as resolved_count,
        count(case when tickets.is_open then 1 end) as open_count,
        count(case when tickets.is_closed_without_solution then 1 end) as closed_without_solution_count,
        count(case when tickets.status = 'escalated' then 1 end) as escalated_count,
        {{ waiting_hours('tickets.resolution_time_minutes') }} as waiting_hours,
        avg(tickets.resolution_time_minutes) / 60 as waiting_avg_hours,
        sqrt({{ exact_variance('tickets.resolution_time_minutes') }} / nullif(count(tickets.resolution_time_minutes), 0))
        / 60
            as waiting_error_hours,
        {{ percentile('cast(tickets.resolution_time_minutes as double)', 0.5) }} as resolution_median_minutes
    from periods
    inner join tickets
        on tickets.created_day between periods.start_day and periods.end_day
    group by periods.period, tickets.{{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

totalled as (
    select
        *,
        sum(tickets_created) over (partition by period, segment_type) as period_tickets_created,
        {{ exact_sum('waiting_hours', partition_by='period, segment_type') }} as period_waiting_hours
    from segmented
),

final as (
    select
        period,
        segment_type,
        segment,
        tickets_created,
        cast(period_tickets_created as bigint) as period_tickets_created,
        {{ rate('tickets_created', 'period_tickets_created') }} as ticket_share,
        resolved_count,
        open_count,
        closed_without_solution_count,
        escalated_count,
        waiting_hours,
        period_waiting_hours,
        waiting_hours / nullif(period_waiting_hours, 0) as waiting_share,
        waiting_avg_hours,
        case
            when waiting_avg_hours < {{ z_95() }} * waiting_error_hours then 0.0
            else waiting_avg_hours - {{ z_95() }} * waiting_error_hours
        end as waiting_avg_ci_low,
        waiting_avg_hours + {{ z_95() }} * waiting_error_hours as waiting_avg_ci_high,
        resolution_median_minutes,
        {{ is_small_sample('resolved_count') }} as is_resolution_small_sample
    from totalled
)

select * from final
