-- Grain: one row for each local day and category. Question: what are the tickets about, and how does the mix move?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

categories as (
    select distinct category_effective
    from tickets
),

counted as (
    select
        days.day as created_day,
        categories.category_effective,
        count(tickets.ticket_id) as tickets_created
    from days
    cross join categories
    left join tickets
        on
            days.day = tickets.created_day
            and categories.category_effective = tickets.category_effective
    group by days.day, categories.category_effective
),

totalled as (
    select
        *,
        sum(tickets_created) over (partition by created_day) as period_tickets_created
    from counted
),

final as (
    select
        created_day,
        category_effective,
        tickets_created,
        cast(period_tickets_created as bigint) as period_tickets_created,
        {{ rate('tickets_created', 'period_tickets_created') }} as category_share
    from totalled
)

select * from final
