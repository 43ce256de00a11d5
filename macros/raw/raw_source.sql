{#-
  Where the rows of a seed of raw text stand. For the seed `tickets_raw`:

    var tickets_path       a Parquet file or a pattern of them, read in place; a name that ends in .csv is a CSV file
    var tickets_relation   a table or view that the engine knows, as it is written in SQL, read in place
    neither                the seed's own CSV file

  `users_raw` has `users_path` and `users_relation`, and so on for every seed. `none` in a `_relation` stands for no rows.
  Returns {name, kind, columns, is_read_in_place, from}; `columns` in lower case, in their order.
-#}
{% macro raw_source(seed, raw_columns) %}
    {%- do refuse_unknown_sources() -%}
    {%- set subject = seed | replace('_raw', '') -%}
    {%- set path = var(subject ~ '_path', '') -%}
    {%- set relation = var(subject ~ '_relation', '') -%}
    {%- if path and relation -%}
        {{ exceptions.raise_compiler_error(
            'vars ' ~ subject ~ '_path and ' ~ subject ~ '_relation are both set; keep one') }}
    {%- endif -%}
    {%- if subject == 'users' and not path and not relation and (var('tickets_path', '') or var('tickets_relation', '')) -%}
        {{ exceptions.raise_compiler_error(
            "tickets come from elsewhere, and users would still be the sample's: set the var users_path or users_relation, "
            ~ "or users_relation to none") }}
    {%- endif -%}

    {%- if relation == 'none' -%}
        {{ return({
            'name': subject ~ '_relation', 'kind': 'nothing', 'columns': raw_columns.keys() | list,
            'is_read_in_place': true,
        }) }}
    {%- elif relation or (path and not path.endswith('.csv')) -%}
        {%- set from = relation or parquet_rows(absolute_path(path)) -%}
        {%- set columns = run_query('select * from ' ~ from ~ ' limit 0').column_names | map('lower') | list -%}
        {{ return({
            'name': relation or path, 'kind': 'rows', 'columns': columns, 'is_read_in_place': true, 'from': from,
        }) }}
    {%- else -%}
        {%- set file = absolute_path(path or model.original_file_path) -%}
        {%- set columns = [] -%}
        {%- for name in run_query(raw_csv_header_sql(file)).columns[0].values() -%}
            {#- A file may start with a byte order mark. -#}
            {%- do columns.append((name or '') | replace('\ufeff', '') | trim | lower) -%}
        {%- endfor -%}
        {{ return({
            'name': path or model.original_file_path, 'kind': 'csv', 'columns': columns, 'is_read_in_place': false,
            'from': file,
        }) }}
    {%- endif -%}
{% endmacro %}


{#- A mistyped var would leave the sample's rows where one's own were meant. -#}
{% macro refuse_unknown_sources() -%}
    {%- set known = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' -%}
        {%- for kind in ['_path', '_relation'] -%}
            {%- do known.append(node.name | replace('_raw', '') ~ kind) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in invocation_args_dict.get('vars') or {} if name.endswith(('_path', '_relation')) and name not in known -%}
        {{ exceptions.raise_compiler_error('no seed has the var ' ~ name ~ '; there are ' ~ known | sort | join(', ')) }}
    {%- endfor -%}
{%- endmacro %}


{% macro has_raw_source(seed) -%}
    {%- set subject = seed | replace('_raw', '') -%}
    {{ return((var(subject ~ '_path', '') or var(subject ~ '_relation', '')) != '') }}
{%- endmacro %}


{#- SQL of the rows of a `raw_source`: each column text, the empty one null, with line_number and malformed_record. -#}
{% macro raw_rows_sql(source, raw_columns) -%}
    {%- if source.kind == 'csv' -%}
        {{ read_raw_csv_sql(source.from, source.columns, raw_columns) }}
    {%- else -%}
        {%- set types = {'line_number': 'bigint'} -%}
        select
            {%- for column in raw_columns.keys() | list + ['line_number', 'malformed_record'] %}
            {%- set type = types.get(column, dbt.type_string()) %}
            {% if source.kind == 'nothing' or column not in source.columns -%}
                cast(null as {{ type }})
            {%- elif column == 'line_number' -%}
                cast({{ adapter.quote(column) }} as {{ type }})
            {%- else -%}
                nullif({{ raw_value_text(adapter.quote(column)) }}, '')
            {%- endif %} as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        {%- if source.kind == 'nothing' %}
        where 1 = 0
        {%- else %}
        from {{ source.from }}
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{#- SQL: the text of a value of any type. A whole float is written as a whole number: an id that became a float, as some are
    missing, stays an id. -#}
{% macro raw_value_text(column) -%}
    {%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set number = 'try_cast(' ~ text ~ ' as double)' -%}
    case
        when lower(typeof({{ column }})) in ('double', 'float') and {{ number }} = floor({{ number }}) and abs({{ number }}) < 1e15
            then cast(cast({{ number }} as bigint) as {{ dbt.type_string() }})
        else {{ text }}
    end
{%- endmacro %}


{#- A path as it stands, or below the project's folder where it is relative. -#}
{% macro absolute_path(path) -%}
    {{ return(path if path.startswith('/') or ':' in path else model.root_path ~ '/' ~ path) }}
{%- endmacro %}
