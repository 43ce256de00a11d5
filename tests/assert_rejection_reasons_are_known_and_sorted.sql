-- If this fails, rows are rejected for a reason that nobody listed, so fct_data_quality does not count it.
-- The known reasons of a row, joined in sorted order, must give back its text.

{% set reasons_of = {
    'rejected_tickets': ticket_rejection_reasons() | sort,
    'rejected_users': user_rejection_reasons() | sort,
    'rejected_ai_labels': ai_label_rejection_reasons() | sort,
} %}

with rejected as (
    {% for model, model_reasons in reasons_of.items() -%}
    select
        '{{ model }}' as model,
        line_number,
        reasons,
        concat_ws(
            '|'
            {%- for reason in model_reasons %},
            case when '|' || reasons || '|' like '%|{{ reason }}|%' then '{{ reason }}' end
            {%- endfor %}
        ) as known_reasons
    from {{ ref(model) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select *
from rejected
where
    reasons is null
    or reasons = ''
    or reasons <> known_reasons
