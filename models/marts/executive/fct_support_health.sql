-- Grain: one row for each period: all, last_28d, last_7d. Question: how is support doing, and is it better than before?
-- A rate is compared only when both periods are mature. Every rate carries its counts.

{%- set metrics = [
    'tickets_created', 'resolved_count', 'open_count', 'closed_without_solution_count', 'resolution_rate',
    'frt_count', 'frt_avg_minutes', 'frt_median_minutes', 'frt_p95_minutes',
    'resolution_count', 'resolution_median_minutes',
    'fcr_strict_count', 'fcr_strict_rate', 'fcr_lenient_count', 'fcr_lenient_rate',
    'frt_sla_applicable_count', 'frt_sla_met_count', 'frt_sla_met_rate',
    'resolution_sla_applicable_count', 'resolution_sla_met_count', 'resolution_sla_met_rate',
    'backlog_closing_count', 'tagged_count', 'agreed_count', 'ai_tag_accuracy_rate',
] -%}
{%- set maturity_of = {
    'fcr_strict_rate': 'is_fcr_mature',
    'fcr_lenient_rate': 'is_fcr_mature',
    'frt_sla_met_rate': 'is_sla_mature',
    'resolution_sla_met_rate': 'is_sla_mature',
} %}

with periods as (
    select * from {{ ref('int_health_periods_spined') }}
),

tickets as (
    select * from {{ ref('fct_tickets') }}
),

backlog as (
    select * from {{ ref('fct_backlog_daily') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

measured as (
    select
        periods.period,
        periods.is_current,
        {{ sla_aggregates() }},
        {{ ticket_state_counts() }},
        {{ fcr_counts() }},
        {{ ai_tag_counts() }}
    from periods
    left join tickets
        on tickets.created_day between periods.start_day and periods.end_day
    group by periods.period, periods.is_current
),

rated as (
    select
        measured.*,
        periods.start_day,
        periods.end_day,
        coalesce(backlog.closing_count, 0) as backlog_closing_count,
        {{ rate('measured.resolved_count', 'measured.tickets_created') }} as resolution_rate,
        {{ rate('measured.fcr_strict_count', 'measured.tickets_created') }} as fcr_strict_rate,
        {{ rate('measured.fcr_lenient_count', 'measured.tickets_created') }} as fcr_lenient_rate,
        {{ rate('measured.frt_sla_met_count', 'measured.frt_sla_applicable_count') }} as frt_sla_met_rate,
        {{ rate('measured.resolution_sla_met_count', 'measured.resolution_sla_applicable_count') }}
            as resolution_sla_met_rate,
        {{ rate('measured.agreed_count', 'measured.tagged_count') }} as ai_tag_accuracy_rate,
        {{ is_mature('periods.next_period_starts_at', fcr_lenient_minutes()) }} as is_fcr_mature,
        {{ is_mature('periods.next_period_starts_at', 'clock.largest_sla_target_minutes') }} as is_sla_mature
    from measured
    inner join periods
        on
            measured.period = periods.period
            and measured.is_current = periods.is_current
    left join backlog
        on periods.end_day = backlog.day
    cross join clock
),

final as (
    select
        period_now.period,
        period_now.start_day as period_start_day,
        period_now.end_day as period_end_day,
        {{ is_small_sample('period_now.frt_count') }} as is_frt_small_sample,
        {{ is_small_sample('period_now.resolution_count') }} as is_resolution_small_sample,
        period_now.is_fcr_mature,
        period_now.is_sla_mature
        {%- for metric in metrics %},
        period_now.{{ metric }},
        period_before.{{ metric }} as {{ metric }}_previous,
        {% if metric in maturity_of -%}
        case
            when period_now.{{ maturity_of[metric] }} and period_before.{{ maturity_of[metric] }}
                then period_now.{{ metric }} - period_before.{{ metric }}
        end
        {%- else -%}
        period_now.{{ metric }} - period_before.{{ metric }}
        {%- endif %} as {{ metric }}_change
        {%- endfor %}
    from rated as period_now
    left join rated as period_before
        on
            period_now.period = period_before.period
            and not period_before.is_current
    where period_now.is_current
)

select * from final
