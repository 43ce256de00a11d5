-- Grain: one row for each evidence set. Question: which category and topic do the rules read in it, and why?

with decided as (
    select * from {{ ref('int_evidence_sets_decided') }}
),

explained as (
    select * from {{ ref('int_evidence_sets_explained') }}
),

joined as (
    select
        decided.*,
        explained.topic,
        explained.quoted_evidence,
        explained.evidence_set_id is not null as is_decided
    from decided
    left join explained
        on decided.evidence_set_id = explained.evidence_set_id
),

final as (
    select
        evidence_set_id,
        case when is_decided then best_category else 'others' end as ai_category,
        case when is_decided then topic else 'unclear' end as ai_topic,
        case
            when is_decided
                then
                    'Read as ' || best_category || ' (' || topic || ') because of ' || quoted_evidence || '.'
                    || case
                        when second_score > 0
                            then ' The next category has ' || {{ two_decimals('second_score') }} || ' against '
                                || {{ two_decimals('best_score') }} || ' for it.'
                        else ''
                    end
            else {{ no_category_rationale() }}
        end as ai_rationale,
        case when is_decided then (best_score - second_score) / (best_score + second_score + 1) else 0 end
            as ai_score_margin,
        {% for category in var('ticket_categories') %}
        score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from joined
)

select * from final
