-- Question: are we meeting the targets, and where not?
-- Method: the share of tickets whose first response, and whose resolution, came within the channel's target; Wilson
-- interval. Tickets that can still meet a target are in no denominator.
-- Reading: the seed sla_targets sets a time for each channel, not a share to reach: a channel's interval is held against the
-- share of the other channels together, as int_sla_misses_measured does.

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

counted as (
    {% for sla, flag in [('first response', 'is_frt_sla_met'), ('resolution', 'is_resolution_sla_met')] -%}
    {% for segment in ["'all tickets'", "'channel ' || channel"] -%}
    select
        '{{ sla }} within target' as measure,
        {{ segment }} as segment,
        count({{ flag }}) as applicable_count,
        count(case when {{ flag }} then 1 end) as met_count
    from tickets
    group by {{ segment }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

overall as (
    select
        measure,
        met_count,
        applicable_count
    from counted
    where segment = 'all tickets'
),

bounded as (
    select
        counted.measure,
        counted.segment,
        counted.applicable_count,
        {{ rate('counted.met_count', 'counted.applicable_count') }} as met_rate,
        {{ wilson_bound('low', 'counted.met_count', 'counted.applicable_count') }} as ci_low,
        {{ wilson_bound('high', 'counted.met_count', 'counted.applicable_count') }} as ci_high,
        {{ rate('overall.met_count - counted.met_count', '(overall.applicable_count - counted.applicable_count)') }}
            as others_met_rate,
        overall.applicable_count as overall_count
    from counted
    inner join overall
        on counted.measure = overall.measure
)

select
    measure,
    segment,
    met_rate as estimate,
    ci_low,
    ci_high,
    'share' as unit,
    applicable_count as tickets_count,
    {{ rate('applicable_count', 'overall_count') }} as share,
    cast(null as double) as p_value,
    case
        when segment = 'all tickets' then 'all channels'
        when ci_high < others_met_rate then 'below the other channels'
        when ci_low > others_met_rate then 'above the other channels'
        else 'like the other channels'
    end as reading
from bounded
order by measure, segment
