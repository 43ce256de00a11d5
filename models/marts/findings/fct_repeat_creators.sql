-- Grain: one row for each creator with a repeated contact. Question: whom did support fail to help the first time, how
-- often, and with what? First who came back most beyond what coincidence brings to somebody who writes so often.

with contacts as (
    select * from {{ ref('int_contacts_followed') }}
    where is_observed
),

coincidences as (
    select * from {{ ref('int_coincidences_estimated') }}
),

tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

counted as (
    select
        creator_id,
        ai_topic,
        count(*) as resolved_count,
        count(case when is_repeated then 1 end) as repeated_count
    from contacts
    group by creator_id, ai_topic
),

repeated as (
    select
        counted.*,
        counted.resolved_count * coincidences.coincidence_rate as expected_repeated_count
    from counted
    inner join coincidences
        on
            counted.creator_id = coincidences.creator_id
            and counted.ai_topic = coincidences.ai_topic
),

summed as (
    select
        creator_id,
        cast(sum(resolved_count) as bigint) as resolved_count,
        cast(sum(repeated_count) as bigint) as repeated_count,
        {{ exact_sum('expected_repeated_count') }} as expected_repeated_count
    from repeated
    group by creator_id
    having sum(repeated_count) > 0
),

top_topics as (
    select
        creator_id,
        ai_topic,
        repeated_count,
        row_number() over (partition by creator_id order by repeated_count desc, ai_topic asc) as topic_rank
    from repeated
),

totals as (
    select
        creator_id,
        count(*) as tickets_created,
        count(case when is_open then 1 end) as open_count,
        max(plan) as plan,
        max(country) as country
    from tickets
    where creator_id is not null
    group by creator_id
),

final as (
    select
        row_number() over (
            order by
                summed.repeated_count - summed.expected_repeated_count desc,
                totals.tickets_created desc,
                summed.creator_id asc
        ) as creator_rank,
        summed.creator_id,
        totals.plan,
        totals.country,
        totals.tickets_created,
        totals.open_count,
        summed.resolved_count,
        summed.repeated_count,
        {{ rate('summed.repeated_count', 'summed.resolved_count') }} as repeat_rate,
        summed.expected_repeated_count,
        top_topics.ai_topic as top_topic,
        top_topics.repeated_count as top_topic_repeated_count
    from summed
    inner join totals
        on summed.creator_id = totals.creator_id
    inner join top_topics
        on
            summed.creator_id = top_topics.creator_id
            and top_topics.topic_rank = 1
)

select * from final
