-- Grain: one row for each week of the data, by its Monday. Question: which weeks does every weekly mart have?

with days as (
    select * from {{ ref('int_days_spined') }}
),

weeks as (
    select
        week,
        count(*) as days_in_data
    from days
    group by week
),

final as (
    select
        week,
        {{ iso_week('week') }} as iso_week,
        days_in_data,
        days_in_data = 7 as is_whole,
        {{ local_day_start(days_after('week', 7)) }} as next_period_starts_at
    from weeks
)

select * from final
