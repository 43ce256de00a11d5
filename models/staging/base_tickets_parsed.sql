-- Grain: one row for each raw ticket row. Question: what do the raw texts say, as typed values?
-- Values that cannot be read are null here; base_tickets_judged says why.

{{ config(pre_hook=[
    "{{ forget_rows_of_other_settings(ticket_reasons_settings(), 'channels, statuses or categories') }}",
    "{{ forget_rows_unlike(ref('base_tickets_fingerprinted'), 'trimmed_ticket_id') }}",
]) }}

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

parsed as (
    select
        *,
        {{ parse_instant('created_text') }} as created_at,
        {{ parse_instant('resolved_text') }} as resolved_at,
        {{ parse_number('first_response_text') }} as first_response_time_minutes
    from trimmed
),

judged as (
    select
        *,
        malformed_record is null and is_id_shared is not true and {{ ticket_reasons() }} = '' as has_no_reason
    from parsed
),

-- Texts as written are for people who look for a rejected row; of the others they would only take space.
final as (
    select
        line_number,
        malformed_record,
        row_fingerprint,
        is_id_shared,
        has_no_reason,
        {% for column in [
            'raw_ticket_id', 'raw_created_at', 'raw_resolved_at', 'raw_status', 'raw_channel', 'raw_creator_id', 'raw_tag',
            'raw_first_response_time', 'created_text', 'resolved_text', 'first_response_text',
        ] -%}
        case when not has_no_reason then {{ column }} end as {{ column }},
        {% endfor -%}
        message_text,
        ticket_id,
        creator_id,
        status,
        channel,
        tag,
        created_at,
        resolved_at,
        first_response_time_minutes,
        '{{ made_under(ticket_reasons_settings()) }}' as settings_fingerprint
    from judged
)

select * from final
