{#- Fails once for each combination of values that more than one row has. Left out: rows where all
    columns are null, or any of them with ignore_row_if: any_value_is_missing. -#}
{% test expect_compound_columns_to_be_unique(
    model,
    column_list,
    quote_columns=false,
    ignore_row_if='all_values_are_missing',
    row_condition=none
) %}

{%- if ignore_row_if not in ['all_values_are_missing', 'any_value_is_missing'] -%}
    {{ exceptions.raise_compiler_error(
        "expect_compound_columns_to_be_unique: ignore_row_if is '" ~ ignore_row_if
        ~ "', use 'all_values_are_missing' or 'any_value_is_missing'"
    ) }}
{%- endif -%}

{%- set key_columns = [] -%}
{%- set values_present = [] -%}
{%- for column in column_list -%}
    {%- set key_column = adapter.quote(column) if quote_columns else column -%}
    {%- do key_columns.append(key_column) -%}
    {%- do values_present.append(key_column ~ ' is not null') -%}
{%- endfor -%}
{%- set all_or_any = ' or ' if ignore_row_if == 'all_values_are_missing' else ' and ' %}

select
    {{ key_columns | join(',\n    ') }},
    count(*) as rows_with_this_key
from {{ model }}
where ({{ values_present | join(all_or_any) }})
{%- if row_condition %}
    and ({{ row_condition }})
{%- endif %}
group by {{ key_columns | join(', ') }}
having count(*) > 1

{% endtest %}
