-- Grain: one row for each raw user row that may not be used. Question: which rows were left out, and why?

with checked as (
    select * from {{ ref('base_users_checked') }}
),

final as (
    select
        line_number,
        reasons,
        raw_creator_id as creator_id,
        raw_country as country,
        raw_plan as plan,
        raw_signup_date as signup_date
    from checked
    where reasons <> ''
)

select * from final
