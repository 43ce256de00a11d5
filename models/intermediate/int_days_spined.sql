-- Grain: one row for each local day of the data. Question: which days does every daily mart have?

with clock as (
    select * from {{ ref('int_clock_derived') }}
),

days as (
    select
        covered_end_day,
        {{ days_between('first_day', 'as_of_day') }} as day
    from clock
),

final as (
    select
        day,
        {{ week_start('day') }} as week,
        day <= covered_end_day as is_covered,
        {{ local_day_start(days_after('day', 1)) }} as next_period_starts_at
    from days
)

select * from final
