{#-
  First response, resolution and SLA figures of a group of tickets: a select list over the columns of
  fct_tickets under the name `tickets`. The four fct_sla_* models and support health share it, so that a
  daily, a weekly and a channel figure cannot mean different things. Outer-join safe: a period without
  tickets has counts of 0 and null averages.
-#}
{% macro sla_aggregates() -%}
    {%- set both = [0.5, 0.95] -%}
    count(tickets.ticket_id) as tickets_created,

    count(tickets.first_response_time_minutes) as frt_count,
    {{ exact_sum('tickets.first_response_time_minutes') }} as frt_sum_minutes,
    {{ exact_avg('tickets.first_response_time_minutes') }} as frt_avg_minutes,
    {{ percentile('tickets.first_response_time_minutes', 0.5, both) }} as frt_median_minutes,
    {{ percentile('tickets.first_response_time_minutes', 0.95, both) }} as frt_p95_minutes,

    count(tickets.resolution_time_minutes) as resolution_count,
    sum(cast(tickets.resolution_time_minutes as double)) as resolution_sum_minutes,
    avg(tickets.resolution_time_minutes) as resolution_avg_minutes,
    {{ percentile('cast(tickets.resolution_time_minutes as double)', 0.5, both) }} as resolution_median_minutes,
    {{ percentile('cast(tickets.resolution_time_minutes as double)', 0.95, both) }} as resolution_p95_minutes,

    count(tickets.is_frt_sla_met) as frt_sla_applicable_count,
    count(case when tickets.is_frt_sla_met then 1 end) as frt_sla_met_count,
    count(tickets.is_resolution_sla_met) as resolution_sla_applicable_count,
    count(case when tickets.is_resolution_sla_met then 1 end) as resolution_sla_met_count
{%- endmacro %}


{#- Both averages of the first response over 7 days of `measured`: each day, or each ticket, weighs the same. -#}
{% macro frt_7d_figures(partition_by=none) -%}
    {%- set day = 'measured.created_day' -%}
    {{ over_7_days('avg(measured.frt_avg_minutes)', day, partition_by) }} as frt_avg_7d_minutes,
    {{ over_7_days('sum(measured.frt_sum_minutes)', day, partition_by) }}
    / nullif({{ over_7_days('sum(measured.frt_count)', day, partition_by) }}, 0) as frt_ticket_weighted_7d_minutes
{%- endmacro %}


{#- What the fct_sla_* models publish of `sla_aggregates`, from a CTE named `measured`: the rates beside their counts. -#}
{% macro sla_figures() -%}
    measured.tickets_created,

    measured.frt_count,
    measured.frt_sum_minutes,
    measured.frt_avg_minutes,
    measured.frt_median_minutes,
    measured.frt_p95_minutes,
    {{ is_small_sample('measured.frt_count') }} as is_frt_small_sample,

    measured.resolution_count,
    measured.resolution_sum_minutes,
    measured.resolution_avg_minutes,
    measured.resolution_median_minutes,
    measured.resolution_p95_minutes,
    {{ is_small_sample('measured.resolution_count') }} as is_resolution_small_sample,

    measured.frt_sla_applicable_count,
    measured.frt_sla_met_count,
    {{ rate('measured.frt_sla_met_count', 'measured.frt_sla_applicable_count') }} as frt_sla_met_rate,

    measured.resolution_sla_applicable_count,
    measured.resolution_sla_met_count,
    {{ rate('measured.resolution_sla_met_count', 'measured.resolution_sla_applicable_count') }}
        as resolution_sla_met_rate
{%- endmacro %}
