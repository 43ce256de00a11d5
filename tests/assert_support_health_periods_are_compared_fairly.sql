-- If this fails, a period of support health is compared with one of another length, or a change is not the difference.
-- The counts of last_28d and last_7d, and of the periods before, are taken again from the daily marts.

{% set rates_that_ripen = {
    'fcr_strict_rate': 'is_fcr_mature',
    'fcr_lenient_rate': 'is_fcr_mature',
    'frt_sla_met_rate': 'is_sla_mature',
    'resolution_sla_met_rate': 'is_sla_mature',
} %}
{% set metrics = [] %}
{% if execute %}
    {% for column in adapter.get_columns_in_relation(ref('fct_support_health')) if column.name.endswith('_change') %}
        {% do metrics.append(column.name[:-7]) %}
    {% endfor %}
{% endif %}

with health as (
    select
        *,
        case period when 'last_28d' then 28 when 'last_7d' then 7 end as days
    from {{ ref('fct_support_health') }}
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

recounted as (
    select
        health.period,
        coalesce(sum(case
            when daily.created_day between health.period_start_day and health.period_end_day
                then daily.tickets_created
        end), 0) as tickets_created,
        coalesce(sum(case
            when {{ dbt.datediff('daily.created_day', 'health.period_start_day', 'day') }} between 1 and health.days
                then daily.tickets_created
        end), 0) as tickets_created_previous
    from health
    cross join {{ ref('fct_tickets_daily') }} as daily
    group by health.period
)

select
    health.period,
    health.period_start_day,
    health.period_end_day
from health
cross join clock
inner join recounted
    on health.period = recounted.period
where
    health.tickets_created <> recounted.tickets_created
    or health.tickets_created_previous <> recounted.tickets_created_previous
    or {{ dbt.datediff('health.period_end_day', 'clock.as_of_day', 'day') }}
        <> case when health.period = 'all' then 0 else 1 end
    or {{ dbt.datediff('health.period_start_day', 'health.period_end_day', 'day') }} + 1 <> health.days
    or (health.tickets_created_previous is null) <> (
        health.period = 'all'
        or {{ dbt.datediff('clock.first_day', 'health.period_start_day', 'day') }} < health.days
    )
    {% for metric in metrics -%}
    or health.{{ metric }}_change is distinct from
    {%- if metric in rates_that_ripen %}
        case when health.{{ rates_that_ripen[metric] }} then health.{{ metric }} - health.{{ metric }}_previous end
    {%- else %} health.{{ metric }} - health.{{ metric }}_previous
    {%- endif %}
    {% endfor %}
