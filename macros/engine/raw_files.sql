{#- Raw files, and the relations made of them, for each engine. -#}

{#- What stands behind `from` to read Parquet files in place; the path may be a pattern. -#}
{% macro parquet_rows(path) -%}
    {{ return(adapter.dispatch('parquet_rows', 'support_analytics')(path)) }}
{%- endmacro %}

{% macro duckdb__parquet_rows(path) -%}
    read_parquet('{{ path | replace("'", "''") }}')
{%- endmacro %}

{% macro spark__parquet_rows(path) -%}
    parquet.`{{ path }}`
{%- endmacro %}


{#- Puts a view or table, as the relation's type says, in the place of what has its name. -#}
{% macro replace_raw_relation(relation, sql) -%}
    {{ return(adapter.dispatch('replace_raw_relation', 'support_analytics')(relation, sql)) }}
{%- endmacro %}

{% macro duckdb__replace_raw_relation(relation, sql) -%}
    {%- set old_relation = load_relation(relation) -%}
    {%- if old_relation is not none and old_relation.type != relation.type -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {% call statement('main') -%}
        create or replace {{ relation.type }} {{ relation }} as
        {{ sql }}
    {%- endcall %}
{%- endmacro %}

{% macro spark__replace_raw_relation(relation, sql) -%}
    {%- set old_relation = load_relation(relation) -%}
    {%- if old_relation is not none -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {% call statement('main') -%}
        create {{ relation.type }} {{ relation }} as
        {{ sql }}
    {%- endcall %}
{%- endmacro %}


{#-
  SQL of the records of a CSV file and their numbers.

  Quotes open only where a field starts. A record whose quotes do not come out even, or are followed by anything but a comma
  or a line's end, is its first physical line: a quote that is never closed takes no other record with it. The carriage return
  of a Windows line end is not part of a record; one inside quotes is.
-#}
{% macro raw_csv_records_sql(path) -%}
    {{ return(adapter.dispatch('raw_csv_records_sql', 'support_analytics')(path)) }}
{%- endmacro %}

{% macro duckdb__raw_csv_records_sql(path) -%}
    {%- set field = '(?:"(?:[^"]|"")*"|[^",\\n][^,\\n]*|)' -%}
    select
        regexp_replace(record, '\r$', '') as record,
        record_number
    from (
        select
            unnest(records) as record,
            generate_subscripts(records, 1) as record_number
        from (
            select
                regexp_extract_all(
                    content || chr(10), '((?:{{ field }}(?:,{{ field }})*\r?)|[^\n]*)\n', 1
                ) as records
            from read_text('{{ path | replace("'", "''") }}')
        ) as file
    ) as lines
{%- endmacro %}

{#- Java would take a step of its stack for each character of a record; `*+` and the longer form spare it that. -#}
{% macro spark__raw_csv_records_sql(path) -%}
    {%- set field = '(?:"[^"]*+(?:""[^"]*+)*+"|[^",\\n][^,\\n]*+|)' -%}
    {%- set whole_file = 'raw_text_' ~ local_md5(path) -%}
    {%- do run_query(
        'create or replace temporary view ' ~ whole_file ~ " using text options (path '" ~ path ~ "', wholetext true)") -%}
    select
        regexp_replace(record, '\\r$', '') as record,
        position + 1 as record_number
    from (
        select
            posexplode(regexp_extract_all(
                concat(value, char(10)), '((?:{{ field }}(?:,{{ field }})*+\\r?)|[^\\n]*+)\\n', 1
            )) as (position, record)
        from {{ whole_file }}
    ) as lines
{%- endmacro %}


{#-
  List of the fields of a record: split at the commas outside quotes, outer quotes off, doubled quotes single, '' null. What
  follows a closed quote belongs to the field.
-#}
{% macro raw_csv_fields(record) -%}
    {{ return(adapter.dispatch('raw_csv_fields', 'support_analytics')(record)) }}
{%- endmacro %}

{% macro duckdb__raw_csv_fields(record) -%}
    {%- set inside_and_after = '(?s)^"((?:[^"]|"")*)"?(.*)$' -%}
    list_transform(
        regexp_extract_all(
            {{ record }} || ',', '("(?:[^"]|"")*"(?:[^",][^,]*)?|"(?:[^"]|"")*|[^",][^,]*|),', 1
        ),
        lambda field:
            nullif(
                case
                    when starts_with(field, '"')
                        then replace(regexp_extract(field, '{{ inside_and_after }}', 1), '""', '"')
                            || regexp_extract(field, '{{ inside_and_after }}', 2)
                    else field
                end,
                ''
            )
    )
{%- endmacro %}

{% macro spark__raw_csv_fields(record) -%}
    {%- set inside_and_after = '(?s)^"([^"]*+(?:""[^"]*+)*+)"?(.*)$' -%}
    transform(
        regexp_extract_all(
            concat({{ record }}, ','),
            '("[^"]*+(?:""[^"]*+)*+"(?:[^",][^,]*+)?|"[^"]*(?:""[^"]*)*|[^",][^,]*+|),',
            1
        ),
        field ->
            nullif(
                case
                    when startswith(field, '"')
                        then concat(
                            replace(regexp_extract(field, '{{ inside_and_after }}', 1), '""', '"'),
                            regexp_extract(field, '{{ inside_and_after }}', 2)
                        )
                    else field
                end,
                ''
            )
    )
{%- endmacro %}


{#- SQL condition: the record has a quote that is never closed. -#}
{% macro has_open_quote(record) -%}
    {{ return(adapter.dispatch('has_open_quote', 'support_analytics')(record)) }}
{%- endmacro %}

{% macro duckdb__has_open_quote(record) -%}
    regexp_full_match({{ record }}, '(?:(?:"(?:[^"]|"")*"|[^",][^,]*|),)*"(?:[^"]|"")*')
{%- endmacro %}

{% macro spark__has_open_quote(record) -%}
    ({{ record }} rlike '^(?:(?:"[^"]*+(?:""[^"]*+)*+"|[^",][^,]*+|),)*+"[^"]*+(?:""[^"]*+)*+$')
{%- endmacro %}
