-- Grain: one row for each evidence set with a category that has something for it. Question: which topic is it, and which
-- wordings say so?

with decided as (
    select * from {{ ref('int_evidence_sets_decided') }}
),

weighed as (
    select * from {{ ref('int_evidence_sets_weighed') }}
),

ranked as (
    select
        weighed.evidence_set_id,
        weighed.topic,
        weighed.evidence_text,
        row_number() over (
            partition by weighed.evidence_set_id
            order by weighed.weight desc, weighed.line_number asc
        ) as evidence_rank
    from decided
    inner join weighed
        on
            decided.evidence_set_id = weighed.evidence_set_id
            and decided.best_category = weighed.category
    where
        decided.best_score > 0
        -- What speaks against the category is no reason for it.
        and weighed.weight > 0
),

final as (
    select
        evidence_set_id,
        max(case when evidence_rank = 1 then topic end) as topic,
        max(case when evidence_rank = 1 then '"' || evidence_text || '"' end)
        {%- for rank in [2, 3] %}
        || coalesce(max(case when evidence_rank = {{ rank }} then ', "' || evidence_text || '"' end), '')
        {%- endfor %} as quoted_evidence
    from ranked
    group by evidence_set_id
)

select * from final
