-- Grain: one row for each raw user row. Question: may this row describe a creator, and if not, why not?

with raw_users as (
    select * from {{ ref('users_raw') }}
),

trimmed as (
    select
        line_number,
        creator_id as raw_creator_id,
        country as raw_country,
        plan as raw_plan,
        signup_date as raw_signup_date,
        {{ trimmed('creator_id') }} as creator_id,
        {{ trimmed('country') }} as country,
        {{ trimmed('plan') }} as plan,
        {{ trimmed('signup_date') }} as signup_text
    from raw_users
),

-- The columns after line_number decide between rows of an input that has no lines.
ranked as (
    select
        *,
        cast({{ parse_instant('signup_text') }} as date) as signup_date,
        row_number() over (
            partition by creator_id
            order by line_number asc nulls last, country asc nulls last, plan asc nulls last, signup_text asc nulls last
        ) as version_rank
    from trimmed
),

final as (
    select
        *,
        case
            when creator_id is null then 'missing_creator_id'
            when version_rank > 1 then 'duplicate_creator_id'
            else ''
        end as reasons
    from ranked
)

select * from final
