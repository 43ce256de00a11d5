-- Hypothesis: there are weekdays and hours with too few people: first responses miss their target more often then.
-- Method: the share of first responses within target, at weekends minus on working days, and from 22:00 to 06:00 minus at
-- other hours, local time; interval of two independent shares. fct_staffing_hours has all 168 hours of the week.
-- Reading: below 0, people are short then. Differences of channels and topics between those hours are not taken out.

with hours as (
    select * from {{ ref('fct_staffing_hours') }}
),

compared_hours as (
    select
        'weekend minus working days' as segment,
        weekday >= 6 as is_gap,
        frt_sla_applicable_count,
        frt_sla_met_count
    from hours
    union all
    select
        'night (22:00 to 06:00) minus other hours' as segment,
        hour >= 22 or hour < 6 as is_gap,
        frt_sla_applicable_count,
        frt_sla_met_count
    from hours
),

counted as (
    select
        segment,
        cast(sum(case when is_gap then frt_sla_applicable_count else 0 end) as double) as gap_count,
        sum(case when is_gap then frt_sla_met_count else 0 end) as gap_met_count,
        cast(sum(case when is_gap then 0 else frt_sla_applicable_count end) as double) as other_count,
        sum(case when is_gap then 0 else frt_sla_met_count end) as other_met_count
    from compared_hours
    group by segment
),

compared as (
    select
        segment,
        gap_count + other_count as tickets_count,
        gap_met_count / gap_count - other_met_count / other_count as difference,
        sqrt(
            {{ share_error_square('gap_met_count', 'gap_count') }}
            + {{ share_error_square('other_met_count', 'other_count') }}
        ) as difference_error
    from counted
    where gap_count > 0 and other_count > 0
)

select
    'Staffing leaves gaps' as hypothesis,
    'first responses within target, ' || segment as measure,
    segment,
    {{ difference_result('below') }}
from compared
order by segment desc
