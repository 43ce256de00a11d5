-- Grain: one row in all. Question: what is "now", which days does the data span, and how long do its periods ripen?
-- No model reads the wall clock: "now" is the var as_of_at, else the latest instant that the tickets know.

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

limits as (
    select {{ larger('max(frt_target_minutes)', 'max(resolution_target_minutes)') }} as largest_sla_target_minutes
    from sla_targets
),

spans as (
    select
        min(created_day) as first_day,
        max(created_day) as last_created_day,
        max(greatest(created_at, coalesce(resolved_at, created_at))) as latest_at
    from tickets
),

clock as (
    select
        first_day,
        last_created_day,
        latest_at,
        {% if var('as_of_at') %}
            {{ parse_instant("'" ~ var('as_of_at') | trim | replace("'", "''") ~ "'") }}
        {% else %}
            latest_at
        {% endif %} as as_of_at
    from spans
),

checked as (
    select
        first_day,
        last_created_day,
        {% if var('as_of_at') %}
        case
            when as_of_at is null
                then {{ fail_with("'as_of_at is not a timestamp: " ~ var('as_of_at') | replace("'", "''") ~ "'") }}
            when as_of_at < latest_at
                then {{ fail_with(
                    "'as_of_at ' || cast(as_of_at as " ~ dbt.type_string() ~ ") || ' is before ' || cast(latest_at as "
                    ~ dbt.type_string() ~ ") || ', an instant of ticket ' || (select min(ticket_id) from tickets"
                    ~ " where created_at = latest_at or resolved_at = latest_at)"
                ) }}
            else as_of_at
        end as as_of_at
        {% else %}
        as_of_at
        {% endif %}
    from clock
),

final as (
    select
        checked.as_of_at,
        {{ local_day('checked.as_of_at') }} as as_of_day,
        checked.first_day,
        least({{ days_after(local_day('checked.as_of_at'), -1) }}, checked.last_created_day) as covered_end_day,
        '{{ var('reporting_timezone') }}' as reporting_timezone,
        {{ var('min_tickets_for_percentile') }} as min_tickets_for_percentile,
        coalesce(limits.largest_sla_target_minutes, 0) as largest_sla_target_minutes
    from checked
    cross join limits
)

select * from final
