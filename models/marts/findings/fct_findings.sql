-- Grain: one row for each finding. Question: what happened that is worth telling, and what of it weighs most?
-- What could be chance is left out, by the test of its kind; open tickets are told of whenever there are any.

with incidents as (
    select * from {{ ref('fct_incidents') }}
),

trends as (
    select * from {{ ref('fct_topic_trends') }}
),

changes as (
    select * from {{ ref('int_changes_tested') }}
    where comparison = '4_weeks' and dimension = 'channel' and verdict in ('better', 'worse')
),

repeat_contacts as (
    select * from {{ ref('fct_repeat_contacts') }}
),

topic_texts as (
    select * from {{ ref('int_topic_texts_summed') }}
),

sla_misses as (
    select * from {{ ref('int_sla_misses_measured') }}
),

topic_costs as (
    select * from {{ ref('fct_topic_costs') }}
),

backlog as (
    select * from {{ ref('fct_backlog_daily') }}
),

backlog_ages as (
    select * from {{ ref('fct_backlog_by_status') }}
),

breaches_due as (
    select * from {{ ref('fct_sla_breaches_due') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

totals as (
    select * from {{ ref('int_finding_totals_summed') }}
),

-- Extra tickets of consecutive days, against the same weekdays around.
incident_findings as (
    select
        'incident' as kind,
        'topic' as subject_type,
        topic as subject,
        start_day,
        end_day,
        -- Tickets may only have come otherwise: by another channel, say.
        case
            when extra_tickets > 0 then extra_tickets
            else greatest(channel_extra_tickets, category_extra_tickets, topic_extra_tickets)
        end as tickets_count,
        extra_waiting_hours as waiting_hours,
        'extra_tickets' as measure,
        extra_tickets as estimate,
        extra_ci_low as ci_low,
        extra_ci_high as ci_high,
        expected_tickets as comparison_value,
        tickets_created as sample_count
    from incidents
),

-- The longest comparison that the data allows, incidents set aside. A category or topic is told of only where it grows
-- faster than the whole.
growth_findings as (
    select
        'growth' as kind,
        trends.segment_type as subject_type,
        trends.segment as subject,
        trends.now_start_day as start_day,
        clock.covered_end_day as end_day,
        trends.ordinary_change as tickets_count,
        trends.ordinary_change * totals.waiting_hours / totals.tickets_created as waiting_hours,
        'rate_ratio' as measure,
        trends.rate_ratio as estimate,
        trends.rate_ratio_ci_low as ci_low,
        trends.rate_ratio_ci_high as ci_high,
        case when trends.segment_type = 'all' then 1.0 else overall.rate_ratio end as comparison_value,
        trends.tickets_before + trends.tickets_now as sample_count
    from trends
    inner join trends as overall
        on
            trends.comparison = overall.comparison
            and overall.segment_type = 'all'
    cross join clock
    cross join totals
    where
        trends.trend = 'growing'
        and trends.before_start_day = (select min(earliest.before_start_day) from trends as earliest)
        and (
            trends.segment_type = 'all'
            or (trends.segment_type in ('category', 'topic') and trends.rate_ratio_ci_low > overall.rate_ratio_ci_high)
        )
),

-- tickets_count and waiting_hours are below 0 where creators are better off.
change_findings as (
    select
        'change' as kind,
        'all' as subject_type,
        metric as subject,
        now_start_day as start_day,
        now_end_day as end_day,
        case when metric = 'frt_avg_minutes' then 0.0 else -overall_change * tickets_count_now end as tickets_count,
        case when metric = 'frt_avg_minutes' then overall_change * tickets_count_now / 60.0 else 0.0 end as waiting_hours,
        metric as measure,
        overall_now as estimate,
        overall_before + overall_change_ci_low as ci_low,
        overall_before + overall_change_ci_high as ci_high,
        overall_before as comparison_value,
        tickets_count_before + tickets_count_now as sample_count
    from changes
),

-- More than coincidence brings. Without texts all tickets have one topic, and every next one would be a return.
repeat_findings as (
    select
        'repeat_contacts' as kind,
        'all' as subject_type,
        'all' as subject,
        clock.first_day as start_day,
        clock.as_of_day as end_day,
        repeat_contacts.repeated_count as tickets_count,
        repeat_contacts.repeated_count * totals.waiting_hours_per_resolved as waiting_hours,
        'repeat_rate' as measure,
        repeat_contacts.repeat_rate as estimate,
        repeat_contacts.repeat_ci_low as ci_low,
        repeat_contacts.repeat_ci_high as ci_high,
        repeat_contacts.slower_repeat_rate as comparison_value,
        repeat_contacts.resolved_count as sample_count
    from repeat_contacts
    cross join clock
    cross join totals
    where
        repeat_contacts.segment_type = 'all'
        and repeat_contacts.repeat_ci_low * repeat_contacts.resolved_count > repeat_contacts.expected_repeated_count
        and (select count(*) from topic_texts) > 0
),

missed_findings as (
    select
        'sla_missed' as kind,
        sla_misses.segment_type as subject_type,
        sla_misses.segment as subject,
        clock.first_day as start_day,
        clock.as_of_day as end_day,
        sla_misses.missed_count as tickets_count,
        sla_misses.hours_late as waiting_hours,
        'frt_missed_rate' as measure,
        {{ rate('sla_misses.missed_count', 'sla_misses.applicable_count') }} as estimate,
        sla_misses.missed_ci_low as ci_low,
        sla_misses.missed_ci_high as ci_high,
        sla_misses.overall_missed_rate as comparison_value,
        sla_misses.applicable_count as sample_count
    from sla_misses
    cross join clock
    where sla_misses.is_above_others
),

-- waiting_hours is what they wait beyond the average of all tickets.
slow_findings as (
    select
        'slow_category' as kind,
        'category' as subject_type,
        topic_costs.segment as subject,
        clock.first_day as start_day,
        clock.as_of_day as end_day,
        topic_costs.tickets_created as tickets_count,
        topic_costs.resolved_count * (topic_costs.waiting_avg_hours - totals.waiting_hours_per_resolved)
            as waiting_hours,
        'waiting_avg_hours' as measure,
        topic_costs.waiting_avg_hours as estimate,
        topic_costs.waiting_avg_ci_low as ci_low,
        topic_costs.waiting_avg_ci_high as ci_high,
        totals.waiting_hours_per_resolved as comparison_value,
        topic_costs.resolved_count as sample_count
    from topic_costs
    cross join clock
    cross join totals
    where
        topic_costs.period = 'all'
        and topic_costs.segment_type = 'category'
        and topic_costs.waiting_avg_ci_low > totals.waiting_hours_per_resolved
        and not topic_costs.is_resolution_small_sample
),

-- The share of all tickets so far that is open, now and four weeks ago.
backlog_shares as (
    select
        day,
        closing_count,
        sum(created_count) over (order by day asc rows between unbounded preceding and current row) as created_so_far
    from backlog
),

open_now as (
    select
        sum(open_count) as open_count,
        {{ exact_sum('open_count * age_avg_hours') }} as age_hours
    from backlog_ages
),

backlog_findings as (
    select
        'backlog' as kind,
        'all' as subject_type,
        'all' as subject,
        clock.as_of_day as start_day,
        clock.as_of_day as end_day,
        open_now.open_count as tickets_count,
        open_now.age_hours as waiting_hours,
        'open_share' as measure,
        {{ rate('open_now.open_count', 'totals.tickets_created') }} as estimate,
        {{ wilson_bound('low', 'open_now.open_count', 'totals.tickets_created') }} as ci_low,
        {{ wilson_bound('high', 'open_now.open_count', 'totals.tickets_created') }} as ci_high,
        {{ rate('earlier.closing_count', 'earlier.created_so_far') }} as comparison_value,
        totals.tickets_created as sample_count
    from open_now
    cross join clock
    cross join totals
    left join backlog_shares as earlier
        on earlier.day = {{ days_after('clock.as_of_day', -28) }}
    where open_now.open_count > 0
),

-- A count of what will be, not an estimate: no interval.
due_findings as (
    select
        'breaches_due' as kind,
        'all' as subject_type,
        'all' as subject,
        clock.as_of_day as start_day,
        clock.as_of_day as end_day,
        breaches_due.due_count as tickets_count,
        0.0 as waiting_hours,
        'due_within_24_hours' as measure,
        breaches_due.due_count as estimate,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        breaches_due.tickets_count as comparison_value,
        breaches_due.tickets_count as sample_count
    from (
        select
            count(case when hours_left <= 24 then 1 end) as due_count,
            count(*) as tickets_count
        from breaches_due
    ) as breaches_due
    cross join clock
    where breaches_due.due_count > 0
),

gathered as (
    {% for findings in [
        'incident_findings', 'growth_findings', 'change_findings', 'repeat_findings', 'missed_findings',
        'slow_findings', 'backlog_findings', 'due_findings',
    ] -%}
    select * from {{ findings }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

shared as (
    select
        gathered.*,
        abs(gathered.tickets_count) / totals.tickets_created as ticket_share,
        case
            when gathered.kind not in ('backlog', 'breaches_due')
                then abs(gathered.waiting_hours) / nullif(totals.waiting_hours, 0)
        end as waiting_share
    from gathered
    cross join totals
),

weighed as (
    select
        *,
        {{ effect_score('ticket_share', 'waiting_share') }} as effect_score
    from shared
),

final as (
    select
        row_number() over (
            order by effect_score desc nulls last, kind asc, subject_type asc, subject asc, start_day asc
        ) as finding_rank,
        kind,
        subject_type,
        subject,
        start_day,
        end_day,
        cast(tickets_count as double) as tickets_count,
        waiting_hours,
        measure,
        cast(estimate as double) as estimate,
        ci_low,
        ci_high,
        cast(comparison_value as double) as comparison_value,
        cast(sample_count as bigint) as sample_count,
        effect_score
    from weighed
)

select * from final
