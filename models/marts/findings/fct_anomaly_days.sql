-- Grain: one row for each local day and segment whose count of tickets chance does not explain. Question: on which days
-- did far more or far fewer tickets come in than on the same weekdays around, and in which channel, category or topic?

with days_joined as (
    select * from {{ ref('int_anomaly_days_joined') }}
),

final as (
    select
        day as anomaly_day,
        segment_type,
        segment,
        direction,
        tickets_created,
        expected_tickets,
        tickets_created - expected_tickets as extra_tickets,
        score,
        is_peak
    from days_joined
)

select * from final
