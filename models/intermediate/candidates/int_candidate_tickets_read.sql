-- Grain: one row for each ticket that is searched for missing categories. Question: what does it say that no rule knows, and how doubtful is its label?
-- Past the var candidate_sample_size an arbitrary, always equal sample of tickets stands for all.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

evidence_sets as (
    select * from {{ ref('int_evidence_sets_listed') }}
),

sampled as (
    select
        ticket_id,
        created_day,
        message_text,
        ai_category,
        ai_score_margin,
        evidence_set_id
    from tickets
    where has_text
    order by {{ text_hash('ticket_id') }} asc
    limit {{ var('candidate_sample_size') }}
),

redacted as (
    select
        *,
        {{ redact_text('message_text') }} as text_redacted
    from sampled
),

-- What stands in for a redacted item, such as [email], is no word of the ticket.
worded as (
    select
        *,
        {{ regex_replace_all(plain_text('text_redacted'), '\\[[a-z]+\\]', '|') }} as plain
    from redacted
),

-- An LLM gives no margin; what it calls others has no category, the rest it is sure of.
doubted as (
    select
        worded.*,
        coalesce(evidence_sets.evidence, {{ no_texts() }}) as evidence,
        worded.ai_category = 'others'
        or coalesce(worded.ai_score_margin < {{ var('thin_score_margin') }}, false) as is_unplaced,
        1 - coalesce(
            worded.ai_score_margin, case when worded.ai_category = 'others' then 0 else 1 end
        ) as doubt
    from worded
    left join evidence_sets
        on worded.evidence_set_id = evidence_sets.evidence_set_id
),

final as (
    select
        ticket_id,
        created_day,
        text_redacted,
        {{ words_without_evidence(words_apart('plain'), 'evidence') }} as unknown_words,  -- noqa: PRS
        is_unplaced,
        doubt
    from doubted
)

select * from final
