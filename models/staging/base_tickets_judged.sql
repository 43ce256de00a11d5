-- Grain: one row for each raw ticket row that has a reason or shares its id. Question: may it be counted, and if not, why not?

with parsed as (
    select * from {{ ref('base_tickets_parsed') }}
    where has_no_reason is not true
),

-- A record with fields too many or too few has no trustworthy columns, so it gets no other reason.
checked as (
    select
        *,
        case
            when malformed_record is not null then 'malformed_row'
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
                creator_id asc nulls last,
                tag asc nulls last,
                first_response_time_minutes asc nulls last,
                message_text asc nulls last
        ) as version_rank
    from checked
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
