-- If this fails, the quality of the AI labels is judged on other tickets than the tagged ones.

with tickets as (
    select
        count(tag) as tagged_count,
        count(case when tag = ai_category then 1 end) as agreed_count
    from {{ ref('fct_tickets') }}
),

totals as (
    select
        tickets.tagged_count,
        tickets.agreed_count,
        (select sum(tickets_count) from {{ ref('fct_ai_tag_confusion_matrix') }}) as matrix_count,
        (select sum(tickets_count) from {{ ref('fct_ai_tag_confusion_matrix') }} where tag = ai_category)
            as diagonal_count,
        (select sum(support_count) from {{ ref('fct_ai_tag_scores') }}) as support_count,
        (select sum(predicted_count) from {{ ref('fct_ai_tag_scores') }}) as predicted_count,
        (select sum(true_positive_count) from {{ ref('fct_ai_tag_scores') }}) as true_positive_count
    from tickets
)

select *
from totals
where
    matrix_count <> tagged_count
    or support_count <> tagged_count
    or predicted_count <> tagged_count
    or diagonal_count <> agreed_count
    or true_positive_count <> agreed_count
