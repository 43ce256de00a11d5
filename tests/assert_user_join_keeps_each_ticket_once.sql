-- If this fails, joining labels and users drops or multiplies tickets, or gives a ticket another creator's attributes.

with joined as (
    select
        ticket_id,
        count(*) as row_count,
        max(country) as country,
        max(plan) as plan,
        max(signup_date) as signup_date
    from {{ ref('int_tickets_enriched') }}
    group by ticket_id
),

expected as (
    select
        tickets.ticket_id,
        (select max(users.country) from {{ ref('stg_users') }} as users where users.creator_id = tickets.creator_id)
            as country,
        (select max(users.plan) from {{ ref('stg_users') }} as users where users.creator_id = tickets.creator_id)
            as plan,
        (select max(users.signup_date) from {{ ref('stg_users') }} as users where users.creator_id = tickets.creator_id)
            as signup_date
    from {{ ref('stg_tickets') }} as tickets
)

select
    expected.ticket_id,
    joined.row_count
from expected
left join joined
    on expected.ticket_id = joined.ticket_id
where
    joined.row_count is null
    or joined.row_count <> 1
    or joined.country is distinct from expected.country
    or joined.plan is distinct from expected.plan
    or joined.signup_date is distinct from expected.signup_date
