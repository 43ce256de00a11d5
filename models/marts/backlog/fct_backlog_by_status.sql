-- Grain: one row for each open status, always both. Question: how many tickets wait at as_of_at, and for how long?

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

statuses as (
    {% for status in open_statuses() -%}
    select '{{ status }}' as status
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

open_tickets as (
    select
        tickets.ticket_id,
        tickets.status,
        {{ elapsed_hours('tickets.created_at', 'clock.as_of_at') }} as age_hours
    from tickets
    cross join clock
    where tickets.is_open
),

final as (
    select
        statuses.status,
        count(open_tickets.ticket_id) as open_count,
        {{ exact_avg('open_tickets.age_hours') }} as age_avg_hours,
        {{ percentile('open_tickets.age_hours', 0.5, [0.5, 0.95]) }} as age_median_hours,
        {{ percentile('open_tickets.age_hours', 0.95, [0.5, 0.95]) }} as age_p95_hours,
        max(open_tickets.age_hours) as age_max_hours,
        {{ count_between('open_tickets.age_hours', none, 24) }} as age_under_1d_count,
        {{ count_between('open_tickets.age_hours', 24, 72) }} as age_1d_to_3d_count,
        {{ count_between('open_tickets.age_hours', 72, 168) }} as age_3d_to_7d_count,
        {{ count_between('open_tickets.age_hours', 168, old_open_hours()) }} as age_7d_to_30d_count,
        {{ count_between('open_tickets.age_hours', old_open_hours(), none) }} as age_over_30d_count,
        {{ is_small_sample('count(open_tickets.ticket_id)') }} as is_small_sample
    from statuses
    left join open_tickets
        on statuses.status = open_tickets.status
    group by statuses.status
)

select * from final
