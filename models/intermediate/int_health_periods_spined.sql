-- Grain: one row for each period of support health and whether it is the period itself or the one before.
-- Question: which days does each figure of support health cover?
-- A period ends on the last complete day before as_of_at; the one before it is as long and ends just before it.

with clock as (
    select * from {{ ref('int_clock_derived') }}
),

lengths as (
    select
        'last_28d' as period,
        28 as days
    union all
    select
        'last_7d' as period,
        7 as days
),

periods as (
    select
        'all' as period,
        true as is_current,
        first_day as start_day,
        as_of_day as end_day
    from clock
    union all
    select
        lengths.period,
        true as is_current,
        {{ days_after('clock.as_of_day', '-lengths.days') }} as start_day,
        {{ days_after('clock.as_of_day', '-1') }} as end_day
    from clock
    cross join lengths
    union all
    select
        lengths.period,
        false as is_current,
        {{ days_after('clock.as_of_day', '-2 * lengths.days') }} as start_day,
        {{ days_after('clock.as_of_day', '-lengths.days - 1') }} as end_day
    from clock
    cross join lengths
    -- Where the data does not reach back, there is no period before.
    where {{ days_after('clock.as_of_day', '-2 * lengths.days') }} >= clock.first_day
),

final as (
    select
        period,
        is_current,
        start_day,
        end_day,
        {{ local_day_start(days_after('end_day', 1)) }} as next_period_starts_at
    from periods
)

select * from final
