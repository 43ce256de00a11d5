-- Question: which problems come back?
-- Method: the share of resolutions after which the same creator opened a ticket about the same AI topic within 7 days;
-- Wilson interval. Only resolutions at least 7 days old. Topics with at least 20 of them, the ten highest.
-- Reading: a topic comes back more or less than the others where the difference is beyond chance, corrected over the topics.

with contacts as (
    select * from {{ ref('fct_repeat_contacts') }}
),

ranked as (
    select
        *,
        row_number() over (partition by segment_type order by repeat_rate desc, segment asc) as segment_rank
    from contacts
    where resolved_count >= {{ var('min_tickets_for_percentile') }}
)

select
    'creators back within 7 days' as measure,
    case when ranked.segment_type = 'all' then 'all tickets' else 'topic ' || ranked.segment end as segment,
    ranked.repeat_rate as estimate,
    ranked.repeat_ci_low as ci_low,
    ranked.repeat_ci_high as ci_high,
    'share' as unit,
    ranked.resolved_count as tickets_count,
    ranked.repeated_count / nullif(cast(sum(
        case when ranked.segment_type = 'all' then ranked.repeated_count end
    ) over () as double), 0) as share,
    cast(null as double) as p_value,
    case
        when ranked.segment_type = 'all' then 'all resolutions'
        when ranked.return_level = 'above' then 'more than the others'
        when ranked.return_level = 'below' then 'less than the others'
        else 'no difference beyond chance'
    end as reading
from ranked
where ranked.segment_rank <= 10
order by ranked.segment_type, ranked.segment_rank
