-- Grain: one row for each accepted ticket. Question: which tickets may be counted, in clean types?

with checked as (
    select * from {{ ref('base_tickets_checked') }}
),

accepted as (
    select
        *,
        coalesce(status = 'resolved' and resolved_at is not null, false) as is_resolved,
        {{ local_day('created_at') }} as created_day
    from checked
    where reasons = ''
),

final as (
    select
        ticket_id,
        creator_id,

        channel,
        status,
        tag,
        message_text,

        first_response_time_minutes,
        case when is_resolved then {{ elapsed_whole_minutes('created_at', 'resolved_at') }} end
            as resolution_time_minutes,

        is_resolved,

        created_at,
        resolved_at,
        created_day,
        {{ week_start('created_day') }} as created_week,

        row_fingerprint
    from accepted
)

select * from final
