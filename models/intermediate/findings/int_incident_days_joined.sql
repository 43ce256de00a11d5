-- Grain: one row for each local day of an incident. Question: which days with too many tickets belong together?
-- Consecutive days on which any segment has an anomaly above its expectation are one incident.

with anomaly_days as (
    select * from {{ ref('int_anomaly_days_joined') }}
),

days as (
    select distinct day
    from anomaly_days
    where direction = 'above'
),

numbered as (
    select
        day,
        row_number() over (order by day asc) as position
    from days
),

runs as (
    select
        day,
        {{ days_after('day', '-cast(position as integer)') }} as run_key
    from numbered
),

final as (
    select
        day,
        cast(dense_rank() over (order by run_key asc) as bigint) as incident_number
    from runs
)

select * from final
