-- Grain: one row for each covered local day and segment that belongs to an anomaly. Question: which days stand out,
-- and which of their neighbours still belong to them?
-- Consecutive days beyond the edge score are one run; a run counts when one of its days is beyond the anomaly score.
-- So the strict limit decides whether there is something, and the mild one only where it begins and ends.

with days_scored as (
    select * from {{ ref('int_segment_days_scored') }}
),

beyond_edge as (
    select
        *,
        case when score > 0 then 'above' else 'below' end as direction
    from days_scored
    where abs(score) >= {{ anomaly_edge_score() }}
),

numbered as (
    select
        *,
        row_number() over (partition by segment_type, segment, direction order by day asc) as position
    from beyond_edge
),

runs as (
    select
        *,
        {{ days_after('day', '-cast(position as integer)') }} as run_key
    from numbered
),

peaked as (
    select
        *,
        max(abs(score)) over (partition by segment_type, segment, direction, run_key) as run_score
    from runs
),

final as (
    select
        segment_type,
        segment,
        day,
        direction,
        tickets_created,
        expected_tickets,
        score,
        abs(score) >= {{ anomaly_score() }} as is_peak
    from peaked
    where run_score >= {{ anomaly_score() }}
)

select * from final
