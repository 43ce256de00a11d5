-- Question: what do creators contact us about, and how is it moving?
-- Method: tickets, also by category and AI topic, over all days, and the last 28 complete days against the 28 before, without the
-- extra tickets of incidents. The interval is of the ratio of two Poisson counts; p is corrected (Holm) within its kind.
-- Reading: estimate is the factor by which the segment grew; 1 lies in the interval: no more than chance. The ten largest
-- topics are shown; fct_topic_costs and fct_topic_trends have all.

with costs as (
    select
        segment_type,
        segment,
        tickets_created,
        ticket_share
    from {{ ref('fct_topic_costs') }}
    where period = 'all'
    union all
    select
        'all' as segment_type,
        'all' as segment,
        max(period_tickets_created) as tickets_created,
        cast(1 as double) as ticket_share
    from {{ ref('fct_topic_costs') }}
    where period = 'all'
),

trends as (
    select * from {{ ref('fct_topic_trends') }}
    where comparison = '28_days'
),

ranked as (
    select
        *,
        row_number() over (partition by segment_type order by tickets_created desc, segment asc) as segment_rank
    from costs
)

select
    'growth of tickets in 28 days' as measure,
    case when ranked.segment_type = 'all' then 'all tickets' else ranked.segment_type || ' ' || ranked.segment end as segment,
    case when trends.trend <> 'too_few' then trends.rate_ratio end as estimate,
    case when trends.trend <> 'too_few' then trends.rate_ratio_ci_low end as ci_low,
    case when trends.trend <> 'too_few' then trends.rate_ratio_ci_high end as ci_high,
    'times' as unit,
    ranked.tickets_created as tickets_count,
    ranked.ticket_share as share,
    trends.p_value_holm as p_value,
    case
        when trends.trend is null then 'data too short to compare'
        when trends.trend = 'too_few' then 'too few tickets to compare'
        when trends.trend = 'steady' then 'no change beyond chance'
        else trends.trend
    end as reading
from ranked
left join trends
    on
        ranked.segment_type = trends.segment_type
        and ranked.segment = trends.segment
where ranked.segment_rank <= 10
order by ranked.segment_type, ranked.segment_rank
