-- Grain: one row for each evidence set and rule that fired in it. Question: how much does the rule weigh there?

with evidence_sets as (
    select * from {{ ref('int_evidence_sets_listed') }}
),

matched as (
    select * from {{ ref('int_evidence_matched') }}
),

evidence_unnested as (
    select
        evidence_set_id,
        {{ row_for_each('evidence') }} as evidence
    from evidence_sets
),

final as (
    select
        evidence_unnested.evidence_set_id,
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
        evidence_unnested.evidence_set_id,
        matched.line_number,
        matched.category,
        matched.topic
)

select * from final
