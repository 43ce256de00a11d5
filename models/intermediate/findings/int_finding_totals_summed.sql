-- Grain: one row in all. Question: against which totals is the effect of a finding weighed?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

final as (
    select
        count(*) as tickets_created,
        {{ waiting_hours('resolution_time_minutes') }} as waiting_hours,
        avg(resolution_time_minutes) / 60 as waiting_hours_per_resolved
    from tickets
)

select * from final
