-- Grain: one row for each channel that tickets came on. Question: which channels does every channel mart have,
-- and after how many minutes can no SLA verdict of a channel change any more?
-- A channel without a target has no verdicts; its other figures wait as long as the slowest channel's.

with tickets as (
    select * from {{ ref('stg_tickets') }}
),

sla_targets as (
    select * from {{ ref('sla_targets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

channels as (
    select distinct channel
    from tickets
),

final as (
    select
        channels.channel,
        coalesce(
            {{ larger('sla_targets.frt_target_minutes', 'sla_targets.resolution_target_minutes') }},
            clock.largest_sla_target_minutes
        ) as largest_sla_target_minutes
    from channels
    cross join clock
    left join sla_targets
        on channels.channel = sla_targets.channel
)

select * from final
