-- Grain: one row for each evidence set. Question: which category has most for it, and how much has the next one?
-- Ties: the category with the strongest single evidence, then the order of the var `ticket_categories`.

{% set categories = var('ticket_categories') %}

with scored as (
    select * from {{ ref('int_evidence_sets_scored') }}
),

best as (
    select
        *,
        case
            {% for category in categories[:-1] %}
            when
                {% for other in categories if other != category -%}
                (
                    score_{{ category }} > score_{{ other }}
                    or (
                        score_{{ category }} = score_{{ other }}
                        and strongest_weight_{{ category }} >= strongest_weight_{{ other }}
                    )
                )
                {{- ' and' if not loop.last }}
                {% endfor -%}
                then '{{ category }}'
            {% endfor -%}
            else '{{ categories[-1] }}'
        end as best_category
    from scored
),

final as (
    select
        evidence_set_id,
        best_category,
        greatest(score_{{ categories | join(', score_') }}) as best_score,
        greatest(
            0
            {%- for category in categories %},
            case when best_category <> '{{ category }}' then score_{{ category }} else 0 end
            {%- endfor %}
        ) as second_score,
        {% for category in categories %}
        score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from best
)

select * from final
