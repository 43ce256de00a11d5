{#- SHA-256 of a text in lower-case hexadecimals; of the empty text for null. -#}
{% macro text_hash(text) -%}
    {{ return(adapter.dispatch('text_hash', 'support_analytics')(text)) }}
{%- endmacro %}

{% macro duckdb__text_hash(text) -%} sha256(coalesce({{ text }}, '')) {%- endmacro %}
{% macro spark__text_hash(text) -%} sha2(coalesce({{ text }}, ''), 256) {%- endmacro %}
