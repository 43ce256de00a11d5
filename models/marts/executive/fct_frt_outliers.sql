-- Grain: one row for each of the slowest first responses. Question: which tickets waited longest for an answer?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

-- Taken before ranking: an engine keeps a short list without sorting all tickets.
slowest as (
    select *
    from tickets
    where first_response_time_minutes is not null
    order by first_response_time_minutes desc, created_at asc, ticket_id asc
    limit {{ var('outlier_count') }}
),

final as (
    select
        ticket_id,
        row_number() over (
            order by first_response_time_minutes desc, created_at asc, ticket_id asc
        ) as outlier_rank,
        channel,
        status,
        category_effective,
        created_at,
        first_response_time_minutes,
        {{ redact_text('message_text') }} as message_text_redacted
    from slowest
)

select * from final
