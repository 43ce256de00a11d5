-- Grain: one row in all. Question: how many tickets are open for more than 30 days, and how long do they wait already?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where is_open
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

aged as (
    select {{ elapsed_hours('tickets.created_at', 'clock.as_of_at') }} as age_hours
    from tickets
    cross join clock
),

final as (
    select
        count(*) as old_open_count,
        coalesce({{ exact_sum('age_hours') }}, 0.0) as age_hours
    from aged
    where age_hours >= {{ old_open_hours() }}
)

select * from final
