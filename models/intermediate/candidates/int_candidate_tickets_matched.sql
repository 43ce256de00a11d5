-- Grain: one row for each candidate and unplaced ticket that says it. Question: which tickets speak of the candidate, the latest first?

with candidates as (
    select * from {{ ref('int_candidate_phrases_ranked') }}
),

found as (
    select * from {{ ref('int_candidate_phrases_found') }}
),

tickets as (
    select * from {{ ref('int_candidate_tickets_read') }}
),

final as (
    select
        candidates.phrase,
        tickets.ticket_id,
        tickets.created_day,
        {{ week_start('tickets.created_day') }} as created_week,
        tickets.text_redacted,
        row_number() over (
            partition by candidates.phrase order by tickets.created_day desc, tickets.ticket_id asc
        ) as latest_rank
    from candidates
    inner join found
        on candidates.phrase = found.phrase
    inner join tickets
        on found.ticket_id = tickets.ticket_id
    where tickets.is_unplaced
)

select * from final
