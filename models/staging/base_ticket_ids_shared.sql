-- Grain: one row for each trimmed ticket_id that several raw rows have. Question: which raw rows may be the same ticket twice?
-- A table, as an engine that knows how few they are can look each row up in memory.

with raw_tickets as (
    select * from {{ ref('tickets_raw') }}
),

trimmed as (
    select {{ trimmed('ticket_id') }} as ticket_id
    from raw_tickets
),

final as (
    select ticket_id
    from trimmed
    where ticket_id is not null
    group by ticket_id
    having count(*) > 1
)

select * from final
