-- Grain: one row for each phrase that enough unplaced tickets share. Question: how often, since when, and how much more where labels are in doubt?

with tickets as (
    select
        *,
        case when is_unplaced then created_day end as unplaced_day
    from {{ ref('int_candidate_tickets_read') }}
),

found as (
    select * from {{ ref('int_candidate_phrases_found') }}
),

clock as (
    select {{ days_after('as_of_day', '-' ~ candidate_recent_days()) }} as last_earlier_day
    from {{ ref('int_clock_derived') }}
),

totals as (
    select
        count(*) as all_count,
        count(tickets.unplaced_day) as unplaced_count,
        count(case when tickets.unplaced_day > clock.last_earlier_day then 1 end) as unplaced_recent_count,
        {{ exact_sum('tickets.doubt') }} as doubt
    from tickets
    cross join clock
),

counted as (
    select
        found.phrase,
        max(found.words_count) as words_count,
        count(*) as all_tickets_count,
        count(tickets.unplaced_day) as tickets_count,
        count(case when tickets.unplaced_day > clock.last_earlier_day then 1 end) as recent_count,
        min(tickets.unplaced_day) as first_day,
        max(tickets.unplaced_day) as last_day,
        {{ exact_sum('tickets.doubt') }} as doubt
    from found
    inner join tickets
        on found.ticket_id = tickets.ticket_id
    cross join clock
    group by found.phrase
    having count(tickets.unplaced_day) >= {{ var('candidate_min_tickets') }}
),

final as (
    select
        counted.phrase,
        counted.words_count,
        counted.tickets_count,
        counted.all_tickets_count,
        counted.recent_count,
        counted.tickets_count - counted.recent_count as earlier_count,
        totals.unplaced_recent_count,
        totals.unplaced_count - totals.unplaced_recent_count as unplaced_earlier_count,
        counted.first_day,
        counted.last_day,
        {{ log_odds('counted.doubt', 'totals.doubt', 'counted.all_tickets_count', 'totals.all_count') }} as log_odds,
        {{ log_odds_error('counted.doubt', 'counted.all_tickets_count') }} as log_odds_error
    from counted
    cross join totals
)

select * from final
