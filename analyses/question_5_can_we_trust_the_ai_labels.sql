-- Question: can we trust the AI labels?
-- Method: on tickets that an agent tagged, how often the AI category is the agent's (accuracy), how often a label is right
-- when given (precision), and how many tickets of a category it finds (recall); Wilson intervals.
-- Reading: agents err too, so agreement bounds trust from below only if their tags are right. Untagged tickets, for which
-- the label is used, may be harder than tagged ones.

with scores as (
    select * from {{ ref('fct_ai_tag_scores') }}
),

counted as (
    select
        'agrees with the tag' as measure,
        'all tickets' as segment,
        sum(true_positive_count) as right_count,
        sum(support_count) as checked_count
    from scores
    union all
    select
        'is right when given' as measure,
        'category ' || category as segment,
        true_positive_count as right_count,
        predicted_count as checked_count
    from scores
    union all
    select
        'finds the tickets tagged so' as measure,
        'category ' || category as segment,
        true_positive_count as right_count,
        support_count as checked_count
    from scores
)

select
    measure,
    segment,
    {{ rate('right_count', 'checked_count') }} as estimate,
    {{ wilson_bound('low', 'right_count', 'checked_count') }} as ci_low,
    {{ wilson_bound('high', 'right_count', 'checked_count') }} as ci_high,
    'share' as unit,
    cast(checked_count as bigint) as tickets_count,
    {{ rate('checked_count', "max(case when measure = 'agrees with the tag' then checked_count end) over ()") }} as share,
    cast(null as double) as p_value,
    cast(checked_count - right_count as {{ dbt.type_string() }})
    || case when measure = 'finds the tickets tagged so' then ' missed' else ' wrong' end as reading
from counted
order by measure, segment
