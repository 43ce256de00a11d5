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
            when has_no_reason then ''
            else {{ ticket_reasons() }}
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
                creator_id asc,
                tag asc,
                first_response_time_minutes asc,
                message_text asc
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
