-- Grain: one row for each category rule. Question: how often does the rule fire, how often alone, how often against the tag?

with rules as (
    select * from {{ ref('int_category_rules_ranked') }}
),

weighed as (
    select * from {{ ref('int_tickets_evidence_weighed') }}
),

tickets as (
    select * from {{ ref('fct_tickets') }}
),

rules_in_ticket as (
    select
        ticket_id,
        count(*) as rules_count
    from weighed
    group by ticket_id
),

fired as (
    select
        weighed.line_number,
        count(*) as fired_count,
        sum(case when rules_in_ticket.rules_count = 1 then 1 else 0 end) as fired_alone_count,
        count(tickets.tag) as tagged_fired_count,
        sum(case when tickets.tag <> weighed.category then 1 else 0 end) as other_tag_count
    from weighed
    inner join rules_in_ticket
        on weighed.ticket_id = rules_in_ticket.ticket_id
    inner join tickets
        on weighed.ticket_id = tickets.ticket_id
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
