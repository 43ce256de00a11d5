-- Grain: one row for each evidence set. Question: how much speaks for each category?

with weighed as (
    select * from {{ ref('int_evidence_sets_weighed') }}
),

final as (
    select
        evidence_set_id,
        {% for category in var('ticket_categories') %}
        {%- set weight = "case when category = '" ~ category ~ "' then weight end" -%}
        coalesce({{ exact_sum(weight) }}, 0) as score_{{ category }},
        coalesce(max({{ weight }}), 0) as strongest_weight_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from weighed
    group by evidence_set_id
)

select * from final
