-- If this warns, AI labels and tags agree otherwise in the last whole weeks than before: rules or the LLM meet tickets that they do not
-- know (fct_category_candidates shows their words), or agents tag by another habit. The warning names the figures.

{{ config(severity='warn') }}

{%- if execute and load_relation(ref('fct_ai_tag_drift')) is not none -%}
    {%- for row in run_query(
        'select recent_start_week, recent_end_week, recent_agreed_count, recent_tagged_count,'
        ~ ' recent_accuracy_rate, earlier_accuracy_rate, earlier_ci_low, earlier_ci_high from '
        ~ ref('fct_ai_tag_drift') ~ ' where is_drifting').rows -%}
        {%- do exceptions.warn(
            'AI labels drift: in the weeks from ' ~ row[0] ~ ' to ' ~ row[1] ~ ' they agree with ' ~ row[2] ~ ' of '
            ~ row[3] ~ ' tags (' ~ '%.1f' | format(100 * row[4]) ~ '%), before with '
            ~ '%.1f' | format(100 * row[5]) ~ '% (95% interval ' ~ '%.1f' | format(100 * row[6]) ~ '% to '
            ~ '%.1f' | format(100 * row[7]) ~ '%)') -%}
    {%- endfor -%}
{%- endif -%}

select
    recent_start_week,
    recent_end_week,
    recent_agreed_count,
    recent_tagged_count,
    recent_accuracy_rate,
    earlier_agreed_count,
    earlier_tagged_count,
    earlier_accuracy_rate,
    earlier_ci_low,
    earlier_ci_high,
    accuracy_change,
    accuracy_change_ci_low,
    accuracy_change_ci_high
from {{ ref('fct_ai_tag_drift') }}
where is_drifting
