-- Grain: one row for each evidence set. Question: which category has most for it, and what has each?
-- Ties: the category with the strongest single evidence, then the order of the var `ticket_categories`.

{% set ranking = ['score', 'strongest_weight', '-category_order'] %}

with scored as (
    select
        *,
        {{ category_order('category') }} as category_order
    from {{ ref('int_evidence_sets_scored') }}
),

final as (
    select
        evidence_set_id,
        {{ value_at_greatest('category', ranking) }} as best_category,
        {{ value_at_greatest('topic', ranking) }} as best_topic,
        {{ value_at_greatest('strongest_evidence', ranking) }} as best_evidence,
        max(score) as best_score,
        {% for category in var('ticket_categories') %}
        coalesce(max(case when category = '{{ category }}' then score end), 0) as score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from scored
    group by evidence_set_id
)

select * from final
