-- Grain: one row for each data-quality check. Question: how clean is the input, and where is it dirtier than allowed?

with checks as (
    select * from {{ ref('int_data_quality_counted') }}
),

final as (
    select
        check_name,
        rows_checked,
        rows_failed,
        {{ rate('rows_failed', 'rows_checked') }} as failed_rate,
        cast(threshold as double) as threshold,
        coalesce({{ rate('rows_failed', 'rows_checked') }} <= threshold, true) as is_passing
    from checks
)

select * from final
