-- Question: where do they wait longest?
-- Method: mean hours from creation to resolution of resolved tickets, by category and by the ten AI topics with the longest
-- mean (of at least 20 resolved tickets). The interval is of the mean; waits are skewed, so the median stands beside it.
-- Reading: share is the segment's part of all hours waited. Open tickets are not in it: see the survival analysis.

with costs as (
    select * from {{ ref('fct_topic_costs') }}
    where period = 'all' and not is_resolution_small_sample
),

ranked as (
    select
        *,
        row_number() over (partition by segment_type order by waiting_avg_hours desc, segment asc) as segment_rank
    from costs
)

select
    'mean time to resolution' as measure,
    segment_type || ' ' || segment as segment,
    waiting_avg_hours as estimate,
    waiting_avg_ci_low as ci_low,
    waiting_avg_ci_high as ci_high,
    'hours' as unit,
    resolved_count as tickets_count,
    waiting_share as share,
    cast(null as double) as p_value,
    'median ' || cast(round(resolution_median_minutes / 60, 1) as {{ dbt.type_string() }}) || ' hours' as reading
from ranked
where segment_rank <= 10
order by segment_type, segment_rank
