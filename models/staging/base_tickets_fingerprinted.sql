-- Grain: one row for each raw ticket row. Question: is this row the same as in the last build?
-- Rows that share a ticket_id are judged together, so they have no fingerprint and are read anew in every build.

with raw_tickets as (
    select * from {{ ref('tickets_raw') }}
),

shared_ids as (
    select * from {{ ref('base_ticket_ids_shared') }}
),

trimmed as (
    select
        *,
        {{ trimmed('ticket_id') }} as trimmed_ticket_id
    from raw_tickets
),

final as (
    select
        trimmed.line_number,
        trimmed.malformed_record,
        trimmed.ticket_id,
        trimmed.created_at,
        trimmed.resolved_at,
        trimmed.status,
        trimmed.channel,
        trimmed.creator_id,
        trimmed.tag,
        trimmed.first_response_time,
        trimmed.message_text,
        trimmed.trimmed_ticket_id,
        shared_ids.ticket_id is not null as is_id_shared,
        case
            when shared_ids.ticket_id is null
                then {{ fingerprint([
                    'trimmed.ticket_id', 'trimmed.created_at', 'trimmed.resolved_at', 'trimmed.status', 'trimmed.channel',
                    'trimmed.creator_id', 'trimmed.tag', 'trimmed.first_response_time', 'trimmed.message_text',
                    'trimmed.line_number', 'trimmed.malformed_record',
                ]) }}
        end as row_fingerprint
    from trimmed
    left join shared_ids
        on trimmed.trimmed_ticket_id = shared_ids.ticket_id
)

select * from final
