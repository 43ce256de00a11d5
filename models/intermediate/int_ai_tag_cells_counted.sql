-- Grain: one row for each slice of the tickets and pair of tag and ai_category, all 16 of each slice.
-- Question: how often does each label meet each tag in the slice?

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

sliced as (
    {% for slice_type, slice_value in [('overall', "'all'"), ('channel', 'channel'), ('topic', 'ai_topic')] %}
    select
        '{{ slice_type }}' as slice_type,
        {{ slice_value }} as slice_value,
        tag,
        ai_category,
        sum(tickets_count) as tickets_count
    from counted
    group by 1, 2, 3, 4
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

slices as (
    select distinct
        slice_type,
        slice_value
    from sliced
),

final as (
    select
        slices.slice_type,
        slices.slice_value,
        tags.category as tag,
        labels.category as ai_category,
        cast(coalesce(sliced.tickets_count, 0) as bigint) as tickets_count
    from slices
    cross join categories as tags
    cross join categories as labels
    left join sliced
        on
            slices.slice_type = sliced.slice_type
            and slices.slice_value = sliced.slice_value
            and tags.category = sliced.tag
            and labels.category = sliced.ai_category
)

select * from final
