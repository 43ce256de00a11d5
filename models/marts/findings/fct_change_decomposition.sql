-- Grain: one row for each comparison, metric, dimension and segment. Question: why did first responses or the SLA change:
-- because tickets shifted between segments (mix), or because segments got better or worse (rate)?
-- Both effects are taken at the mean of the two windows, so that they add up exactly; mix is against the overall value,
-- so that a shift towards a better segment counts as better. 4_weeks_calm leaves out the days of incidents.

with measured as (
    select * from {{ ref('int_change_segments_measured') }}
    where tickets_count > 0
),

overall as (
    select * from {{ ref('int_changes_tested') }}
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
        coalesce(segment_before.tickets_count, 0) / cast(overall.tickets_count_before as double) as share_before,
        coalesce(segment_now.tickets_count, 0) / cast(overall.tickets_count_now as double) as share_now,
        overall.before_start_day,
        overall.before_end_day,
        overall.now_start_day,
        overall.now_end_day,
        overall.overall_before,
        overall.overall_now,
        overall.overall_change,
        overall.overall_change_ci_low,
        overall.overall_change_ci_high,
        overall.p_value,
        overall.p_value_holm,
        overall.verdict
    from segments
    inner join overall
        on
            segments.comparison = overall.comparison
            and segments.metric = overall.metric
            and segments.dimension = overall.dimension
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
        comparison,
        metric,
        dimension,
        segment,
        before_start_day,
        before_end_day,
        now_start_day,
        now_end_day,
        tickets_count_before,
        tickets_count_now,
        share_before,
        share_now,
        value_before,
        value_now,
        mix_effect,
        rate_effect,
        mix_effect + rate_effect as total_effect,
        overall_before,
        overall_now,
        overall_change,
        overall_change_ci_low,
        overall_change_ci_high,
        p_value,
        p_value_holm,
        verdict
    from effects
)

select * from final
