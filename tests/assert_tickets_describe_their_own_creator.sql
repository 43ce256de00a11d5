-- If this fails, joining the users gave a ticket another creator's attributes. That each ticket is there once is tested in
-- fct_tickets.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

-- What the tickets say of a creator: the same in all of them, or one of these rows is not the user's.
described as (
    select distinct
        creator_id,
        country,
        plan,
        signup_date,
        has_user
    from tickets
)

select described.*
from described
left join users
    on described.creator_id = users.creator_id
where
    described.has_user <> (users.creator_id is not null)
    or described.country is distinct from users.country
    or described.plan is distinct from users.plan
    or described.signup_date is distinct from users.signup_date
