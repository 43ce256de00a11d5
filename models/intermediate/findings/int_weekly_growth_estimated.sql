-- Grain: one row for each week. Question: by what share does the number of tickets grow a week, around this week?
-- Theil-Sen: the median slope of the logarithm over all pairs of whole weeks up to 8 weeks away, so that an incident
-- does not look like growth. 0 with fewer than 15 pairs (6 weeks); never beyond 10% a week.

with days_counted as (
    select * from {{ ref('int_segment_days_counted') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

counted as (
    select
        {{ week_start('day') }} as week,
        ln(sum(tickets_created) + 0.5) as log_tickets
    from days_counted
    where segment_type = 'all'
    group by {{ week_start('day') }}
    having count(*) = 7
),

paired as (
    select
        weeks.week,
        (later.log_tickets - earlier.log_tickets)
        / ({{ dbt.datediff('earlier.week', 'later.week', 'day') }} / 7.0) as growth_per_week
    from weeks
    inner join counted as earlier
        on earlier.week between {{ days_after('weeks.week', -56) }} and {{ days_after('weeks.week', 56) }}
    inner join counted as later
        on
            earlier.week < later.week
            and later.week <= {{ days_after('weeks.week', 56) }}
),

estimated as (
    select
        week,
        count(*) as pairs_count,
        {{ percentile('growth_per_week', 0.5) }} as growth_per_week
    from paired
    group by week
),

final as (
    select
        weeks.week,
        case
            when estimated.pairs_count >= 15
                then greatest(-0.1, least(0.1, estimated.growth_per_week))
            else 0.0
        end as growth_per_week
    from weeks
    left join estimated
        on weeks.week = estimated.week
)

select * from final
