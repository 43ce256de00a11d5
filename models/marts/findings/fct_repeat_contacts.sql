-- Grain: one row for each segment: all tickets, each AI topic. Question: how often does a creator come back about the
-- same topic within 7 days of a resolution, after a fast one more often than after a slow one, and about which topics more
-- often than about the others? What coincidence brings is set aside. A topic against all others, pooled; p-values are
-- corrected (Holm) over the topics.

with followed as (
    select * from {{ ref('int_contacts_followed') }}
    where is_observed
),

coincidences as (
    select * from {{ ref('int_coincidences_estimated') }}
),

contacts as (
    select
        followed.*,
        coincidences.coincidence_rate
    from followed
    inner join coincidences
        on
            followed.creator_id = coincidences.creator_id
            and followed.ai_topic = coincidences.ai_topic
),

{% set counts -%}
        count(*) as resolved_count,
        count(case when is_repeated then 1 end) as repeated_count,
        {{ exact_sum('coincidence_rate') }} as expected_repeated_count,
        count(distinct creator_id) as creators_count,
        count(distinct case when is_repeated then creator_id end) as repeating_creators_count,
        count(case when is_fcr_strict then 1 end) as fcr_strict_count,
        count(case when is_fcr_strict and is_repeated then 1 end) as fcr_strict_repeated_count,
        {{ percentile('case when is_repeated then hours_until_next end', 0.5) }} as hours_until_next_median
{%- endset %}

counted as (
    select
        'all' as segment_type,
        'all' as segment,
        {{ counts }}
    from contacts
    having count(*) > 0
    union all
    select
        'topic' as segment_type,
        ai_topic as segment,
        {{ counts }}
    from contacts
    group by ai_topic
),

compared as (
    select
        *,
        repeated_count - expected_repeated_count as excess_count,
        sum(case when segment_type = 'all' then resolved_count end) over () as all_resolved_count,
        sum(case when segment_type = 'all' then repeated_count end) over () as all_repeated_count,
        sum(case when segment_type = 'all' then repeated_count - expected_repeated_count end) over () as all_excess_count
    from counted
),

scored as (
    select
        *,
        case
            when segment_type = 'topic' and not {{ is_small_sample('resolved_count') }}
                then (
                    {{ rate('excess_count', 'resolved_count') }}
                    - {{ rate('(all_excess_count - excess_count)', '(all_resolved_count - resolved_count)') }}
                ) / nullif(sqrt(
                    {{ rate('all_repeated_count', 'all_resolved_count') }}
                    * (1 - {{ rate('all_repeated_count', 'all_resolved_count') }})
                    * (1.0 / resolved_count + 1.0 / nullif(all_resolved_count - resolved_count, 0))
                ), 0)
        end as score
    from compared
),

tested as (
    select
        *,
        {{ two_sided_p('score') }} as p_value
    from scored
),

factored as (
    select
        *,
        {{ holm_factor('p_value') }} as factored_p
    from tested
),

corrected as (
    select
        *,
        {{ holm_p('factored_p', 'p_value') }} as p_value_holm
    from factored
),

final as (
    select
        segment_type,
        segment,
        resolved_count,
        repeated_count,
        {{ rate('repeated_count', 'resolved_count') }} as repeat_rate,
        {{ wilson_bound('low', 'repeated_count', 'resolved_count') }} as repeat_ci_low,
        {{ wilson_bound('high', 'repeated_count', 'resolved_count') }} as repeat_ci_high,
        expected_repeated_count,
        creators_count,
        repeating_creators_count,
        {{ rate('repeating_creators_count', 'creators_count') }} as repeating_creators_rate,
        fcr_strict_count,
        fcr_strict_repeated_count,
        {{ rate('fcr_strict_repeated_count', 'fcr_strict_count') }} as fcr_strict_repeat_rate,
        resolved_count - fcr_strict_count as slower_count,
        repeated_count - fcr_strict_repeated_count as slower_repeated_count,
        {{ rate('(repeated_count - fcr_strict_repeated_count)', '(resolved_count - fcr_strict_count)') }}
            as slower_repeat_rate,
        hours_until_next_median,
        p_value,
        p_value_holm,
        case
            when p_value is null then null
            when p_value_holm >= {{ significance_level() }} then 'usual'
            when score > 0 then 'above'
            else 'below'
        end as return_level
    from corrected
)

select * from final
