-- Grain: one row for each creator and AI topic of their tickets with a text. Question: how likely does the creator write
-- about the topic within 7 days of any instant, by coincidence?
-- As if the creator's other tickets were spread evenly over the data, and over topics as those of all creators are.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
    where creator_id is not null and has_text
),

clock as (
    select
        cast({{ dbt.datediff('first_day', 'as_of_day', 'day') }} + 1 as double) as days_count
    from {{ ref('int_clock_derived') }}
),

counted as (
    select
        creator_id,
        ai_topic,
        cast(count(*) as double) as tickets_count
    from tickets
    group by creator_id, ai_topic
),

totalled as (
    select
        creator_id,
        ai_topic,
        sum(tickets_count) over (partition by creator_id) as creator_tickets_count,
        sum(tickets_count) over (partition by ai_topic) / sum(tickets_count) over () as topic_share
    from counted
),

final as (
    select
        totalled.creator_id,
        totalled.ai_topic,
        1 - exp(
            -{{ repeat_contact_days() }} * (totalled.creator_tickets_count - 1) / clock.days_count * totalled.topic_share
        ) as coincidence_rate
    from totalled
    cross join clock
)

select * from final
