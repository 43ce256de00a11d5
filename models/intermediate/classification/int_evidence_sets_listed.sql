-- Grain: one row for each list of evidence that any ticket has. Question: which combinations of evidence must be weighed?
-- Many tickets share one, so that scores and rationales are worked out once for all of them.

with found as (
    select * from {{ ref('int_tickets_evidence_found') }}
    where evidence_set_id is not null
),

final as (
    select distinct
        evidence_set_id,
        evidence
    from found
)

select * from final
