-- Grain: one row for each comparison, metric, dimension and segment. Question: why did first responses or the SLA change:
-- because tickets shifted between segments (mix), or because segments got better or worse (rate)?
-- Both effects are taken at the mean of the two windows, so that they add up exactly; mix is against the overall value,
-- so that a shift towards a better segment counts as better. 4_weeks_calm leaves out the days of incidents.

with measured as (
    select * from {{ ref('int_change_segments_measured') }}
    where tickets_count > 0
),

windows as (
    select * from {{ ref('int_change_windows_spined') }}
),

overall as (
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

segments as (
    select distinct
        comparison,
        metric,
        dimension,
        segment
    from measured
),

paired as (
    select
        segments.*,
        coalesce(segment_before.tickets_count, 0) as tickets_count_before,
        coalesce(segment_now.tickets_count, 0) as tickets_count_now,
        segment_before.value_sum / segment_before.tickets_count as value_before,
        segment_now.value_sum / segment_now.tickets_count as value_now,
        coalesce(segment_before.tickets_count, 0) / cast(overall_before.tickets_count as double) as share_before,
        coalesce(segment_now.tickets_count, 0) / cast(overall_now.tickets_count as double) as share_now,
        overall_before.overall_value as overall_before,
        overall_now.overall_value as overall_now,
        sqrt(overall_before.squared_error + overall_now.squared_error) as overall_error
    from segments
    inner join overall as overall_now
        on
            segments.comparison = overall_now.comparison
            and segments.metric = overall_now.metric
            and segments.dimension = overall_now.dimension
            and overall_now.is_current
    inner join overall as overall_before
        on
            segments.comparison = overall_before.comparison
            and segments.metric = overall_before.metric
            and segments.dimension = overall_before.dimension
            and not overall_before.is_current
    left join measured as segment_now
        on
            segments.comparison = segment_now.comparison
            and segments.metric = segment_now.metric
            and segments.dimension = segment_now.dimension
            and segments.segment = segment_now.segment
            and segment_now.is_current
    left join measured as segment_before
        on
            segments.comparison = segment_before.comparison
            and segments.metric = segment_before.metric
            and segments.dimension = segment_before.dimension
            and segments.segment = segment_before.segment
            and not segment_before.is_current
),

-- A segment that is in one window only has no change of its own: all of its effect is mix.
effects as (
    select
        *,
        (share_now - share_before) * (
            (coalesce(value_now, value_before) + coalesce(value_before, value_now)) / 2
            - (overall_now + overall_before) / 2
        ) as mix_effect,
        (coalesce(value_now, value_before) - coalesce(value_before, value_now)) * (share_now + share_before) / 2
            as rate_effect
    from paired
),

final as (
    select
        effects.comparison,
        effects.metric,
        effects.dimension,
        effects.segment,
        window_before.start_day as before_start_day,
        window_before.end_day as before_end_day,
        window_now.start_day as now_start_day,
        window_now.end_day as now_end_day,
        effects.tickets_count_before,
        effects.tickets_count_now,
        effects.share_before,
        effects.share_now,
        effects.value_before,
        effects.value_now,
        effects.mix_effect,
        effects.rate_effect,
        effects.mix_effect + effects.rate_effect as total_effect,
        effects.overall_before,
        effects.overall_now,
        effects.overall_now - effects.overall_before as overall_change,
        effects.overall_now - effects.overall_before - {{ z_95() }} * effects.overall_error as overall_change_ci_low,
        effects.overall_now - effects.overall_before + {{ z_95() }} * effects.overall_error as overall_change_ci_high
    from effects
    inner join windows as window_now
        on
            effects.comparison = window_now.comparison
            and window_now.is_current
    inner join windows as window_before
        on
            effects.comparison = window_before.comparison
            and not window_before.is_current
)

select * from final
