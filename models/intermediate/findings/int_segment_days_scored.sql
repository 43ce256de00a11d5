-- Grain: one row for each covered local day and segment that has enough reference days. Question: how many tickets
-- were to be expected, and how far from that is the count?
-- score is in standard deviations: of a count (1 on the square-root scale), widened by what the segment spreads more
-- than chance and by the uncertainty of an expectation from few days.

with days_counted as (
    select * from {{ ref('int_segment_days_counted') }}
),

day_references as (
    select * from {{ ref('int_day_references_paired') }}
),

surge_days as (
    select * from {{ ref('int_surge_days_flagged') }}
),

calm_references as (
    select day_references.*
    from day_references
    left join surge_days
        on day_references.reference_day = surge_days.day
    where surge_days.day is null
),

expected as (
    select
        days_counted.segment_type,
        days_counted.segment,
        days_counted.day,
        any_value(days_counted.tickets_created) as tickets_created,
        any_value(days_counted.waiting_hours) as waiting_hours,
        count(*) as reference_days_count,
        {{ exact_avg('referenced.tickets_created * calm_references.growth_factor') }} as expected_tickets,
        {{ exact_avg('referenced.waiting_hours * calm_references.growth_factor') }} as expected_waiting_hours
    from days_counted
    inner join calm_references
        on days_counted.day = calm_references.day
    inner join days_counted as referenced
        on
            calm_references.reference_day = referenced.day
            and days_counted.segment_type = referenced.segment_type
            and days_counted.segment = referenced.segment
    group by days_counted.segment_type, days_counted.segment, days_counted.day
    having count(*) >= {{ anomaly_min_references() }}
),

scored as (
    select
        expected.*,
        surge_days.day is not null as is_surge_day,
        {{ count_score('expected.tickets_created', 'expected.expected_tickets') }} as raw_score
    from expected
    left join surge_days
        on expected.day = surge_days.day
),

spread as (
    select
        segment_type,
        segment,
        {{ count_dispersion('raw_score') }} as dispersion
    from scored
    where not is_surge_day
    group by segment_type, segment
),

final as (
    select
        scored.segment_type,
        scored.segment,
        scored.day,
        scored.tickets_created,
        scored.expected_tickets,
        scored.waiting_hours,
        scored.expected_waiting_hours,
        scored.reference_days_count,
        coalesce(spread.dispersion, 1.0) as dispersion,
        scored.raw_score / {{ expectation_spread('coalesce(spread.dispersion, 1.0)', 'scored.reference_days_count') }} as score
    from scored
    left join spread
        on
            scored.segment_type = spread.segment_type
            and scored.segment = spread.segment
)

select * from final
