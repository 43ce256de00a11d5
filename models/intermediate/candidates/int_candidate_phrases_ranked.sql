-- Grain: one row for each candidate. Question: which phrases most look like a category or topic that is missing?

with phrases as (
    select * from {{ ref('int_candidate_phrases_collapsed') }}
),

measured as (
    select
        *,
        log_odds / log_odds_error as log_odds_z,
        {{ rate('recent_count', 'unplaced_recent_count') }}
        / nullif({{ rate('earlier_count', 'unplaced_earlier_count') }}, 0) as growth_ratio,
        (recent_count + {{ candidate_growth_prior() }}) / (
            tickets_count * {{ rate('unplaced_recent_count', '(unplaced_recent_count + unplaced_earlier_count)') }}
            + {{ candidate_growth_prior() }}
        ) as growth_weight
    from phrases
    where log_odds > 0
),

scored as (
    select
        *,
        sqrt(tickets_count) * log_odds_z * growth_weight as candidate_score
    from measured
),

ranked as (
    select
        *,
        row_number() over (order by candidate_score desc, tickets_count desc, phrase asc) as candidate_rank
    from scored
),

final as (
    select
        candidate_rank,
        phrase,
        words_count,
        tickets_count,
        all_tickets_count,
        recent_count,
        earlier_count,
        unplaced_recent_count,
        unplaced_earlier_count,
        growth_ratio,
        log_odds,
        log_odds_z,
        candidate_score,
        first_day,
        last_day
    from ranked
    where candidate_rank <= {{ var('candidate_count') }}
)

select * from final
