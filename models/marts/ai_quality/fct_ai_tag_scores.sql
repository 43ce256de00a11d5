-- Grain: one row for each category. Question: how far can the AI label of this category be trusted, held against agents' tags?

with confusion_matrix as (
    select * from {{ ref('fct_ai_tag_confusion_matrix') }}
),

categories as (
    select * from {{ ref('int_categories_listed') }}
),

counted as (
    select
        categories.category,
        sum(case when matrix.tag = categories.category and matrix.ai_category = categories.category
            then matrix.tickets_count else 0 end) as true_positive_count,
        sum(case when matrix.ai_category = categories.category then matrix.tickets_count else 0 end)
            as predicted_count,
        sum(case when matrix.tag = categories.category then matrix.tickets_count else 0 end) as support_count
    from categories
    cross join confusion_matrix as matrix
    group by categories.category
),

final as (
    select
        category,
        cast(true_positive_count as bigint) as true_positive_count,
        cast(predicted_count as bigint) as predicted_count,
        cast(support_count as bigint) as support_count,
        {{ rate('true_positive_count', 'predicted_count') }} as precision,
        {{ rate('true_positive_count', 'support_count') }} as recall,
        {{ rate('2 * true_positive_count', '(predicted_count + support_count)') }} as f1
    from counted
)

select * from final
