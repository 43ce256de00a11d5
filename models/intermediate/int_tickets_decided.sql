-- Grain: one row for each ticket that any rule speaks of. Question: which category has most for it, and what has each?
-- Ties: the category with the strongest single evidence, then the order of the var `ticket_categories`.

{% set ranking = ['score', 'strongest_weight', '-category_order'] %}

with scored as (
    select
        *,
        {{ category_order('category') }} as category_order
    from {{ ref('int_tickets_scored') }}
),

final as (
    select
        ticket_id,
        {{ value_at_greatest('category', ranking) }} as best_category,
        {{ value_at_greatest('topic', ranking) }} as best_topic,
        {{ value_at_greatest('strongest_evidence', ranking) }} as best_evidence,
        max(score) as best_score,
        {% for category in var('ticket_categories') %}
        coalesce(max(case when category = '{{ category }}' then score end), 0) as score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from scored
    group by ticket_id
)

select * from final
