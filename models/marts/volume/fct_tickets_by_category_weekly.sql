-- Grain: one row for each week and category. Question: what are the tickets about, and how does the mix move?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

categories as (
    select distinct category_effective
    from tickets
),

counted as (
    select
        weeks.week as created_week,
        categories.category_effective,
        count(tickets.ticket_id) as tickets_created
    from weeks
    cross join categories
    left join tickets
        on
            weeks.week = tickets.created_week
            and categories.category_effective = tickets.category_effective
    group by weeks.week, categories.category_effective
),

totalled as (
    select
        *,
        sum(tickets_created) over (partition by created_week) as period_tickets_created
    from counted
),

final as (
    select
        totalled.created_week,
        totalled.category_effective,
        weeks.iso_week,
        weeks.days_in_data,
        totalled.tickets_created,
        cast(totalled.period_tickets_created as bigint) as period_tickets_created,
        {{ rate('totalled.tickets_created', 'totalled.period_tickets_created') }} as category_share
    from totalled
    inner join weeks
        on totalled.created_week = weeks.week
)

select * from final
