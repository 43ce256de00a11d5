-- Grain: one row for each covered local day. Question: how many tickets came in, and how many were to be expected?

{%- set spread = expectation_spread('days_scored.dispersion', 'days_scored.reference_days_count') %}

with days_scored as (
    select * from {{ ref('int_segment_days_scored') }}
),

days_counted as (
    select * from {{ ref('int_segment_days_counted') }}
),

incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

final as (
    select
        days_counted.day as created_day,
        days_counted.tickets_created,
        days_scored.expected_tickets,
        -- Where 95% of ordinary days lie, the error of the expectation included, as in the score.
        {{ count_at_score('days_scored.expected_tickets', '-' ~ z_95() ~ ' * ' ~ spread) }} as expected_low,
        {{ count_at_score('days_scored.expected_tickets', z_95() ~ ' * ' ~ spread) }} as expected_high,
        days_scored.reference_days_count,
        days_scored.score,
        incident_days.incident_number
    from days_counted
    left join days_scored
        on
            days_counted.day = days_scored.day
            and days_scored.segment_type = 'all'
    left join incident_days
        on days_counted.day = incident_days.day
    where days_counted.segment_type = 'all'
)

select * from final
