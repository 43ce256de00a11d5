-- Question: whose labels agree more often with agents' tags, the LLM's or the rules'?
-- Method: the same tagged tickets, labelled by both, by model and prompt version, in all and for each tag: how often each
-- agrees (Wilson intervals), on how many tickets only one of them does, and McNemar's test of these two counts, corrected for
-- continuity.
-- Reading: leave out rows whose prompt_version ends in -tagged: these prompts show the tag, so that the LLM may have agreed
-- with what it was told. A small p_value says that the difference is not chance; tags are not always right.

with labels as (
    select * from {{ ref('int_ai_labels_matched') }}
    where label_state = 'current'
),

by_rules as (
    select * from {{ ref('int_tickets_classified') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
    where tag is not null
),

compared as (
    select
        labels.model,
        labels.prompt_version,
        tickets.tag,
        labels.ai_category = tickets.tag as is_llm_right,
        by_rules.ai_category = tickets.tag as is_rules_right
    from labels
    inner join tickets
        on labels.ticket_id = tickets.ticket_id
    inner join by_rules
        on labels.ticket_id = by_rules.ticket_id
),

sliced as (
    select
        model,
        prompt_version,
        'all' as tag,
        is_llm_right,
        is_rules_right
    from compared
    union all
    select * from compared
),

counted as (
    select
        model,
        prompt_version,
        tag,
        count(*) as tickets_count,
        count(case when is_llm_right then 1 end) as llm_agreed_count,
        count(case when is_rules_right then 1 end) as rules_agreed_count,
        count(case when is_llm_right and not is_rules_right then 1 end) as only_llm_count,
        count(case when is_rules_right and not is_llm_right then 1 end) as only_rules_count
    from sliced
    group by model, prompt_version, tag
)

select
    model,
    prompt_version,
    tag,
    tickets_count,
    llm_agreed_count,
    {{ rate('llm_agreed_count', 'tickets_count') }} as llm_accuracy_rate,
    {{ wilson_bound('low', 'llm_agreed_count', 'tickets_count') }} as llm_ci_low,
    {{ wilson_bound('high', 'llm_agreed_count', 'tickets_count') }} as llm_ci_high,
    rules_agreed_count,
    {{ rate('rules_agreed_count', 'tickets_count') }} as rules_accuracy_rate,
    {{ wilson_bound('low', 'rules_agreed_count', 'tickets_count') }} as rules_ci_low,
    {{ wilson_bound('high', 'rules_agreed_count', 'tickets_count') }} as rules_ci_high,
    only_llm_count,
    only_rules_count,
    case
        when only_llm_count + only_rules_count > 0
            then least(1, {{ two_sided_p(
                '(greatest(0, abs(only_llm_count - only_rules_count) - 1) / sqrt(only_llm_count + only_rules_count))'
            ) }})
    end as p_value
from counted
order by model, prompt_version, tag = 'all' desc, tag
