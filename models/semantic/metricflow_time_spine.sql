-- Grain: one row for each local day of the data. Question: on which days does MetricFlow lay out a metric?
-- The days of the daily marts, so that a quiet day is a row there and here, and nothing reads the wall clock.

with days as (
    select * from {{ ref('int_days_spined') }}
),

final as (
    select day as date_day
    from days
)

select * from final
