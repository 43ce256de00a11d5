-- Grain: one row for each incident and channel. Question: how long did the first response take on the days of the
-- incident, and how long does it take on the days that it is compared with?

with incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

day_references as (
    select * from {{ ref('int_day_references_paired') }}
),

surge_days as (
    select * from {{ ref('int_surge_days_flagged') }}
),

tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where first_response_time_minutes is not null
),

compared_days as (
    select
        incident_number,
        day,
        true as is_incident
    from incident_days
    union all
    select distinct
        incident_days.incident_number,
        day_references.reference_day as day,
        false as is_incident
    from incident_days
    inner join day_references
        on incident_days.day = day_references.day
    left join surge_days
        on day_references.reference_day = surge_days.day
    where surge_days.day is null
),

answered as (
    select
        compared_days.incident_number,
        tickets.channel,
        case when compared_days.is_incident then tickets.first_response_time_minutes end as incident_minutes,
        case when not compared_days.is_incident then tickets.first_response_time_minutes end as reference_minutes
    from compared_days
    inner join tickets
        on compared_days.day = tickets.created_day
),

final as (
    select
        incident_number,
        channel,
        count(incident_minutes) as frt_count,
        {{ exact_avg('incident_minutes') }} as frt_avg_minutes,
        {{ exact_variance('incident_minutes') }} as frt_variance,
        count(reference_minutes) as reference_frt_count,
        {{ exact_avg('reference_minutes') }} as reference_frt_avg_minutes,
        {{ exact_variance('reference_minutes') }} as reference_frt_variance
    from answered
    group by incident_number, channel
)

select * from final
