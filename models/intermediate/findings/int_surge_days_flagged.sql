-- Grain: one row for each covered local day that is no reference for others. Question: which days are so far from the
-- usual that they would spoil what is expected of other days?
-- A first look, by the median of the reference days, which an incident among them cannot move far. A day that stands
-- out in any segment is left out for all, so that expectations of segments add up to that of all tickets.

with days_counted as (
    select * from {{ ref('int_segment_days_counted') }}
),

day_references as (
    select * from {{ ref('int_day_references_paired') }}
),

expected as (
    select
        days_counted.segment_type,
        days_counted.segment,
        days_counted.day,
        any_value(days_counted.tickets_created) as tickets_created,
        {{ percentile('referenced.tickets_created * day_references.growth_factor', 0.5) }} as median_tickets
    from days_counted
    inner join day_references
        on days_counted.day = day_references.day
    inner join days_counted as referenced
        on
            day_references.reference_day = referenced.day
            and days_counted.segment_type = referenced.segment_type
            and days_counted.segment = referenced.segment
    group by days_counted.segment_type, days_counted.segment, days_counted.day
    having count(*) >= {{ anomaly_min_references() }}
),

scored as (
    select
        *,
        {{ count_score('tickets_created', 'median_tickets') }} as raw_score
    from expected
),

spread as (
    select
        segment_type,
        segment,
        {{ count_dispersion('raw_score') }} as dispersion
    from scored
    group by segment_type, segment
),

final as (
    select scored.day
    from scored
    inner join spread
        on
            scored.segment_type = spread.segment_type
            and scored.segment = spread.segment
    group by scored.day
    having
        max(abs(scored.raw_score) / spread.dispersion) >= {{ anomaly_score() }}
        or max(
            case when scored.segment_type = 'all' then abs(scored.raw_score) / spread.dispersion end
        ) >= {{ anomaly_edge_score() }}
)

select * from final
