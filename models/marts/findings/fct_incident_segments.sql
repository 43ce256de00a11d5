-- Grain: one row for each incident and segment: all tickets, each channel, category and AI topic.
-- Question: who and what brought the extra tickets of the incident?

with incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

days_scored as (
    select * from {{ ref('int_segment_days_scored') }}
),

summed as (
    select
        incident_days.incident_number,
        days_scored.segment_type,
        days_scored.segment,
        sum(days_scored.tickets_created) as tickets_created,
        {{ exact_sum('days_scored.expected_tickets') }} as expected_tickets,
        sum(days_scored.tickets_created) - {{ exact_sum('days_scored.expected_tickets') }} as extra_tickets,
        {{ exact_sum('days_scored.waiting_hours') }} - {{ exact_sum('days_scored.expected_waiting_hours') }} as extra_waiting_hours,
        -- Of a count around its expectation, and of an expectation that is a mean over reference days.
        sqrt(
            sum(days_scored.tickets_created)
            + {{ exact_sum('days_scored.expected_tickets / days_scored.reference_days_count') }}
        ) * max(days_scored.dispersion) as extra_error
    from incident_days
    inner join days_scored
        on incident_days.day = days_scored.day
    group by incident_days.incident_number, days_scored.segment_type, days_scored.segment
),

totals as (
    select
        incident_number,
        expected_tickets,
        extra_tickets,
        extra_error
    from summed
    where segment_type = 'all'
),

-- Of a part of a whole, both with errors: what the segment does not bring, the others do.
shared as (
    select
        summed.*,
        totals.extra_tickets as incident_extra_tickets,
        case when totals.extra_tickets > 0 then summed.extra_tickets / totals.extra_tickets end as extra_ratio,
        summed.expected_tickets / nullif(totals.expected_tickets, 0) as usual_ratio,
        totals.extra_error as incident_extra_error
    from summed
    inner join totals
        on summed.incident_number = totals.incident_number
),

final as (
    select
        incident_number,
        segment_type,
        segment,
        cast(tickets_created as bigint) as tickets_created,
        expected_tickets,
        extra_tickets,
        extra_tickets - {{ z_95() }} * extra_error as extra_ci_low,
        extra_tickets + {{ z_95() }} * extra_error as extra_ci_high,
        incident_extra_tickets,
        extra_ratio,
        extra_ratio - {{ z_95() }} * sqrt(greatest(
            0, (1 - 2 * extra_ratio) * power(extra_error, 2) + power(extra_ratio * incident_extra_error, 2)
        )) / incident_extra_tickets as extra_ratio_ci_low,
        usual_ratio,
        extra_waiting_hours,
        row_number() over (
            partition by incident_number, segment_type
            order by extra_tickets desc, segment asc
        ) as segment_rank
    from shared
)

select * from final
