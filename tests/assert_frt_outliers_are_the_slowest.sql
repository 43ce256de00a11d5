-- If this fails, a ticket that waited longer than a listed one is missing from the list, or the list is out of order.

with ranked as (
    select
        ticket_id,
        first_response_time_minutes,
        row_number() over (order by first_response_time_minutes desc, created_at asc, ticket_id asc) as expected_rank
    from {{ ref('fct_tickets') }}
    where first_response_time_minutes is not null
),

slowest as (
    select *
    from ranked
    where expected_rank <= {{ var('outlier_count') }}
)

select
    slowest.ticket_id,
    slowest.expected_rank,
    listed.ticket_id as listed_ticket_id,
    listed.outlier_rank
from slowest
full outer join {{ ref('fct_frt_outliers') }} as listed
    on slowest.ticket_id = listed.ticket_id
where
    slowest.expected_rank is distinct from listed.outlier_rank
    or slowest.first_response_time_minutes is distinct from listed.first_response_time_minutes
