-- Hypothesis: a few creators bring a large part of the tickets.
-- Method: the share of tickets that comes from the 5% of creators with the most, among creators with a ticket. The interval
-- is the large-sample one of a share of a ranked total (its influence function), as if creators were a sample of those to come.
-- Reading: where all creators write alike, chance makes the 5% with the most bring more than 5%: of counts that spread as
-- Poisson's, about 5% * (1 + 2.06 / sqrt(mean) + 0.57 / mean): the mean of the highest twentieth of a normal distribution, and
-- what Poisson's skewness adds (Cornish and Fisher). Beyond that some write more; below it, all more alike than chance. Tickets without a
-- creator are left out.

with creators as (
    select
        creator_id,
        cast(count(*) as double) as tickets_count
    from {{ ref('fct_tickets') }}
    where creator_id is not null
    group by creator_id
),

-- 2.062713 standard deviations above the mean lies the mean of the highest twentieth of a normal distribution; a skewness of
-- 1 / sqrt(mean) moves it by (1.644854 * 2.062713) / 6 of them.
limits as (
    select
        {{ percentile('tickets_count', 0.95) }} as limit_count,
        avg(tickets_count) as mean_count,
        0.05 * (1 + 2.062713 / sqrt(avg(tickets_count)) + 0.565474 / avg(tickets_count)) as share_if_alike,
        count(*) as creators_count,
        sum(tickets_count) as tickets_count
    from creators
),

shares as (
    select
        (avg(greatest(creators.tickets_count - limits.limit_count, 0)) + 0.05 * any_value(limits.limit_count))
        / any_value(limits.mean_count) as top_share
    from creators
    cross join limits
),

errors as (
    select
        stddev_samp(
            greatest(creators.tickets_count - limits.limit_count, 0) - shares.top_share * creators.tickets_count
        ) / (any_value(limits.mean_count) * sqrt(any_value(limits.creators_count))) as share_error
    from creators
    cross join limits
    cross join shares
)

select
    'Few creators bring many tickets' as hypothesis,
    'share of tickets from the top 5% of creators' as measure,
    cast(limits.creators_count as {{ dbt.type_string() }}) || ' creators' as segment,
    shares.top_share as estimate,
    shares.top_share - {{ z_95() }} * errors.share_error as ci_low,
    least(1.0, shares.top_share + {{ z_95() }} * errors.share_error) as ci_high,
    'share' as unit,
    cast(limits.tickets_count as bigint) as tickets_count,
    {{ two_sided_p('(shares.top_share - limits.share_if_alike) / nullif(errors.share_error, 0)') }} as p_value,
    case
        when shares.top_share - {{ z_95() }} * errors.share_error > limits.share_if_alike then 'yes'
        when shares.top_share + {{ z_95() }} * errors.share_error < limits.share_if_alike then 'the contrary'
        else 'cannot be told'
    end as reading
from limits
cross join shares
cross join errors
where limits.creators_count >= {{ var('min_tickets_for_percentile') }}
