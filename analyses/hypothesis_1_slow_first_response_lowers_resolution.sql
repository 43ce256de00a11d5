-- Hypothesis: tickets whose first response is slow are resolved less often.
-- Method: within each channel, answered tickets at or above the third quartile of the time to the first response against those at
-- or below the first; a channel whose quartiles are the same tells nothing.
-- Differences of the resolution rates are averaged over channels by their tickets, so that a slow channel with hard tickets
-- does not pass for an effect of speed. Only tickets at least 7 days old at as_of_at: younger ones may be resolved yet.
-- Reading: below 0, slow tickets are resolved less often. Not proof of a cause: hard tickets may be slow and stay unsolved.

with tickets as (
    select * from {{ ref('fct_tickets') }}
    where first_response_time_minutes is not null
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

old_tickets as (
    select tickets.*
    from tickets
    cross join clock
    where {{ elapsed_hours('tickets.created_at', 'clock.as_of_at') }} >= 168
),

quartiles as (
    select
        channel,
        {{ percentile('first_response_time_minutes', 0.25) }} as first_quartile,
        {{ percentile('first_response_time_minutes', 0.75) }} as third_quartile
    from old_tickets
    group by channel
),

sided as (
    select
        old_tickets.channel,
        old_tickets.is_resolved,
        old_tickets.first_response_time_minutes >= quartiles.third_quartile as is_slow
    from old_tickets
    inner join quartiles
        on old_tickets.channel = quartiles.channel
    where
        quartiles.third_quartile > quartiles.first_quartile
        and (
            old_tickets.first_response_time_minutes >= quartiles.third_quartile
            or old_tickets.first_response_time_minutes <= quartiles.first_quartile
        )
),

counted as (
    select
        channel,
        cast(count(case when is_slow then 1 end) as double) as slow_count,
        count(case when is_slow and is_resolved then 1 end) as slow_resolved_count,
        cast(count(case when not is_slow then 1 end) as double) as fast_count,
        count(case when not is_slow and is_resolved then 1 end) as fast_resolved_count
    from sided
    group by channel
),

averaged as (
    select
        sum(slow_count + fast_count) as tickets_count,
        sum((slow_count + fast_count) * (slow_resolved_count / slow_count - fast_resolved_count / fast_count))
        / sum(slow_count + fast_count) as difference,
        sqrt(sum(power(slow_count + fast_count, 2) * (
            {{ share_error_square('slow_resolved_count', 'slow_count') }}
            + {{ share_error_square('fast_resolved_count', 'fast_count') }}
        ))) / sum(slow_count + fast_count) as difference_error
    from counted
)

select
    'A slow first response goes with fewer resolutions' as hypothesis,
    'resolved share, slowest minus fastest quarter of a channel' as measure,
    'all channels' as segment,
    {{ difference_result('below') }}
from averaged
