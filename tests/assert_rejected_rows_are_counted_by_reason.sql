-- If this fails, fct_data_quality hides rejected rows: some reason of theirs, or some raw row, is in no check.

with rejected as (
    select reasons from {{ ref('rejected_tickets') }}
    union all
    select reasons from {{ ref('rejected_users') }}
),

checks as (
    select * from {{ ref('fct_data_quality') }}
    where check_name <> 'joinability_to_users'
),

totals as (
    select
        (select coalesce(sum(length(reasons) - length(replace(reasons, '|', '')) + 1), 0) from rejected)
            as reasons_given,
        (select sum(rows_failed) from checks) as reasons_counted,
        (select count(*) from {{ ref('tickets_raw') }}) as raw_tickets,
        (select count(*) from {{ ref('users_raw') }}) as raw_users,
        (
            select count(*) from checks
            where check_name in {{ text_list(ticket_rejection_reasons()) }}
                and rows_checked = (select count(*) from {{ ref('tickets_raw') }})
        ) as ticket_checks,
        (
            select count(*) from checks
            where check_name in {{ text_list(user_rejection_reasons()) }}
                and rows_checked = (select count(*) from {{ ref('users_raw') }})
        ) as user_checks
)

select *
from totals
where
    reasons_given <> reasons_counted
    or ticket_checks <> {{ ticket_rejection_reasons() | length }}
    or user_checks <> {{ user_rejection_reasons() | length }}
