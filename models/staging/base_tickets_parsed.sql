-- Grain: one row for each raw ticket row. Question: what do the raw texts say, as typed values?
-- Values that cannot be read are null here; base_tickets_checked says why.

{{ config(pre_hook="{{ forget_rows_unlike(ref('base_tickets_fingerprinted')) }}") }}

with raw_tickets as (
    select * from {{ ref('base_tickets_fingerprinted') }} as raw_tickets
    where {{ is_missing_here('raw_tickets.trimmed_ticket_id') }}
),

trimmed as (
    select
        line_number,
        malformed_record,
        row_fingerprint,
        is_id_shared,
        ticket_id as raw_ticket_id,
        created_at as raw_created_at,
        resolved_at as raw_resolved_at,
        status as raw_status,
        channel as raw_channel,
        creator_id as raw_creator_id,
        tag as raw_tag,
        first_response_time as raw_first_response_time,
        message_text,
        trimmed_ticket_id as ticket_id,
        {{ trimmed('creator_id') }} as creator_id,
        lower({{ trimmed('status') }}) as status,
        lower({{ trimmed('channel') }}) as channel,
        lower({{ trimmed('tag') }}) as tag,
        {{ trimmed('created_at') }} as created_text,
        {{ trimmed('resolved_at') }} as resolved_text,
        {{ trimmed('first_response_time') }} as first_response_text
    from raw_tickets
),

final as (
    select
        *,
        {{ parse_instant('created_text') }} as created_at,
        {{ parse_instant('resolved_text') }} as resolved_at,
        {{ parse_number('first_response_text') }} as first_response_time_minutes
    from trimmed
)

select * from final
