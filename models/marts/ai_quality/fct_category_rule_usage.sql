-- Grain: one row for each category rule. Question: how often does the rule fire, how often alone, how often against the tag?

with rules as (
    select * from {{ ref('int_category_rules_ranked') }}
),

weighed as (
    select * from {{ ref('int_evidence_sets_weighed') }}
),

tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

-- Tickets of the same evidence have the same rules, so they are counted before the rules are looked up.
set_tags as (
    select
        evidence_set_id,
        tag,
        count(*) as tickets_count
    from tickets
    where evidence_set_id is not null
    group by evidence_set_id, tag
),

rules_in_set as (
    select
        evidence_set_id,
        count(*) as rules_count
    from weighed
    group by evidence_set_id
),

fired as (
    select
        weighed.line_number,
        sum(set_tags.tickets_count) as fired_count,
        sum(case when rules_in_set.rules_count = 1 then set_tags.tickets_count else 0 end) as fired_alone_count,
        sum(case when set_tags.tag is not null then set_tags.tickets_count else 0 end) as tagged_fired_count,
        sum(case when set_tags.tag <> weighed.category then set_tags.tickets_count else 0 end) as other_tag_count
    from weighed
    inner join rules_in_set
        on weighed.evidence_set_id = rules_in_set.evidence_set_id
    inner join set_tags
        on weighed.evidence_set_id = set_tags.evidence_set_id
    group by weighed.line_number
),

counted as (
    select
        rules.*,
        coalesce(fired.fired_count, 0) as fired_count,
        coalesce(fired.fired_alone_count, 0) as fired_alone_count,
        coalesce(fired.tagged_fired_count, 0) as tagged_fired_count,
        -- A rule that speaks against its category is contradicted where the tag is that category.
        coalesce(
            case when rules.weight > 0 then fired.other_tag_count else fired.tagged_fired_count - fired.other_tag_count end,
            0
        ) as against_tag_count
    from rules
    left join fired
        on rules.line_number = fired.line_number
),

final as (
    select
        line_number,
        category,
        topic,
        pattern,
        weight,
        purpose,
        cast(fired_count as bigint) as fired_count,
        cast(fired_alone_count as bigint) as fired_alone_count,
        cast(tagged_fired_count as bigint) as tagged_fired_count,
        cast(against_tag_count as bigint) as against_tag_count,
        {{ rate('against_tag_count', 'tagged_fired_count') }} as against_tag_rate
    from counted
)

select * from final
