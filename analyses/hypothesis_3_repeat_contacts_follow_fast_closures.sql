-- Hypothesis: creators come back more often after fast closures, so that first contact resolution by time flatters.
-- Method: the share of resolutions after which the creator is back about the same topic within 7 days: of strict first
-- contact resolutions (60 minutes, the time proxy) minus slower ones, within each AI topic, averaged over topics by their
-- resolutions: fast topics could be those that come back.
-- Reading: above 0, the proxy counts some tickets as solved at first contact that were not. The second row is the
-- share of fast closures that held.

with contacts as (
    select * from {{ ref('fct_repeat_contacts') }}
    where segment_type = 'topic' and fcr_strict_count > 0 and slower_count > 0
),

averaged as (
    select
        sum(resolved_count) as tickets_count,
        sum(resolved_count * (fcr_strict_repeat_rate - slower_repeat_rate)) / sum(resolved_count) as difference,
        sqrt(sum(power(cast(resolved_count as double), 2) * (
            {{ share_error_square('fcr_strict_repeated_count', 'fcr_strict_count') }}
            + {{ share_error_square('slower_repeated_count', 'slower_count') }}
        ))) / sum(resolved_count) as difference_error
    from contacts
),

overall as (
    select * from {{ ref('fct_repeat_contacts') }}
    where segment_type = 'all'
)

select
    'Repeat contacts follow fast closures' as hypothesis,
    'repeat share, resolved within 60 minutes minus slower, same topic' as measure,
    'all topics' as segment,
    {{ difference_result('above') }}
from averaged
union all
select
    'Repeat contacts follow fast closures' as hypothesis,
    'fast closures that nobody came back about' as measure,
    'all tickets' as segment,
    1 - fcr_strict_repeat_rate as estimate,
    1 - {{ wilson_bound('high', 'fcr_strict_repeated_count', 'fcr_strict_count') }} as ci_low,
    1 - {{ wilson_bound('low', 'fcr_strict_repeated_count', 'fcr_strict_count') }} as ci_high,
    'share' as unit,
    fcr_strict_count as tickets_count,
    cast(null as double) as p_value,
    'description' as reading
from overall
