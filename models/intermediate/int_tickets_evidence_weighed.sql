-- Grain: one row for each ticket and rule that fired in it. Question: how much does the rule weigh there?

with found as (
    select * from {{ ref('int_tickets_evidence_found') }}
),

matched as (
    select * from {{ ref('int_evidence_matched') }}
),

evidence_unnested as (
    select
        ticket_id,
        {{ row_for_each('evidence') }} as evidence
    from found
),

final as (
    select
        evidence_unnested.ticket_id,
        matched.line_number,
        matched.category,
        matched.topic,
        min(matched.evidence_text) as evidence_text,
        count(*) as hit_count,
        {{ repeated_weight('max(matched.weight)', 'count(*)') }} as weight
    from evidence_unnested
    inner join matched
        on evidence_unnested.evidence = matched.evidence
    group by
        evidence_unnested.ticket_id,
        matched.line_number,
        matched.category,
        matched.topic
)

select * from final
