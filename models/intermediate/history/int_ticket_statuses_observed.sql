-- Grain: one row for each accepted ticket. Question: what may change on a ticket, and as of when is it known?
-- The snapshot dates a change with as_of_at from here, so that no history depends on the wall clock.

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

final as (
    select
        tickets.ticket_id,
        tickets.status,
        tickets.resolved_at,
        clock.as_of_at
    from tickets
    cross join clock
)

select * from final
