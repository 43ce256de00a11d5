-- Grain: one row for each pair of tag and ai_category, all of them. Question: where does the AI label differ from the agent's tag?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

categories as (
    select * from {{ ref('int_categories_listed') }}
),

cells as (
    select
        tags.category as tag,
        labels.category as ai_category
    from categories as tags
    cross join categories as labels
),

counted as (
    select
        cells.tag,
        cells.ai_category,
        count(tickets.ticket_id) as tickets_count
    from cells
    left join tickets
        on
            cells.tag = tickets.tag
            and cells.ai_category = tickets.ai_category
    group by cells.tag, cells.ai_category
),

totalled as (
    select
        *,
        cast(sum(tickets_count) over (partition by tag) as bigint) as tag_tickets_count
    from counted
),

final as (
    select
        tag,
        ai_category,
        tickets_count,
        tag_tickets_count,
        {{ rate('tickets_count', 'tag_tickets_count') }} as tag_share
    from totalled
)

select * from final
