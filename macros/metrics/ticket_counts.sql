{#-
  Counts of tickets. Select lists are over the columns of fct_tickets under the name `tickets` and outer-join safe: a
  period without tickets counts 0.
-#}

{#- In which state the tickets of a group are at as_of_at. -#}
{% macro ticket_state_counts() -%}
    count(case when tickets.is_resolved then 1 end) as resolved_count,
    count(case when tickets.is_open then 1 end) as open_count,
    count(case when tickets.is_closed_without_solution then 1 end) as closed_without_solution_count
{%- endmacro %}


{#- First contact resolutions of a group of tickets, by the time proxy. -#}
{% macro fcr_counts() -%}
    count(case when tickets.is_fcr_strict then 1 end) as fcr_strict_count,
    count(case when tickets.is_fcr_lenient then 1 end) as fcr_lenient_count
{%- endmacro %}


{#- AI evaluation covers the tickets that an agent tagged. -#}
{% macro ai_tag_counts() -%}
    count(tickets.tag) as tagged_count,
    count(case when tickets.tag = tickets.ai_category then 1 end) as agreed_count
{%- endmacro %}


{#- How many values lie in a bracket: the lower bound is in it, the upper one is not; none is open-ended. -#}
{% macro count_between(value, lower, upper) -%}
    count(case when true
        {%- if lower is not none %} and {{ value }} >= {{ lower }}{% endif -%}
        {%- if upper is not none %} and {{ value }} < {{ upper }}{% endif %} then 1 end)
{%- endmacro %}
