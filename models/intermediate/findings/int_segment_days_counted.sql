-- Grain: one row for each covered local day and segment: all tickets, each channel, category and AI topic.
-- Question: how many tickets came in that day in that segment, and how long did their creators wait?
-- The local day of as_of_at is not over and is left out.

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
    where is_covered
),

combinations as (
    select
        created_day,
        channel,
        category_effective,
        ai_topic,
        count(*) as tickets_created,
        {{ waiting_hours('resolution_time_minutes') }} as waiting_hours
    from tickets
    group by created_day, channel, category_effective, ai_topic
),

segmented as (
    {% for segment_type, column in [
        ('all', "'all'"), ('channel', 'channel'), ('category', 'category_effective'), ('topic', 'ai_topic')
    ] -%}
    select
        '{{ segment_type }}' as segment_type,
        {{ column }} as segment,
        created_day,
        sum(tickets_created) as tickets_created,
        {{ exact_sum('waiting_hours') }} as waiting_hours
    from combinations
    group by {{ column }}, created_day
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
        days.day,
        cast(coalesce(segmented.tickets_created, 0) as bigint) as tickets_created,
        coalesce(segmented.waiting_hours, 0) as waiting_hours
    from segments
    cross join days
    left join segmented
        on
            segments.segment_type = segmented.segment_type
            and segments.segment = segmented.segment
            and days.day = segmented.created_day
)

select * from final
