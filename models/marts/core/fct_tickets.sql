-- Grain: one row for each accepted ticket. Question: what is known of this ticket?

with tickets as (
    select * from {{ ref('int_tickets_measured') }}
),

final as (
    select
        ticket_id,
        creator_id,

        channel,
        status,
        tag,
        ai_category,
        ai_topic,
        ai_rationale,
        ai_source,
        ai_model,
        ai_prompt_version,
        ai_score_margin,
        category_effective,

        created_at,
        resolved_at,
        created_day,
        created_week,
        iso_week,
        left_backlog_day,

        first_response_time_minutes,
        resolution_time_minutes,

        is_resolved,
        is_open,
        is_closed_without_solution,
        is_fcr_strict,
        is_fcr_lenient,
        is_frt_sla_met,
        is_resolution_sla_met,

        message_text,

        has_user,
        country,
        plan,
        signup_date
    from tickets
)

select * from final
