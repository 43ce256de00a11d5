-- Grain: one row for each row of the seed category_rules. Question: can this rule be used, and if not, why not?

with rules as (
    select * from {{ ref('category_rules') }}
),

parsed as (
    select
        line_number,
        category,
        topic,
        pattern,
        purpose,
        weight as weight_text,
        malformed_record,
        {{ parse_number('weight') }} as weight,
        min(line_number) over (partition by pattern) as first_line_number,
        -- What is left without escapes and character classes shows the groups.
        {{ regex_replace_all('pattern', '\\\\.|\\[[^\\]]*\\]', '') }} as bare_pattern,
        {{ rule_regex('pattern') }} as regex
    from rules
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
        case
            when malformed_record is not null then 'has not as many fields as the header, or a quote that is never closed'
            when category is null or category not in {{ text_list(var('ticket_categories')) }}
                then 'category must be one of {{ var("ticket_categories") | join(", ") }}'
            when topic is null or not {{ regex_matches_whole('topic', topic_pattern()) }}
                then 'topic must be a name of at most 40 lower-case letters, digits and _'
            when weight is null or weight = 0 or abs(weight) > 10
                then 'weight must be a number from -10 to 10, not 0; it is ' || coalesce(weight_text, 'empty')
            when pattern is null then 'pattern is empty'
            when {{ regex_contains('pattern', '[^ -~]') }} or {{ regex_contains('bare_pattern', '[A-Z_]') }}
                then 'pattern must be lower-case ASCII without _, as the text it is matched with'
            when {{ regex_contains('pattern', '^ | $|  |\\[[^\\]]* ') }}
                then 'pattern must have single blanks, between words only'
            when {{ regex_contains('bare_pattern', '\\((?:[^?]|\\?[^:]|$)') }}
                then 'pattern must not have capturing groups, look-around or flags: write (?:...)'
            when not {{ is_readable_regex('regex') }} then 'pattern is not a regular expression'
            when {{ regex_matches_nothing('regex') }} then 'pattern matches the empty text'
            when line_number > first_line_number
                then 'pattern is already in line ' || cast(first_line_number as {{ dbt.type_string() }})
            when purpose is null then 'purpose is empty: say what the rule is for'
        end as problem
    from parsed
)

select * from final
