-- Grain: one row for each weekday and hour of the day, local. Question: when do tickets come in, and when do they wait?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

weekdays as (
    select
        {{ dbt.datediff('week', 'day', 'day') }} + 1 as weekday,
        count(*) as days_count
    from days
    group by {{ dbt.datediff('week', 'day', 'day') }} + 1
),

hours as (
    {% for hour in range(24) -%}
    select {{ hour }} as hour
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

timed as (
    select
        tickets.*,
        {{ dbt.datediff('created_week', 'created_day', 'day') }} + 1 as weekday,
        {{ local_hour('created_at') }} as hour
    from tickets
),

final as (
    select
        cast(weekdays.weekday as bigint) as weekday,
        cast(hours.hour as bigint) as hour,
        max(weekdays.days_count) as days_count,
        count(timed.ticket_id) as tickets_created,
        count(timed.first_response_time_minutes) as frt_count,
        {{ exact_sum('timed.first_response_time_minutes') }} as frt_sum_minutes,
        {{ exact_avg('timed.first_response_time_minutes') }} as frt_avg_minutes,
        {{ percentile('timed.first_response_time_minutes', 0.5) }} as frt_median_minutes,
        count(timed.is_frt_sla_met) as frt_sla_applicable_count,
        count(case when timed.is_frt_sla_met then 1 end) as frt_sla_met_count,
        {{ rate('count(case when timed.is_frt_sla_met then 1 end)', 'count(timed.is_frt_sla_met)') }}
            as frt_sla_met_rate
    from weekdays
    cross join hours
    left join timed
        on
            weekdays.weekday = timed.weekday
            and hours.hour = timed.hour
    group by weekdays.weekday, hours.hour
)

select * from final
