{#- SQL: where a category stands in the var `ticket_categories`, 1 for the first. -#}
{% macro category_order(category) -%}
    case {{ category }}
        {%- for name in var('ticket_categories') %} when '{{ name }}' then {{ loop.index }}{% endfor %}
    end
{%- endmacro %}
