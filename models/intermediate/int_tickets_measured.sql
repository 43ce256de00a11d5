-- Grain: one row for each accepted ticket. Question: what became of the ticket, held against FCR limits and SLA targets?

{{ config(pre_hook=[
    "{{ forget_rows_of_other_settings(measuring_settings(ref('sla_targets')), 'SLA targets or limits') }}",
    "{{ forget_rows_that_ripened(ref('int_clock_derived')) }}",
    "{{ forget_rows_unlike(ref('int_tickets_enriched')) }}",
]) }}

with tickets as (
    select * from {{ ref('int_tickets_enriched') }} as tickets
    where {{ is_missing_here('tickets.ticket_id', among=ref('int_tickets_enriched')) }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

-- One row a ticket: what it is held against.
targeted as (
    select
        tickets.*,
        sla_targets.frt_target_minutes,
        sla_targets.resolution_target_minutes,
        clock.as_of_at,
        tickets.status in {{ text_list(open_statuses()) }} as is_open,
        tickets.status = 'closed_without_solution' as is_closed_without_solution
    from tickets
    cross join clock
    left join sla_targets
        on tickets.channel = sla_targets.channel
),

final as (
    select
        ticket_id,
        creator_id,

        channel,
        status,
        tag,
        message_text,
        ai_category,
        ai_topic,
        ai_rationale,
        ai_source,
        ai_model,
        ai_prompt_version,
        ai_score_margin,
        evidence_set_id,
        category_effective,
        country,
        plan,

        first_response_time_minutes,
        resolution_time_minutes,

        is_resolved,
        has_user,
        -- Said once, as it takes as long as reading all texts.
        {{ has_text('message_text') }} as has_text,

        created_at,
        resolved_at,
        created_day,
        created_week,
        {{ iso_week('created_week') }} as iso_week,
        signup_date,

        is_open,
        is_closed_without_solution,
        coalesce(is_resolved and resolution_time_minutes <= {{ fcr_strict_minutes() }}, false) as is_fcr_strict,
        coalesce(is_resolved and resolution_time_minutes <= {{ fcr_lenient_minutes() }}, false) as is_fcr_lenient,

        -- A ticket that waits has not missed its target until the target has passed.
        case
            when frt_target_minutes is null then null
            when first_response_time_minutes is not null then first_response_time_minutes <= frt_target_minutes
            when as_of_at > {{ minutes_after('created_at', 'frt_target_minutes') }} then false
        end as is_frt_sla_met,

        case
            when resolution_target_minutes is null then null
            when is_resolved then resolution_time_minutes <= resolution_target_minutes
            when is_closed_without_solution then false
            when {{ elapsed_whole_minutes('created_at', 'as_of_at') }} > resolution_target_minutes then false
        end as is_resolution_sla_met,

        -- A current-state export does not say when a ticket without a solution was closed.
        case
            when is_resolved then {{ local_day('resolved_at') }}
            when is_closed_without_solution then {{ local_day('coalesce(resolved_at, created_at)') }}
        end as left_backlog_day,

        as_of_at as measured_at,
        row_fingerprint,
        '{{ made_under(measuring_settings(ref("sla_targets"))) }}' as settings_fingerprint
    from targeted
)

select * from final
