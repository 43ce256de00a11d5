-- Grain: one row for each evidence set and category that rules speak of. Question: how much speaks for it, and what?

with weighed as (
    select * from {{ ref('int_evidence_sets_weighed') }}
),

final as (
    select
        evidence_set_id,
        category,
        {{ exact_sum('weight') }} as score,
        max(weight) as strongest_weight,
        {{ value_at_greatest('topic', ['weight', '-line_number']) }} as topic,
        {{ texts_at_greatest('evidence_text', 'weight', 3) }} as strongest_evidence
    from weighed
    group by
        evidence_set_id,
        category
)

select * from final
