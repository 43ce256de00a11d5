-- Hypothesis: in weeks in which agents tag fewer tickets, AI labels agree with them less (or more).
-- Method: over whole weeks with at least 20 tagged tickets, the correlation of the share of tickets that carry a tag with
-- the share of those on which the AI label agrees; Fisher's interval.
-- Reading: if accuracy moved with coverage, agents would be choosing which tickets to tag, and the accuracy of tagged
-- tickets could not stand for the untagged ones. Few weeks: only a strong relation would be seen.

with accuracy as (
    select * from {{ ref('fct_ai_tag_accuracy_weekly') }}
),

volume as (
    select * from {{ ref('fct_tickets_weekly') }}
    where days_in_data = 7
),

paired as (
    select
        {{ rate('accuracy.tagged_count', 'volume.tickets_created') }} as coverage,
        accuracy.accuracy_rate,
        volume.tickets_created
    from accuracy
    inner join volume
        on accuracy.created_week = volume.created_week
    where accuracy.tagged_count >= {{ var('min_tickets_for_percentile') }}
),

correlated as (
    select
        count(*) as weeks_count,
        sum(tickets_created) as tickets_count,
        corr(coverage, accuracy_rate) as correlation
    from paired
),

fisher as (
    select
        *,
        ln((1 + correlation) / (1 - correlation)) / 2 as fisher_z,
        1 / sqrt(weeks_count - 3.0) as fisher_error
    from correlated
    where weeks_count > 3 and abs(correlation) < 1
)

select
    'Tag coverage goes with accuracy' as hypothesis,
    'correlation (0 none, 1 perfect) of weekly coverage and accuracy' as measure,
    cast(weeks_count as {{ dbt.type_string() }}) || ' weeks' as segment,
    correlation as estimate,
    (exp(2 * (fisher_z - {{ z_95() }} * fisher_error)) - 1) / (exp(2 * (fisher_z - {{ z_95() }} * fisher_error)) + 1)
        as ci_low,
    (exp(2 * (fisher_z + {{ z_95() }} * fisher_error)) - 1) / (exp(2 * (fisher_z + {{ z_95() }} * fisher_error)) + 1)
        as ci_high,
    'correlation' as unit,
    cast(tickets_count as bigint) as tickets_count,
    {{ two_sided_p('fisher_z / fisher_error') }} as p_value,
    case
        when fisher_z - {{ z_95() }} * fisher_error > 0 then 'yes'
        when fisher_z + {{ z_95() }} * fisher_error < 0 then 'the contrary'
        else 'cannot be told'
    end as reading
from fisher
