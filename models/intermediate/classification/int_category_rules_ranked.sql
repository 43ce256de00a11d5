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

usable as (
    select
        *,
        {{ shortest_match('pattern') }} as shortest_match
    from rules
    where
        case
            when (select count(*) from first_problem) = 0 then true
            else {{ fail_with('(select message from first_problem)') }}
        end
),

counted as (
    select
        *,
        length(shortest_match) - length(replace(shortest_match, ' ', '')) as blanks
    from usable
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
        row_number() over (order by blanks desc, length(pattern) desc, pattern) as rule_rank
    from counted
)

select * from final
