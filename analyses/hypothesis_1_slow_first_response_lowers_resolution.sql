-- Hypothesis: tickets whose first response is slow are resolved less often.
-- Method: within each channel, the quarter of answered tickets with the slowest first response against the fastest quarter.
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

quartered as (
    select
        tickets.channel,
        tickets.is_resolved,
        ntile(4) over (
            partition by tickets.channel
            order by tickets.first_response_time_minutes asc, tickets.ticket_id asc
        ) as quarter
    from tickets
    cross join clock
    where {{ elapsed_hours('tickets.created_at', 'clock.as_of_at') }} >= 168
),

counted as (
    select
        channel,
        cast(count(case when quarter = 4 then 1 end) as double) as slow_count,
        count(case when quarter = 4 and is_resolved then 1 end)
        / nullif(cast(count(case when quarter = 4 then 1 end) as double), 0) as slow_rate,
        cast(count(case when quarter = 1 then 1 end) as double) as fast_count,
        count(case when quarter = 1 and is_resolved then 1 end)
        / nullif(cast(count(case when quarter = 1 then 1 end) as double), 0) as fast_rate
    from quartered
    group by channel
),

averaged as (
    select
        sum(slow_count + fast_count) as tickets_count,
        sum((slow_count + fast_count) * (slow_rate - fast_rate)) / sum(slow_count + fast_count) as difference,
        sqrt(sum(power(slow_count + fast_count, 2) * (
            slow_rate * (1 - slow_rate) / slow_count + fast_rate * (1 - fast_rate) / fast_count
        ))) / sum(slow_count + fast_count) as difference_error
    from counted
    where slow_count > 0 and fast_count > 0
)

select
    'A slow first response goes with fewer resolutions' as hypothesis,
    'resolved share, slowest minus fastest quarter of a channel' as measure,
    'all channels' as segment,
    difference as estimate,
    difference - {{ z_95() }} * difference_error as ci_low,
    difference + {{ z_95() }} * difference_error as ci_high,
    'points' as unit,
    cast(tickets_count as bigint) as tickets_count,
    {{ two_sided_p('difference / nullif(difference_error, 0)') }} as p_value,
    case
        when difference + {{ z_95() }} * difference_error < 0 then 'yes'
        when difference - {{ z_95() }} * difference_error > 0 then 'the contrary'
        else 'cannot be told'
    end as reading
from averaged
