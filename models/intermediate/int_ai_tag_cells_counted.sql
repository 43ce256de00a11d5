-- Grain: one row for each segment of the tickets and pair of tag and ai_category, all pairs of each segment.
-- Question: how often does each label meet each tag in the segment?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

categories as (
    select * from {{ ref('int_categories_listed') }}
),

counted as (
    select
        channel,
        ai_topic,
        tag,
        ai_category,
        count(*) as tickets_count
    from tickets
    group by channel, ai_topic, tag, ai_category
),

segmented as (
    {% for segment_type, segment in [('all', "'all'"), ('channel', 'channel'), ('topic', 'ai_topic')] %}
    select
        '{{ segment_type }}' as segment_type,
        {{ segment }} as segment,
        tag,
        ai_category,
        sum(tickets_count) as tickets_count
    from counted
    group by {{ segment }}, tag, ai_category
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

segments as (
    select distinct
        segment_type,
        segment
    from segmented
),

final as (
    select
        segments.segment_type,
        segments.segment,
        tags.category as tag,
        labels.category as ai_category,
        cast(coalesce(segmented.tickets_count, 0) as bigint) as tickets_count
    from segments
    cross join categories as tags
    cross join categories as labels
    left join segmented
        on
            segments.segment_type = segmented.segment_type
            and segments.segment = segmented.segment
            and tags.category = segmented.tag
            and labels.category = segmented.ai_category
)

select * from final
