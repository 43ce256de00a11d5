-- Grain: one row for each accepted ticket. Question: which category and topic do the rules read in its text, and why?

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

decided as (
    select
        *,
        greatest(
            0
            {%- for category in var('ticket_categories') %},
            case when best_category <> '{{ category }}' then score_{{ category }} else 0 end
            {%- endfor %}
        ) as second_score
    from {{ ref('int_tickets_decided') }}
    where best_score > 0
),

final as (
    select
        tickets.ticket_id,
        coalesce(decided.best_category, 'others') as ai_category,
        coalesce(decided.best_topic, 'unclear') as ai_topic,
        case
            when decided.ticket_id is null then 'No rule speaks for a category, so it is read as others.'
            else
                'Read as ' || decided.best_category || ' (' || decided.best_topic || ') because of "'
                || {{ joined_texts('decided.best_evidence', '", "') }} || '".'
                || case
                    when decided.second_score > 0
                        then ' The next category has ' || cast(cast(decided.second_score as decimal(9, 2)) as {{ dbt.type_string() }}) || ' against '
                            || cast(cast(decided.best_score as decimal(9, 2)) as {{ dbt.type_string() }}) || ' for it.'
                    else ''
                end
        end as ai_rationale,
        'rules' as ai_source,
        coalesce(
            (decided.best_score - decided.second_score) / (decided.best_score + decided.second_score + 1), 0
        ) as ai_score_margin,
        {% for category in var('ticket_categories') %}
        coalesce(decided.score_{{ category }}, 0) as score_{{ category }}{{ ',' if not loop.last }}
        {% endfor %}
    from tickets
    left join decided
        on tickets.ticket_id = decided.ticket_id
)

select * from final
