-- Grain: one row for each local day and channel. Question: which channels answer and resolve fast, by day created?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

channels as (
    select * from {{ ref('int_channels_listed') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

measured as (
    select
        days.day as created_day,
        channels.channel,
        {{ sla_aggregates() }}
    from days
    cross join channels
    left join tickets
        on
            days.day = tickets.created_day
            and channels.channel = tickets.channel
    group by days.day, channels.channel
),

final as (
    select
        measured.created_day,
        measured.channel,
        {{ sla_figures() }},
        {{ rate('measured.resolution_count', 'measured.tickets_created') }} as resolution_rate,
        {{ frt_7d_figures(partition_by='measured.channel') }},
        {{ is_mature('days.next_period_starts_at', 'channels.largest_sla_target_minutes') }} as is_mature
    from measured
    inner join days
        on measured.created_day = days.day
    inner join channels
        on measured.channel = channels.channel
    cross join clock
)

select * from final
