-- Grain: one row for each evidence set. Question: which category and topic do the rules read in it, and why?

with evidence_sets as (
    select * from {{ ref('int_evidence_sets_listed') }}
),

decided as (
    select
        *,
        greatest(
            0
            {%- for category in var('ticket_categories') %},
            case when best_category <> '{{ category }}' then score_{{ category }} else 0 end
            {%- endfor %}
        ) as second_score,
        best_score > 0 as is_decided
    from {{ ref('int_evidence_sets_decided') }}
),

final as (
    select
        evidence_sets.evidence_set_id,
        case when decided.is_decided then decided.best_category else 'others' end as ai_category,
        case when decided.is_decided then decided.best_topic else 'unclear' end as ai_topic,
        case
            when decided.is_decided
                then
                    'Read as ' || decided.best_category || ' (' || decided.best_topic || ') because of "'
                    || {{ joined_texts('decided.best_evidence', '", "') }} || '".'
                    || case
                        when decided.second_score > 0
                            then ' The next category has ' || {{ two_decimals('decided.second_score') }} || ' against '
                                || {{ two_decimals('decided.best_score') }} || ' for it.'
                        else ''
                    end
            else {{ no_category_rationale() }}
        end as ai_rationale,
        case
            when decided.is_decided
                then (decided.best_score - decided.second_score) / (decided.best_score + decided.second_score + 1)
            else 0
        end as ai_score_margin,
        {% for category in var('ticket_categories') %}
        decided.score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from evidence_sets
    inner join decided
        on evidence_sets.evidence_set_id = decided.evidence_set_id
)

select * from final
