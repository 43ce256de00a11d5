-- Grain: one row for each incident: consecutive days with far more tickets than expected. Question: what happened, what
-- did it bring, and how much longer did creators wait?
-- Responses are compared within each channel: an incident that comes in on a fast channel would lower the plain average.

{%- set carriers = ['channel', 'category', 'topic'] %}

with incident_days as (
    select * from {{ ref('int_incident_days_joined') }}
),

segments as (
    select * from {{ ref('fct_incident_segments') }}
),

days_scored as (
    select * from {{ ref('int_segment_days_scored') }}
    where segment_type = 'all'
),

-- A single response has no variance: it is taken to spread as those that it is compared with.
responses as (
    select
        *,
        power(frt_count, 2) * (
            coalesce(frt_variance, reference_frt_variance) / frt_count
            + coalesce(reference_frt_variance, frt_variance) / reference_frt_count
        ) as frt_error_square
    from {{ ref('int_incident_responses_compared') }}
    where
        frt_count > 0
        and reference_frt_count > 0
        and coalesce(frt_variance, reference_frt_variance) is not null
),

clock as (
    select * from {{ ref('int_clock_derived') }}
),

days_ranked as (
    select
        incident_days.incident_number,
        incident_days.day,
        days_scored.score,
        row_number() over (
            partition by incident_days.incident_number
            order by days_scored.score desc, incident_days.day asc
        ) as day_rank
    from incident_days
    inner join days_scored
        on incident_days.day = days_scored.day
),

spans as (
    select
        incident_number,
        min(day) as start_day,
        max(day) as end_day,
        count(*) as days_count,
        max(case when day_rank = 1 then day end) as peak_day,
        max(score) as peak_score
    from days_ranked
    group by incident_number
),

responded as (
    select
        incident_number,
        sum(frt_count) as frt_count,
        {{ exact_sum('frt_count * frt_avg_minutes') }} / sum(frt_count) as frt_avg_minutes,
        {{ exact_sum('frt_count * reference_frt_avg_minutes') }} / sum(frt_count) as frt_expected_minutes,
        sqrt({{ exact_sum('frt_error_square') }}) / sum(frt_count) as frt_effect_error
    from responses
    group by incident_number
),

final as (
    select
        spans.incident_number,
        spans.start_day,
        spans.end_day,
        spans.days_count,
        spans.end_day = {{ days_after('clock.as_of_day', -1) }} as is_ongoing,
        spans.peak_day,
        spans.peak_score,
        totals.tickets_created,
        totals.expected_tickets,
        totals.extra_tickets,
        totals.extra_ci_low,
        totals.extra_ci_high,
        {%- for carrier in carriers %}
        {{ carrier }}_carriers.segment as {{ carrier }},
        {{ carrier }}_carriers.extra_tickets as {{ carrier }}_extra_tickets,
        {{ carrier }}_carriers.extra_ratio as {{ carrier }}_extra_ratio,
        {{ carrier }}_carriers.usual_ratio as {{ carrier }}_usual_ratio,
        coalesce({{ is_above_usual(carrier ~ '_carriers') }}, false) as is_{{ carrier }}_above_usual,
        {%- endfor %}
        cast(coalesce(responded.frt_count, 0) as bigint) as frt_count,
        responded.frt_avg_minutes,
        responded.frt_expected_minutes,
        responded.frt_avg_minutes - responded.frt_expected_minutes as frt_effect_minutes,
        responded.frt_avg_minutes - responded.frt_expected_minutes - {{ z_95() }} * responded.frt_effect_error
            as frt_effect_ci_low,
        responded.frt_avg_minutes - responded.frt_expected_minutes + {{ z_95() }} * responded.frt_effect_error
            as frt_effect_ci_high,
        totals.extra_waiting_hours
    from spans
    cross join clock
    inner join segments as totals
        on
            spans.incident_number = totals.incident_number
            and totals.segment_type = 'all'
    {%- for carrier in carriers %}
    inner join segments as {{ carrier }}_carriers
        on
            spans.incident_number = {{ carrier }}_carriers.incident_number
            and {{ carrier }}_carriers.segment_type = '{{ carrier }}'
            and {{ carrier }}_carriers.segment_rank = 1
    {%- endfor %}
    left join responded
        on spans.incident_number = responded.incident_number
)

select * from final
