-- Grain: one row for each week and channel. Question: which channels answer and resolve fast, by week created?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

weeks as (
    select * from {{ ref('int_weeks_spined') }}
),

channels as (
    select * from {{ ref('int_channels_listed') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

measured as (
    select
        weeks.week as created_week,
        channels.channel,
        {{ sla_aggregates() }}
    from weeks
    cross join channels
    left join tickets
        on
            weeks.week = tickets.created_week
            and channels.channel = tickets.channel
    group by weeks.week, channels.channel
),

final as (
    select
        measured.created_week,
        measured.channel,
        weeks.iso_week,
        weeks.days_in_data,
        {{ sla_figures() }},
        {{ rate('measured.resolution_count', 'measured.tickets_created') }} as resolution_rate,
        weeks.is_whole
        and {{ is_mature('weeks.next_period_starts_at', 'channels.largest_sla_target_minutes') }} as is_mature
    from measured
    inner join weeks
        on measured.created_week = weeks.week
    inner join channels
        on measured.channel = channels.channel
    cross join clock
)

select * from final
