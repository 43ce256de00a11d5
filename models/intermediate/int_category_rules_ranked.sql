-- Grain: one row for each rule. Question: in which order are the rules looked for?
-- Fails when a row of the seed cannot be used.

with rules as (
    select * from {{ ref('int_category_rules_checked') }}
),

first_problem as (
    select
        'seeds/category_rules.csv line ' || cast(line_number as {{ dbt.type_string() }})
        || coalesce(', pattern ' || pattern, '') || ': ' || problem || '. Correct or delete the line.' as message
    from rules
    where problem is not null
    order by line_number
    limit 1
),

final as (
    select
        line_number,
        category,
        topic,
        pattern,
        weight,
        purpose,
        regex,
        -- More words first, so that phrases outrank words; then the longer pattern.
        row_number() over (
            order by length(pattern) - length(replace(pattern, ' ', '')) desc, length(pattern) desc, pattern
        ) as rule_rank
    from rules
    where
        case
            when (select count(*) from first_problem) = 0 then true
            else {{ fail_with('(select message from first_problem)') }}
        end
)

select * from final
