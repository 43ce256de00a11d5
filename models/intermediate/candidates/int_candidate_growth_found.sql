-- Grain: one row for each candidate. Question: in which weeks did it come up most above its usual share of the unplaced tickets?
-- The run of weeks whose tickets most exceed what that share makes of all unplaced tickets of those weeks. Sums are of
-- whole numbers: everything is multiplied by the number of unplaced tickets.

with candidates as (
    select * from {{ ref('int_candidate_phrases_ranked') }}
),

tickets as (
    select * from {{ ref('int_candidate_tickets_matched') }}
),

unplaced_weeks as (
    select
        {{ week_start('created_day') }} as week,
        count(*) as unplaced_count
    from {{ ref('int_candidate_tickets_read') }}
    where is_unplaced
    group by {{ week_start('created_day') }}
),

matched_weeks as (
    select
        phrase,
        created_week,
        count(*) as tickets_count
    from tickets
    group by phrase, created_week
),

counted as (
    select
        candidates.phrase,
        candidates.tickets_count as all_count,
        unplaced_weeks.week,
        unplaced_weeks.unplaced_count,
        coalesce(matched_weeks.tickets_count, 0) as tickets_count
    from candidates
    cross join unplaced_weeks
    left join matched_weeks
        on
            candidates.phrase = matched_weeks.phrase
            and unplaced_weeks.week = matched_weeks.created_week
),

summed as (
    select
        phrase,
        all_count,
        week,
        tickets_count,
        unplaced_count,
        sum(tickets_count) over (partition by phrase order by week asc) as tickets_so_far,
        sum(unplaced_count) over (partition by phrase order by week asc) as unplaced_so_far,
        sum(unplaced_count) over (partition by phrase) as all_unplaced_count
    from counted
),

runs as (
    select
        last_weeks.phrase,
        first_weeks.week as growth_start_week,
        last_weeks.week as growth_end_week,
        last_weeks.tickets_so_far - first_weeks.tickets_so_far + first_weeks.tickets_count as growth_tickets_count,
        first_weeks.all_count * (
            last_weeks.unplaced_so_far - first_weeks.unplaced_so_far + first_weeks.unplaced_count
        ) as scaled_expected_count,
        last_weeks.all_unplaced_count
    from summed as first_weeks
    inner join summed as last_weeks
        on
            first_weeks.phrase = last_weeks.phrase
            and first_weeks.week <= last_weeks.week
),

ranked as (
    select
        *,
        row_number() over (
            partition by phrase
            order by
                growth_tickets_count * all_unplaced_count - scaled_expected_count desc,
                growth_start_week asc,
                growth_end_week asc
        ) as run_rank
    from runs
),

final as (
    select
        phrase,
        growth_start_week,
        growth_end_week,
        cast(growth_tickets_count as bigint) as growth_tickets_count,
        {{ rate('scaled_expected_count', 'all_unplaced_count') }} as growth_expected_count
    from ranked
    where run_rank = 1
)

select * from final
