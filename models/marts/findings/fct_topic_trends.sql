-- Grain: one row for each comparison and segment: all tickets, each channel, category and AI topic.
-- Question: what grows and what shrinks, incidents set aside, and could it be chance?
-- The ratio of two Poisson counts, on the logarithmic scale; p-values are corrected (Holm) within the segments of a kind. Of
-- too few tickets nothing is tested.

with counted as (
    select * from {{ ref('int_segment_trends_counted') }}
),

ordinary as (
    select
        *,
        greatest(0, tickets_before - coalesce(incident_tickets_before, 0)) as ordinary_before,
        greatest(0, tickets_now - coalesce(incident_tickets_now, 0)) as ordinary_now
    from counted
),

-- Half a ticket on both sides keeps ratios of small counts finite.
compared as (
    select
        *,
        ln((ordinary_now + 0.5) / (ordinary_before + 0.5)) as log_ratio,
        dispersion * sqrt(1 / (ordinary_now + 0.5) + 1 / (ordinary_before + 0.5)) as log_ratio_error
    from ordinary
),

tested as (
    select
        *,
        case
            when not {{ is_small_sample('tickets_before + tickets_now') }} then {{ two_sided_p('log_ratio / log_ratio_error') }}
        end as p_value
    from compared
),

factored as (
    select
        *,
        {{ holm_factor('p_value', 'comparison, segment_type') }} as factored_p
    from tested
),

corrected as (
    select
        *,
        {{ holm_p('factored_p', 'p_value', 'comparison, segment_type') }} as p_value_holm
    from factored
),

final as (
    select
        comparison,
        segment_type,
        segment,
        before_start_day,
        now_start_day,
        cast(tickets_before as bigint) as tickets_before,
        cast(tickets_now as bigint) as tickets_now,
        coalesce(incident_tickets_before, 0.0) as incident_tickets_before,
        coalesce(incident_tickets_now, 0.0) as incident_tickets_now,
        ordinary_now - ordinary_before as ordinary_change,
        exp(log_ratio) as rate_ratio,
        exp(log_ratio - {{ z_95() }} * log_ratio_error) as rate_ratio_ci_low,
        exp(log_ratio + {{ z_95() }} * log_ratio_error) as rate_ratio_ci_high,
        p_value,
        p_value_holm,
        case
            when p_value_holm is null then 'too_few'
            when p_value_holm >= {{ significance_level() }} then 'steady'
            when log_ratio > 0 then 'growing'
            else 'shrinking'
        end as trend
    from corrected
)

select * from final
