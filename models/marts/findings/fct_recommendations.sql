-- Grain: one row for each recommendation rule that applies. Question: what should be done, by whom, and what would it save?
-- A rule of the seed recommendation_rules applies where its figure is at least its limit, so none comes without a figure;
-- figures of too few tickets, of topics without texts, and of differences that can be chance are none.

with rules as (
    select * from {{ ref('recommendation_rules') }}
),

-- Of several incidents that a topic surely carried, the one that it carried most.
worst_incidents as (
    select
        *,
        row_number() over (
            partition by segment order by extra_ratio desc nulls last, incident_number asc
        ) as incident_rank
    from {{ ref('fct_incident_segments') }} as segments
    where segment_type = 'topic' and {{ is_above_usual('segments') }} and not {{ is_small_sample('tickets_created') }}
),

topic_texts as (
    select * from {{ ref('int_topic_texts_summed') }}
),

repeat_contacts as (
    select * from {{ ref('fct_repeat_contacts') }}
    where segment_type = 'topic' and return_level = 'above'
),

sla_misses as (
    select * from {{ ref('int_sla_misses_measured') }}
),

old_open_tickets as (
    select * from {{ ref('int_old_open_tickets_summed') }}
),

totals as (
    select * from {{ ref('int_finding_totals_summed') }}
),

figures as (
    select
        'topic' as scope,
        segment,
        'incident_share' as figure,
        extra_ratio as figure_value,
        extra_tickets as tickets_count,
        extra_waiting_hours as waiting_hours
    from worst_incidents
    where incident_rank = 1
    union all
    {% for figure, measure, total, sample in [
        ('ticket_share', 'tickets_count', 'tickets_created', 'tickets_count'),
        ('waiting_share', 'waiting_hours', 'waiting_hours', 'resolved_count'),
    ] -%}
    select
        'topic' as scope,
        topic_texts.topic as segment,
        '{{ figure }}' as figure,
        {{ rate('topic_texts.' ~ measure, 'totals.' ~ total) }} as figure_value,
        topic_texts.tickets_count,
        topic_texts.waiting_hours
    from topic_texts
    cross join totals
    where not {{ is_small_sample('topic_texts.' ~ sample) }}
    union all
    {% endfor -%}
    select
        'topic' as scope,
        repeat_contacts.segment,
        'repeat_rate' as figure,
        repeat_contacts.repeat_rate as figure_value,
        repeat_contacts.repeated_count as tickets_count,
        repeat_contacts.repeated_count * topic_texts.waiting_hours / nullif(topic_texts.resolved_count, 0)
            as waiting_hours
    from repeat_contacts
    inner join topic_texts
        on repeat_contacts.segment = topic_texts.topic
    union all
    -- Slow weekdays are one finding, and one thing to do.
    select
        segment_type as scope,
        case when segment_type = 'weekday' then 'slow' else segment end as segment,
        'frt_missed_rate' as figure,
        {{ rate('sum(missed_count)', 'sum(applicable_count)') }} as figure_value,
        sum(missed_count) as tickets_count,
        {{ exact_sum('hours_late') }} as waiting_hours
    from sla_misses
    where segment_type <> 'weekday' or is_above_others
    group by segment_type, case when segment_type = 'weekday' then 'slow' else segment end
    having not {{ is_small_sample('sum(applicable_count)') }}
    union all
    select
        'backlog' as scope,
        'all' as segment,
        'old_open_share' as figure,
        {{ rate('old_open_tickets.old_open_count', 'totals.tickets_created') }} as figure_value,
        old_open_tickets.old_open_count as tickets_count,
        old_open_tickets.age_hours as waiting_hours
    from old_open_tickets
    cross join totals
    where not {{ is_small_sample('totals.tickets_created') }}
),

applied as (
    select
        rules.*,
        figures.figure_value,
        figures.tickets_count,
        figures.waiting_hours,
        totals.tickets_created as all_tickets_created,
        totals.waiting_hours as all_waiting_hours,
        {{ rate('figures.tickets_count', 'totals.tickets_created') }} as ticket_share,
        case when figures.scope <> 'backlog' then figures.waiting_hours / nullif(totals.waiting_hours, 0) end
            as waiting_share
    from rules
    inner join figures
        on
            rules.scope = figures.scope
            and rules.segment = figures.segment
            and rules.trigger = figures.figure
    cross join totals
    where figures.figure_value >= rules.min_value
),

final as (
    select
        row_number() over (
            order by
                {{ effect_score('ticket_share', 'waiting_share') }} desc, scope asc, segment asc, trigger asc
        ) as recommendation_rank,
        scope,
        segment,
        trigger,
        min_value,
        figure_value,
        cast(tickets_count as double) as tickets_count,
        all_tickets_created,
        ticket_share,
        waiting_hours,
        all_waiting_hours,
        waiting_share,
        owner,
        action
    from applied
)

select * from final
