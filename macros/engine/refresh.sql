{#- What an incremental refresh needs from an engine. Spark builds every table whole, so that only DuckDB deletes rows. -#}

{#- A number that differs when any of the values differs, null included: 64 bits, so that two rows share one by chance once
    in 10^19 pairs. Compared within one database only. -#}
{% macro fingerprint(values) -%}
    {{ return(adapter.dispatch('fingerprint', 'support_analytics')(values)) }}
{%- endmacro %}

{% macro duckdb__fingerprint(values) -%} hash({{ values | join(', ') }}) {%- endmacro %}
{% macro spark__fingerprint(values) -%} xxhash64({{ values | join(', ') }}) {%- endmacro %}


{#- A number for a list of texts that stays the same in every build: 60 bits of its MD5. -#}
{% macro list_number(list) -%}
    {{ return(adapter.dispatch('list_number', 'support_analytics')(list)) }}
{%- endmacro %}

{% macro duckdb__list_number(list) -%}
    cast('0x' || substr(md5(cast(to_json({{ list }}) as varchar)), 1, 15) as bigint)
{%- endmacro %}

{% macro spark__list_number(list) -%}
    cast(conv(substr(md5(to_json({{ list }})), 1, 15), 16, 10) as bigint)
{%- endmacro %}
