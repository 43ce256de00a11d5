-- Grain: one row for each recurring phrase that no rule knows. Question: which category or topic does the taxonomy lack?

with candidates as (
    select * from {{ ref('int_candidate_phrases_ranked') }}
),

growth as (
    select * from {{ ref('int_candidate_growth_found') }}
),

tickets as (
    select * from {{ ref('int_candidate_tickets_matched') }}
),

searched as (
    select
        count(*) as searched_tickets_count,
        count(case when is_unplaced then 1 end) as unplaced_tickets_count
    from {{ ref('int_candidate_tickets_read') }}
),

all_tickets as (
    select count(case when has_text then 1 end) as tickets_with_text_count
    from {{ ref('int_tickets_measured') }}
),

examples as (
    select
        phrase,
        {{ joined_texts(texts_at_greatest('ticket_id', '-latest_rank', 3), ', ') }} as example_ticket_ids,
        {{ joined_texts(texts_at_greatest('substr(text_redacted, 1, 300)', '-latest_rank', 3), ' | ') }} as example_texts_redacted
    from tickets
    where latest_rank <= 3
    group by phrase
),

final as (
    select
        candidates.candidate_rank,
        candidates.phrase,
        candidates.words_count,
        candidates.tickets_count,
        candidates.all_tickets_count,
        candidates.log_odds,
        candidates.log_odds_z,
        candidates.recent_count,
        candidates.unplaced_recent_count,
        candidates.earlier_count,
        candidates.unplaced_earlier_count,
        candidates.growth_ratio,
        candidates.candidate_score,
        candidates.first_day,
        candidates.last_day,
        growth.growth_start_week,
        growth.growth_end_week,
        growth.growth_tickets_count,
        growth.growth_expected_count,
        examples.example_ticket_ids,
        examples.example_texts_redacted,
        searched.unplaced_tickets_count,
        searched.searched_tickets_count,
        all_tickets.tickets_with_text_count,
        searched.searched_tickets_count < all_tickets.tickets_with_text_count as is_sampled
    from candidates
    inner join growth
        on candidates.phrase = growth.phrase
    inner join examples
        on candidates.phrase = examples.phrase
    cross join searched
    cross join all_tickets
)

select * from final
