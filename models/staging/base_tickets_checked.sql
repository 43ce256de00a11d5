-- Grain: one row for each raw ticket row. Question: may this row be counted, and if not, why not?

with parsed as (
    select * from {{ ref('base_tickets_parsed') }}
),

-- A record with fields too many or too few has no trustworthy columns, so it gets no other reason.
checked as (
    select
        *,
        case
            when malformed_record is not null then 'malformed_row'
            else concat_ws(
                '|',
                case when first_response_time_minutes < 0 then 'first_response_time_negative' end,
                case
                    when first_response_text is not null and first_response_time_minutes is null
                        then 'first_response_time_not_a_number'
                end,
                case
                    when first_response_time_minutes > {{ max_first_response_minutes() }}
                        then 'first_response_time_too_large'
                end,
                case
                    when channel is null or channel not in {{ text_list(var('ticket_channels')) }}
                        then 'invalid_channel'
                end,
                case
                    when status is null or status not in {{ text_list(var('ticket_statuses')) }}
                        then 'invalid_status'
                end,
                case when tag not in {{ text_list(var('ticket_categories')) }} then 'invalid_tag' end,
                case when created_text is null then 'missing_created_at' end,
                case when ticket_id is null then 'missing_ticket_id' end,
                case when resolved_at < created_at then 'resolved_before_created' end,
                case
                    when status = 'resolved' and resolved_text is null then 'resolved_without_resolved_at'
                end,
                case
                    when created_text is not null and created_at is null then 'unparseable_created_at'
                end,
                case
                    when resolved_text is not null and resolved_at is null then 'unparseable_resolved_at'
                end
            )
        end as own_reasons
    from parsed
),

-- Only rows without a reason of their own compete for a ticket_id. The columns after line_number decide
-- between rows of an input that has no lines, so that the same input always keeps the same row.
ranked as (
    select
        *,
        row_number() over (
            partition by own_reasons = '', ticket_id
            order by
                resolved_at desc nulls last,
                created_at desc,
                line_number asc nulls last,
                status asc,
                channel asc,
                creator_id asc nulls last,
                tag asc nulls last,
                first_response_time_minutes asc nulls last,
                message_text asc nulls last
        ) as version_rank
    from checked
    where is_id_shared
    union all
    select
        *,
        1 as version_rank
    from checked
    where is_id_shared is not true
),

final as (
    select
        *,
        case
            when own_reasons = '' and version_rank > 1 then 'duplicate_ticket_id'
            else own_reasons
        end as reasons
    from ranked
)

select * from final
