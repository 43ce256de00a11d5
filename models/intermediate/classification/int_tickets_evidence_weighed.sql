-- Grain: one row for each ticket and rule that fired in it. Question: which rules decided on the ticket, with what weight?

with classified as (
    select * from {{ ref('int_tickets_classified') }}
),

weighed as (
    select * from {{ ref('int_evidence_sets_weighed') }}
),

final as (
    select
        classified.ticket_id,
        weighed.line_number,
        weighed.category,
        weighed.topic,
        weighed.evidence_text,
        weighed.hit_count,
        weighed.weight
    from classified
    inner join weighed
        on classified.evidence_set_id = weighed.evidence_set_id
)

select * from final
