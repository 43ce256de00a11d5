-- Grain: one row for each local day since the first snapshot and open status. Question: how many tickets waited in which
-- status at the end of the day, as far as a build had seen it?

with history as (
    select * from {{ ref('ticket_status_history') }}
),

days as (
    select * from {{ ref('int_days_spined') }}
),

statuses as (
    {% for status in open_statuses() -%}
    select '{{ status }}' as status
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

observed_days as (
    -- Before the first snapshot nobody looked: those days are no rows, rather than zeros.
    select
        day,
        next_period_starts_at
    from days
    where next_period_starts_at > (select min(dbt_valid_from) from history)
),

final as (
    select
        observed_days.day,
        statuses.status,
        count(history.ticket_id) as open_count
    from observed_days
    cross join statuses
    left join history
        on
            statuses.status = history.status
            and observed_days.next_period_starts_at > history.dbt_valid_from
            and (history.dbt_valid_to is null or observed_days.next_period_starts_at <= history.dbt_valid_to)
    group by observed_days.day, statuses.status
)

select * from final
