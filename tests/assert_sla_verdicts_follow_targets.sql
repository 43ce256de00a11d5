-- If this fails, a finished ticket has no SLA verdict or the wrong one, and SLA rates forget tickets that were missed.

with tickets as (
    select
        tickets.*,
        sla_targets.frt_target_minutes,
        sla_targets.resolution_target_minutes
    from {{ ref('fct_tickets') }} as tickets
    left join {{ ref('sla_targets') }} as sla_targets
        on tickets.channel = sla_targets.channel
)

select *
from tickets
where
    (frt_target_minutes is null and is_frt_sla_met is not null)
    or (resolution_target_minutes is null and is_resolution_sla_met is not null)
    or (
        first_response_time_minutes is not null
        and is_frt_sla_met is distinct from (first_response_time_minutes <= frt_target_minutes)
    )
    or (first_response_time_minutes is null and is_frt_sla_met)
    or (
        is_resolved
        and is_resolution_sla_met is distinct from (resolution_time_minutes <= resolution_target_minutes)
    )
    or (is_open and is_resolution_sla_met)
    or (
        is_closed_without_solution
        and resolution_target_minutes is not null
        and is_resolution_sla_met is distinct from false
    )
