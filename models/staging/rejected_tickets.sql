-- Grain: one row for each raw ticket row that may not be counted. Question: which rows were left out, and why?

with judged as (
    select * from {{ ref('base_tickets_judged') }}
),

final as (
    select
        line_number,
        reasons,
        raw_ticket_id as ticket_id,
        raw_created_at as created_at,
        raw_resolved_at as resolved_at,
        raw_status as status,
        raw_channel as channel,
        raw_creator_id as creator_id,
        raw_tag as tag,
        raw_first_response_time as first_response_time,
        message_text,
        malformed_record
    from judged
    where reasons <> ''
)

select * from final
