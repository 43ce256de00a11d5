-- Grain: one row for each accepted creator. Question: who are the creators, in clean types?

with checked as (
    select * from {{ ref('base_users_checked') }}
),

final as (
    select
        creator_id,
        country,
        plan,
        signup_date
    from checked
    where reasons = ''
)

select * from final
