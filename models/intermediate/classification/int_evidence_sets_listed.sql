-- Grain: one row for each list of evidence that any ticket has. Question: which combinations of evidence must be weighed?
-- Many tickets share one, so that scores and rationales are worked out once for all of them.

with found as (
    select * from {{ ref('int_tickets_evidence_found') }}
    where {{ list_length('evidence') }} > 0
),

sets as (
    select
        evidence,
        count(*) as tickets_count
    from found
    group by evidence
),

final as (
    select
        row_number() over (order by evidence) as evidence_set_id,
        evidence,
        tickets_count
    from sets
)

select * from final
