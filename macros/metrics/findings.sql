{#- Fixed limits of the findings. models/marts/findings/_findings__docs.md says why they are what they are. -#}

{#- A day or segment is an anomaly from this score on; its neighbours belong to it from the second on. -#}
{% macro anomaly_score() -%} 4 {%- endmacro %}
{% macro anomaly_edge_score() -%} 3 {%- endmacro %}

{#- The expectation of a day comes from the same weekdays up to this many weeks before and after, and from so many at least. -#}
{% macro anomaly_reference_weeks() -%} 6 {%- endmacro %}
{% macro anomaly_min_references() -%} 3 {%- endmacro %}

{#- A creator who asks about the same topic again within this many days was not helped. -#}
{% macro repeat_contact_days() -%} 7 {%- endmacro %}


{#- How far a count lies from its expectation, in standard deviations: square roots of counts spread alike everywhere. -#}
{% macro count_score(tickets_count, expected_count) -%}
    2 * (sqrt({{ tickets_count }} + 0.375) - sqrt({{ expected_count }} + 0.375))
{%- endmacro %}

{#- The count that lies so far from its expectation: count_score the other way round, never below 0. -#}
{% macro count_at_score(expected_count, score) -%}
    case
        when {{ expected_count }} is not null
            then greatest(0.0, power(greatest(0.0, sqrt({{ expected_count }} + 0.375) + ({{ score }}) / 2), 2) - 0.375)
    end
{%- endmacro %}


{#- Aggregate: by how much the counts of a segment spread more than chance alone would have it; never less is assumed. -#}
{% macro count_dispersion(score) -%}
    greatest(1.0, 1.4826 * {{ percentile('abs(' ~ score ~ ')', 0.5) }})
{%- endmacro %}

{#- How widely counts spread around an expectation, on the scale of count_score: as days do, and as a mean over days does. -#}
{% macro expectation_spread(dispersion, reference_days_count) -%}
    ({{ dispersion }} * sqrt(1 + 1.0 / {{ reference_days_count }}))
{%- endmacro %}


{#- Whether a segment surely brought more of an incident's extra tickets than it usually brings of all. -#}
{% macro is_above_usual(segments) -%}
    {{ segments }}.extra_ratio_ci_low > {{ segments }}.usual_ratio
{%- endmacro %}


{#- How long creators waited for resolutions, in hours; 0 where none is resolved. -#}
{% macro waiting_hours(resolution_minutes) -%}
    sum(coalesce({{ resolution_minutes }}, 0)) / 60
{%- endmacro %}


{#- Weight of a finding or recommendation: the mean of its shares of all tickets and of all hours until resolution. Hours of open
    tickets compare with nothing (null): there the share of tickets stands for both. -#}
{% macro effect_score(ticket_share, waiting_share) -%}
    ({{ ticket_share }} + coalesce({{ waiting_share }}, {{ ticket_share }})) / 2
{%- endmacro %}


{#- What is compared with as much before: the name, the weeks, and whether days of incidents are left out. -#}
{% macro change_comparisons() -%}
    {{ return([('4_weeks', 4, false), ('4_weeks_calm', 4, true), ('1_week', 1, false)]) }}
{%- endmacro %}
