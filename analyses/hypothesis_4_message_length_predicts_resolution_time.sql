-- Hypothesis: the longer the message, the longer the resolution takes.
-- Method: Spearman's rank correlation of message length and resolution time within each AI topic, averaged over topics by
-- their tickets on Fisher's scale. Ranks do not mind the long tails; topics have long and short messages of their own.
-- Reading: 0 is no relation, 1 a perfect one. Below 0.1 it explains less than 1% of the differences: where the whole
-- interval is, the answer is no, however sure it is that the relation is not exactly 0.

with tickets as (
    select * from {{ ref('fct_tickets') }}
    where is_resolved and {{ has_text('message_text') }}
),

ordered as (
    select
        ai_topic,
        rank() over (partition by ai_topic order by length(message_text) asc) as length_rank,
        count(*) over (partition by ai_topic, length(message_text)) as length_ties,
        rank() over (partition by ai_topic order by resolution_time_minutes asc) as time_rank,
        count(*) over (partition by ai_topic, resolution_time_minutes) as time_ties
    from tickets
),

-- Tied values share the mean of their ranks.
correlated as (
    select
        ai_topic,
        count(*) as tickets_count,
        corr(length_rank + (length_ties - 1) / 2.0, time_rank + (time_ties - 1) / 2.0) as correlation
    from ordered
    group by ai_topic
    having count(*) >= {{ var('min_tickets_for_percentile') }}
),

averaged as (
    select
        sum(tickets_count) as tickets_count,
        sum((tickets_count - 3) * ln((1 + correlation) / (1 - correlation)) / 2) / sum(tickets_count - 3) as fisher_z,
        -- 1.06: a rank correlation varies a little more than a plain one.
        sqrt(1.06 / sum(tickets_count - 3)) as fisher_error
    from correlated
    where abs(correlation) < 1
)

select
    'Message length predicts resolution time' as hypothesis,
    'rank correlation (0 none, 1 perfect) within a topic' as measure,
    'resolved tickets' as segment,
    (exp(2 * fisher_z) - 1) / (exp(2 * fisher_z) + 1) as estimate,
    (exp(2 * (fisher_z - {{ z_95() }} * fisher_error)) - 1) / (exp(2 * (fisher_z - {{ z_95() }} * fisher_error)) + 1)
        as ci_low,
    (exp(2 * (fisher_z + {{ z_95() }} * fisher_error)) - 1) / (exp(2 * (fisher_z + {{ z_95() }} * fisher_error)) + 1)
        as ci_high,
    'correlation' as unit,
    cast(tickets_count as bigint) as tickets_count,
    {{ two_sided_p('fisher_z / fisher_error') }} as p_value,
    case
        when abs(fisher_z) + {{ z_95() }} * fisher_error < 0.1 then 'no: too small to matter'
        when fisher_z - {{ z_95() }} * fisher_error > 0 then 'yes'
        when fisher_z + {{ z_95() }} * fisher_error < 0 then 'the contrary'
        else 'cannot be told'
    end as reading
from averaged
