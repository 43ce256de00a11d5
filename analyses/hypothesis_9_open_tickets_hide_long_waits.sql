-- Hypothesis: the median resolution time of resolved tickets is too kind, as it leaves out those still open.
-- Method: Kaplan-Meier. Every ticket counts as waiting until it is resolved; open ones until as_of_at, and so do those
-- closed without a solution, which nobody resolved. The median is the first minute at which half are resolved; its interval
-- runs between the minutes at which the log-log limits of the curve pass one half.
-- Reading: the second row is the usual median, of resolved tickets only, with the interval of a median by ranks. The
-- difference is what leaving out open tickets hides.

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

spells as (
    select
        tickets.is_resolved,
        case
            when tickets.is_resolved then tickets.resolution_time_minutes
            else {{ elapsed_whole_minutes('tickets.created_at', 'clock.as_of_at') }}
        end as minutes
    from tickets
    cross join clock
),

minutes_counted as (
    select
        minutes,
        cast(count(case when is_resolved then 1 end) as double) as resolved_count,
        cast(count(*) as double) as left_count
    from spells
    group by minutes
),

at_risk as (
    select
        *,
        sum(left_count) over (order by minutes desc rows between unbounded preceding and current row) as risk_count
    from minutes_counted
),

-- A minute at which all who were left are resolved ends the curve at 0 and has no error.
curve as (
    select
        minutes,
        exp(sum(ln(1 - resolved_count / risk_count)) over (order by minutes asc)) as survival,
        sum(resolved_count / (risk_count * (risk_count - resolved_count))) over (order by minutes asc) as greenwood
    from at_risk
    where resolved_count > 0 and resolved_count < risk_count
),

bands as (
    select
        *,
        power(survival, exp({{ z_95() }} * sqrt(greenwood) / abs(ln(survival)))) as survival_low,
        power(survival, exp(-{{ z_95() }} * sqrt(greenwood) / abs(ln(survival)))) as survival_high
    from curve
    where survival < 1
),

-- The curve ends at 0 where the last are resolved: half of them are by then at the latest.
medians as (
    select
        coalesce(
            min(case when survival <= 0.5 then minutes end),
            (select min(minutes) from at_risk where resolved_count = risk_count)
        ) as median_minutes,
        min(case when survival_low <= 0.5 then minutes end) as low_minutes,
        min(case when survival_high <= 0.5 then minutes end) as high_minutes
    from bands
),

resolved as (
    select
        minutes,
        row_number() over (order by minutes asc) as position,
        count(*) over () as resolved_count
    from spells
    where is_resolved
),

naive as (
    select
        {{ percentile('cast(minutes as double)', 0.5) }} as median_minutes,
        max(case
            when position <= greatest(1, resolved_count / 2.0 - {{ z_95() }} / 2 * sqrt(resolved_count)) then minutes
        end) as low_minutes,
        min(case
            when position >= resolved_count / 2.0 + 1 + {{ z_95() }} / 2 * sqrt(resolved_count) then minutes
        end) as high_minutes,
        max(resolved_count) as resolved_count
    from resolved
)

select
    'Open tickets hide long waits' as hypothesis,
    'median time to resolution, tickets without one counted as waiting' as measure,
    'all tickets' as segment,
    cast(medians.median_minutes as double) as estimate,
    cast(medians.low_minutes as double) as ci_low,
    cast(medians.high_minutes as double) as ci_high,
    'minutes' as unit,
    (select count(*) from spells) as tickets_count,
    cast(null as double) as p_value,
    case when medians.low_minutes > naive.high_minutes then 'yes' else 'cannot be told' end as reading
from medians
cross join naive
union all
select
    'Open tickets hide long waits' as hypothesis,
    'median time to resolution, resolved tickets only' as measure,
    'resolved tickets' as segment,
    median_minutes as estimate,
    cast(low_minutes as double) as ci_low,
    cast(high_minutes as double) as ci_high,
    'minutes' as unit,
    resolved_count as tickets_count,
    cast(null as double) as p_value,
    'description' as reading
from naive
