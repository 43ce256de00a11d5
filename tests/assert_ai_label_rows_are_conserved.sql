-- If this fails, raw labels vanish (or appear twice) before they are used or rejected, or are rejected for a reason that nobody listed.

with counts as (
    select
        (select count(*) from {{ ref('ai_labels') }}) as raw_count,
        (select count(*) from {{ ref('stg_ai_labels') }}) as accepted_count,
        (select count(*) from {{ ref('rejected_ai_labels') }}) as rejected_count
),

unlisted as (
    select count(*) as unlisted_count
    from {{ ref('rejected_ai_labels') }}
    where
        reasons is null
        or reasons = ''
        or reasons <> concat_ws(
            '|'
            {%- for reason in ai_label_rejection_reasons() %},
            case when '|' || reasons || '|' like '%|{{ reason }}|%' then '{{ reason }}' end
            {%- endfor %}
        )
)

select *
from counts
cross join unlisted
where raw_count <> accepted_count + rejected_count or unlisted_count > 0
