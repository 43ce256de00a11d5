-- Grain: one row for each data-quality check. Question: how many rows did the check look at, and how many failed it?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

rejected_tickets as (
    select * from {{ ref('rejected_tickets') }}
),

rejected_users as (
    select * from {{ ref('rejected_users') }}
),

totals as (
    select
        (select count(*) from tickets) as ticket_count,
        (select count(*) from rejected_tickets) as rejected_ticket_count,
        (select count(*) from users) as user_count,
        (select count(*) from rejected_users) as rejected_user_count
),

reasons as (
    {% for reason in ticket_rejection_reasons() -%}
    select
        '{{ reason }}' as check_name,
        (select count(*) from rejected_tickets where '|' || reasons || '|' like '%|{{ reason }}|%') as rows_failed,
        true as is_of_tickets
    union all
    {% endfor -%}
    {% for reason in user_rejection_reasons() -%}
    select
        '{{ reason }}' as check_name,
        (select count(*) from rejected_users where '|' || reasons || '|' like '%|{{ reason }}|%') as rows_failed,
        false as is_of_tickets
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Without any raw user nothing can be joined, and the check has nothing to look at.
joinability as (
    select
        'joinability_to_users' as check_name,
        case when totals.user_count + totals.rejected_user_count > 0 then totals.ticket_count else 0 end as rows_checked,
        case
            when totals.user_count + totals.rejected_user_count > 0 then (select count(*) from tickets where not has_user)
            else 0
        end as rows_failed,
        {{ var('max_unjoined_ticket_rate') }} as threshold
    from totals
),

final as (
    select
        reasons.check_name,
        case
            when reasons.is_of_tickets then totals.ticket_count + totals.rejected_ticket_count
            else totals.user_count + totals.rejected_user_count
        end as rows_checked,
        reasons.rows_failed,
        {{ var('max_rejected_rate_per_reason') }} as threshold
    from reasons
    cross join totals
    union all
    select
        check_name,
        rows_checked,
        rows_failed,
        threshold
    from joinability
)

select * from final
