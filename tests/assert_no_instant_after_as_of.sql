-- If this fails, "now" lies before something that has happened: ages are negative and periods mature too late.

with clock as (
    select * from {{ ref('int_clock_derived') }}
)

select
    tickets.ticket_id,
    tickets.created_at,
    tickets.resolved_at,
    clock.as_of_at
from {{ ref('fct_tickets') }} as tickets
cross join clock
where
    clock.as_of_at is null
    or tickets.created_at > clock.as_of_at
    or tickets.resolved_at > clock.as_of_at
    or tickets.created_day > clock.as_of_day
    or tickets.left_backlog_day > clock.as_of_day
    or tickets.created_day < clock.first_day
