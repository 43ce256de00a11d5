-- Hypothesis: the topic tells how long the resolution will take.
-- Method: share of the variance of the logarithm of resolution time (plus one minute) that lies between AI topics, adjusted
-- for their number; the interval is Olkin and Finn's for an explained share. p is of the F test, by its chi-square limit.
-- Topics with fewer resolutions than min_tickets_for_percentile are left out.
-- Reading: 0 is no help, 1 a perfect forecast. What is left lies within topics.

with tickets as (
    select
        ai_topic,
        ln(resolution_time_minutes + 1.0) as log_minutes
    from {{ ref('fct_tickets') }}
    where is_resolved
),

topics as (
    select
        ai_topic,
        count(*) as tickets_count,
        avg(log_minutes) as topic_mean,
        sum(power(log_minutes, 2)) as square_sum
    from tickets
    group by ai_topic
    having count(*) >= {{ var('min_tickets_for_percentile') }}
),

summed as (
    select
        cast(sum(tickets_count) as double) as tickets_count,
        cast(count(*) as double) as topics_count,
        sum(square_sum) - power(sum(tickets_count * topic_mean), 2) / sum(tickets_count) as total_squares,
        sum(square_sum - tickets_count * power(topic_mean, 2)) as within_squares
    from topics
),

explained as (
    select
        *,
        greatest(0, 1 - (within_squares / (tickets_count - topics_count)) / (total_squares / (tickets_count - 1)))
            as share
    from summed
    where tickets_count > topics_count and total_squares > 0
),

bounded as (
    select
        *,
        sqrt(
            4 * share * power(1 - share, 2) * power(tickets_count - topics_count, 2)
            / ((power(tickets_count, 2) - 1) * (tickets_count + 3))
        ) as share_error,
        (total_squares - within_squares) / (within_squares / (tickets_count - topics_count)) as chi_square
    from explained
),

-- Wilson and Hilferty: the cube root of a chi-square over its degrees of freedom is nearly normal.
scored as (
    select
        *,
        (power(chi_square / nullif(topics_count - 1, 0), 1.0 / 3) - (1 - 2 / (9 * nullif(topics_count - 1, 0))))
        / sqrt(2 / (9 * nullif(topics_count - 1, 0))) as score
    from bounded
)

-- Topics can only differ more than chance makes them, so the upper tail counts.
select
    'Topic predicts resolution time' as hypothesis,
    'part of the differences in resolution time that topics explain' as measure,
    'resolved tickets' as segment,
    share as estimate,
    greatest(0, share - {{ z_95() }} * share_error) as ci_low,
    least(1, share + {{ z_95() }} * share_error) as ci_high,
    'share' as unit,
    cast(tickets_count as bigint) as tickets_count,
    case when score > 0 then {{ two_sided_p('score') }} / 2 else 1 - {{ two_sided_p('score') }} / 2 end as p_value,
    case when share - {{ z_95() }} * share_error > 0 then 'yes' else 'cannot be told' end as reading
from scored
