{#-
  Loads a seed with `meta: {raw_columns: {...}}` as what it is: raw text.

  dbt's own seed loader guesses types, takes the words NULL and NA for missing values and aborts on a
  line with a field too many. Raw exports have all of that, and staging must see it to reject it with
  a reason. So these seeds are read by `read_raw_csv_sql`: every column is text, only the empty string
  is null, and each row carries

    line_number       physical line on which the record starts, the header being 1
    malformed_record  the record as written, when it has more or fewer fields than the header; else null

  Columns of the file that `raw_columns` does not name are left out. A named column that the file lacks
  is an error where it is `required`, null where it is `optional`. Other seeds load as usual.
-#}
{% materialization seed, adapter='duckdb' %}
    {%- set raw_columns = config.get('meta', {}).get('raw_columns') -%}
    {%- if not raw_columns -%}
        {{ return(dbt.materialization_seed_default()) }}
    {%- endif -%}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set seed_path = model.root_path ~ '/' ~ model.original_file_path -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set header = run_query(raw_csv_header_sql(seed_path)).columns[0].values() | list -%}
    {%- for column in raw_columns if raw_columns[column] == 'required' and column not in header -%}
        {{ exceptions.raise_compiler_error(
            model.original_file_path ~ ": required column '" ~ column ~ "' is missing; the header has "
            ~ header | join(', ')) }}
    {%- endfor -%}

    {% call statement('main') -%}
        create or replace table {{ target_relation }} as
        {{ read_raw_csv_sql(seed_path, header, raw_columns) }}
    {%- endcall %}

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
{% endmaterialization %}


{#-
  A record is a run of characters other than quote and newline, and of quoted stretches, up to a newline.
  The carriage return of a Windows line end is not part of it; one inside quotes is.
-#}
{% macro raw_csv_records_sql(path) -%}
    select
        rtrim(record, chr(13)) as record,
        record_number
    from (
        select
            unnest(records) as record,
            generate_subscripts(records, 1) as record_number
        from (
            select regexp_extract_all(content || chr(10), '((?:[^"\n]|"[^"]*")*)\n', 1) as records
            from read_text('{{ path | replace("'", "''") }}')
        ) as file
    ) as lines
{%- endmacro %}


{#- Fields of one record: split at the commas outside quotes, outer quotes off, doubled quotes single, '' null. -#}
{% macro raw_csv_fields_sql(record) -%}
    list_transform(
        regexp_extract_all({{ record }} || ',', '((?:[^",]|"[^"]*")*),', 1),
        lambda field:
            nullif(
                case
                    when starts_with(field, '"') then replace(field[2:-2], '""', '"')
                    else field
                end,
                ''
            )
    )
{%- endmacro %}


{% macro raw_csv_header_sql(path) -%}
    select unnest(list_transform(fields, lambda name: lower(trim(ltrim(name, chr(65279)))))) as column_name
    from (
        select {{ raw_csv_fields_sql('record') }} as fields
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
            {{ raw_csv_fields_sql('record') }} as fields,
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
        {% if column in header %}fields[{{ header.index(column) + 1 }}]{% else %}cast(null as varchar){% endif %} as {{ column }},
        {%- endfor %}
        cast(line_number as bigint) as line_number,
        case when len(fields) <> {{ header | length }} then record end as malformed_record
    from numbered
    where line_number > 1 and record <> ''
    order by line_number
{%- endmacro %}
