-- Grain: one row for each category. Question: which categories does the taxonomy have?

{% for category in var('ticket_categories') %}
    select '{{ category }}' as category, {{ loop.index }} as category_rank
    {% if not loop.last %}union all{% endif %}
{% endfor %}
