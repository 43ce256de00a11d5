-- Grain: one row for each comparison, window, metric, dimension and segment. Question: how many tickets does the metric
-- rest on in this segment, and what do they sum to?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

windows as (
    select * from {{ ref('int_change_windows_spined') }}
),

incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

measured as (
    {% for dimension, column in [('channel', 'channel'), ('category', 'category_effective')] -%}
    select
        windows.comparison,
        windows.is_current,
        '{{ dimension }}' as dimension,
        tickets.{{ column }} as segment,
        count(tickets.first_response_time_minutes) as frt_count,
        {{ exact_sum('tickets.first_response_time_minutes') }} as frt_sum,
        {{ exact_sum('power(tickets.first_response_time_minutes, 2)') }} as frt_square_sum,
        count(tickets.is_frt_sla_met) as frt_sla_count,
        count(case when tickets.is_frt_sla_met then 1 end) as frt_sla_sum,
        count(tickets.is_resolution_sla_met) as resolution_sla_count,
        count(case when tickets.is_resolution_sla_met then 1 end) as resolution_sla_sum
    from windows
    inner join tickets
        on tickets.created_day between windows.start_day and windows.end_day
    left join incident_days
        on tickets.created_day = incident_days.day
    where not windows.is_calm or incident_days.day is null
    group by windows.comparison, windows.is_current, tickets.{{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A met target is 1 and its square too.
final as (
    {% for metric, prefix, squares in [
        ('frt_avg_minutes', 'frt', 'frt_square_sum'),
        ('frt_sla_met_rate', 'frt_sla', 'frt_sla_sum'),
        ('resolution_sla_met_rate', 'resolution_sla', 'resolution_sla_sum'),
    ] -%}
    select
        comparison,
        is_current,
        '{{ metric }}' as metric,
        dimension,
        segment,
        {{ prefix }}_count as tickets_count,
        cast(coalesce({{ prefix }}_sum, 0) as double) as value_sum,
        cast(coalesce({{ squares }}, 0) as double) as square_sum
    from measured
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
