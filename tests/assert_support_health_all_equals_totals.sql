-- If this fails, the first number that a lead reads is not the one that the tickets give.

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

totals as (
    select
        count(*) as tickets_created,
        count(case when is_resolved then 1 end) as resolved_count,
        count(case when is_open then 1 end) as open_count,
        count(case when is_closed_without_solution then 1 end) as closed_without_solution_count,
        count(first_response_time_minutes) as frt_count,
        avg(first_response_time_minutes) as frt_avg_minutes,
        {{ percentile('first_response_time_minutes', 0.95) }} as frt_p95_minutes,
        {{ percentile('cast(resolution_time_minutes as double)', 0.5) }} as resolution_median_minutes,
        count(case when is_fcr_strict then 1 end) as fcr_strict_count,
        count(case when is_fcr_lenient then 1 end) as fcr_lenient_count,
        count(case when is_frt_sla_met then 1 end) as frt_sla_met_count,
        count(is_frt_sla_met) as frt_sla_applicable_count,
        count(case when is_resolution_sla_met then 1 end) as resolution_sla_met_count,
        count(is_resolution_sla_met) as resolution_sla_applicable_count,
        count(tag) as tagged_count,
        count(case when tag = ai_category then 1 end) as agreed_count,
        min(created_day) as period_start_day
    from tickets
)

select
    health.*,
    totals.tickets_created as expected_tickets_created
from totals
left join {{ ref('fct_support_health') }} as health
    on health.period = 'all'
where
    health.tickets_created is distinct from totals.tickets_created
    or health.resolved_count is distinct from totals.resolved_count
    or health.open_count is distinct from totals.open_count
    or health.backlog_closing_count is distinct from totals.open_count
    or health.closed_without_solution_count is distinct from totals.closed_without_solution_count
    or health.frt_count is distinct from totals.frt_count
    or coalesce(abs(health.frt_avg_minutes - totals.frt_avg_minutes) > 1e-6, health.frt_avg_minutes is distinct from totals.frt_avg_minutes)
    or coalesce(abs(health.frt_p95_minutes - totals.frt_p95_minutes) > 1e-6, health.frt_p95_minutes is distinct from totals.frt_p95_minutes)
    or coalesce(abs(health.resolution_median_minutes - totals.resolution_median_minutes) > 1e-6, health.resolution_median_minutes is distinct from totals.resolution_median_minutes)
    or health.fcr_strict_count is distinct from totals.fcr_strict_count
    or health.fcr_lenient_count is distinct from totals.fcr_lenient_count
    or health.frt_sla_met_count is distinct from totals.frt_sla_met_count
    or health.frt_sla_applicable_count is distinct from totals.frt_sla_applicable_count
    or health.resolution_sla_met_count is distinct from totals.resolution_sla_met_count
    or health.resolution_sla_applicable_count is distinct from totals.resolution_sla_applicable_count
    or health.tagged_count is distinct from totals.tagged_count
    or health.agreed_count is distinct from totals.agreed_count
    or health.period_start_day is distinct from totals.period_start_day
