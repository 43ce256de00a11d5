-- Grain: one row for each comparison, metric and dimension. Question: did first responses or the SLA change, and could it
-- be chance?
-- Several metrics are looked at, so p-values are corrected (Holm) over those of a comparison. With too few tickets in a
-- window there is no test.

with measured as (
    select * from {{ ref('int_change_segments_measured') }}
    where tickets_count > 0
),

windows as (
    select * from {{ ref('int_change_windows_spined') }}
),

summed as (
    select
        comparison,
        is_current,
        metric,
        dimension,
        sum(tickets_count) as tickets_count,
        {{ exact_sum('value_sum') }} / sum(tickets_count) as overall_value,
        greatest(
            0, {{ exact_sum('square_sum') }} / sum(tickets_count) - power({{ exact_sum('value_sum') }} / sum(tickets_count), 2)
        )
        / sum(tickets_count) as squared_error
    from measured
    group by comparison, is_current, metric, dimension
),

paired as (
    select
        summed_now.comparison,
        summed_now.metric,
        summed_now.dimension,
        summed_before.tickets_count as tickets_count_before,
        summed_now.tickets_count as tickets_count_now,
        summed_before.overall_value as overall_before,
        summed_now.overall_value as overall_now,
        summed_now.overall_value - summed_before.overall_value as overall_change,
        sqrt(summed_before.squared_error + summed_now.squared_error) as overall_error,
        (summed_before.overall_value * summed_before.tickets_count + summed_now.overall_value * summed_now.tickets_count)
        / (summed_before.tickets_count + summed_now.tickets_count) as pooled_value
    from summed as summed_now
    inner join summed as summed_before
        on
            summed_now.comparison = summed_before.comparison
            and summed_now.metric = summed_before.metric
            and summed_now.dimension = summed_before.dimension
            and not summed_before.is_current
    where summed_now.is_current
),

-- If nothing changed, both windows have one share: the test takes its error from them together.
errors as (
    select
        *,
        case
            when metric = 'frt_avg_minutes' then overall_error
            else sqrt(greatest(0, pooled_value * (1 - pooled_value)) * (1 / tickets_count_before + 1 / tickets_count_now))
        end as test_error
    from paired
),

-- Where all tickets of both windows are alike, nothing is left to chance.
tested as (
    select
        *,
        case
            when {{ is_small_sample('tickets_count_before') }} or {{ is_small_sample('tickets_count_now') }} then null
            when test_error = 0 then case when overall_change = 0 then 1.0 else 0.0 end
            else {{ two_sided_p('overall_change / nullif(test_error, 0)') }}
        end as p_value
    from errors
),

factored as (
    select
        *,
        {{ holm_factor('p_value', 'comparison, dimension') }} as factored_p
    from tested
),

corrected as (
    select
        *,
        {{ holm_p('factored_p', 'p_value', 'comparison, dimension') }} as p_value_holm
    from factored
),

final as (
    select
        corrected.comparison,
        corrected.metric,
        corrected.dimension,
        window_before.start_day as before_start_day,
        window_before.end_day as before_end_day,
        window_now.start_day as now_start_day,
        window_now.end_day as now_end_day,
        cast(corrected.tickets_count_before as bigint) as tickets_count_before,
        cast(corrected.tickets_count_now as bigint) as tickets_count_now,
        corrected.overall_before,
        corrected.overall_now,
        corrected.overall_change,
        corrected.overall_change - {{ z_95() }} * corrected.overall_error as overall_change_ci_low,
        corrected.overall_change + {{ z_95() }} * corrected.overall_error as overall_change_ci_high,
        cast(corrected.p_value as double) as p_value,
        cast(corrected.p_value_holm as double) as p_value_holm,
        case
            when corrected.p_value is null then 'too_few'
            when corrected.p_value_holm >= {{ significance_level() }} then 'unsure'
            when (corrected.overall_change > 0) = (corrected.metric <> 'frt_avg_minutes') then 'better'
            else 'worse'
        end as verdict
    from corrected
    inner join windows as window_now
        on
            corrected.comparison = window_now.comparison
            and window_now.is_current
    inner join windows as window_before
        on
            corrected.comparison = window_before.comparison
            and not window_before.is_current
)

select * from final
