{#-
  Contracts on Spark. It knows no varchar without a length, and types row numbers and sums otherwise than DuckDB. So a mart
  there must have the declared columns, each of the declared kind (whole number, fraction, text, ...), and is written with
  the declared types.
-#}

{#- The type of a contract as Spark knows it. -#}
{% macro spark_type(data_type) -%}
    {{ return('string' if data_type | lower == 'varchar' else data_type | lower) }}
{%- endmacro %}


{% macro kind_of_type(data_type) -%}
    {%- set kinds = {
        'tinyint': 'whole number', 'smallint': 'whole number', 'int': 'whole number', 'integer': 'whole number',
        'bigint': 'whole number', 'float': 'fraction', 'double': 'fraction', 'decimal': 'fraction', 'string': 'text',
    } -%}
    {%- set name = (data_type | lower).split('(')[0] -%}
    {{ return(kinds.get(name, name)) }}
{%- endmacro %}


{% macro spark__get_assert_columns_equivalent(sql) -%}
    {%- set declared = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do declared.append(column.name | lower ~ ' ' ~ kind_of_type(spark_type(column.data_type))) -%}
    {%- endfor -%}
    {%- set provided = [] -%}
    {%- for column in get_column_schema_from_query(sql) -%}
        {%- do provided.append(column.name | lower ~ ' ' ~ kind_of_type(column.dtype)) -%}
    {%- endfor -%}
    {%- if declared | sort != provided | sort -%}
        {{ exceptions.raise_compiler_error(
            'the contract is broken. Declared and not there: '
            ~ (declared | reject('in', provided) | join(', ') or 'none')
            ~ '. There and not declared: ' ~ (provided | reject('in', declared) | join(', ') or 'none')) }}
    {%- endif -%}
{%- endmacro %}


{% macro spark__get_select_subquery(sql) -%}
    select
        {% for column in model.columns.values() -%}
        cast({{ adapter.quote(column.name) }} as {{ spark_type(column.data_type) }}) as {{ adapter.quote(column.name) }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from (
        {{ sql }}
    ) as model_subq
{%- endmacro %}
