{#-
  Loads a seed with `meta: {raw_columns: {...}}` as what it is: raw text.

  dbt's own seed loader guesses types, takes the words NULL and NA for missing values and aborts on a
  line with a field too many. Raw exports have all of that, and staging must see it to reject it with
  a reason. So these seeds are read by `read_raw_csv_sql`: every column is text, only the empty string
  is null, and each row carries

    line_number       physical line on which the record starts, the header being 1
    malformed_record  the record as written, when it has more or fewer fields than the header, or a quote that is never closed;
                      else null

  Columns of the file that `raw_columns` does not name are left out. A named column that the file lacks
  is an error where it is `required`, null where it is `optional`. Other seeds load as usual.

  Where `raw_source` says that the rows stand elsewhere, the seed is not loaded: it becomes a view of
  them with the same columns, so that models and tests read the same name either way. That holds for
  seeds that declare `column_types` too.
-#}
{% materialization seed, adapter='duckdb' %}
    {%- if not config.get('meta', {}).get('raw_columns') and not has_raw_source(model.name) -%}
        {{ return(dbt.materialization_seed_default()) }}
    {%- endif -%}
    {{ return(materialize_raw_seed()) }}
{% endmaterialization %}


{#- dbt-spark's own loader puts values into SQL with their quotes as they are, so other seeds take this way too. -#}
{% materialization seed, adapter='spark' %}
    {{ return(materialize_raw_seed()) }}
{% endmaterialization %}


{% macro materialize_raw_seed() %}
    {%- set raw_columns = config.get('meta', {}).get('raw_columns') -%}
    {%- set column_types = config.get('column_types', {}) -%}
    {%- if not raw_columns -%}
        {%- set raw_columns = {} -%}
        {%- for column in column_types -%}
            {%- do raw_columns.update({column: 'required'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set source = raw_source(model.name, raw_columns) -%}
    {%- set target_relation = this.incorporate(type='view' if source.is_read_in_place else 'table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- for column in raw_columns if raw_columns[column] == 'required' and column not in source.columns -%}
        {{ exceptions.raise_compiler_error(
            source.name ~ ": required column '" ~ column ~ "' is missing; there are "
            ~ source.columns | join(', ')) }}
    {%- endfor -%}

    {%- set sql = raw_rows_sql(source, raw_columns) -%}
    {%- if column_types -%}
        {%- set sql = typed_columns_sql(sql, column_types) -%}
    {%- endif -%}
    {% do replace_raw_relation(target_relation, sql) %}

    {#- `dbt seed --show` prints this. -#}
    {% do store_result(
        'agate_table',
        response='OK',
        agate_table=run_query('select * from ' ~ target_relation ~ ' limit 100')
    ) %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmacro %}


{#- The columns of a seed that is no raw text, with the types that it declares. -#}
{% macro typed_columns_sql(sql, column_types) -%}
    select
        {%- for column, type in column_types.items() %}
        cast({{ column }} as {{ spark_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as raw_rows
{%- endmacro %}


{% macro raw_csv_header_sql(path) -%}
    select {{ row_for_each('fields') }} as column_name
    from (
        select {{ raw_csv_fields('record') }} as fields
        from ({{ raw_csv_records_sql(path) }}) as records
        where record_number = 1
    ) as header_record
{%- endmacro %}


{% macro read_raw_csv_sql(path, header, raw_columns) -%}
    with records as (
        {{ raw_csv_records_sql(path) }}
    ),

    numbered as (
        select
            record,
            {{ raw_csv_fields('record') }} as fields,
            record_number + coalesce(
                sum(length(record) - length(replace(record, chr(10), ''))) over (
                    order by record_number rows between unbounded preceding and 1 preceding
                ),
                0
            ) as line_number
        from records
    )

    select
        {%- for column in raw_columns %}
        {% if column in header %}{{ list_item('fields', header.index(column) + 1) }}
        {%- else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ column }},
        {%- endfor %}
        cast(line_number as bigint) as line_number,
        case
            when {{ list_length('fields') }} <> {{ header | length }} or {{ has_open_quote('record') }} then record
        end as malformed_record
    from numbered
    where line_number > 1 and record <> ''
    order by line_number
{%- endmacro %}
