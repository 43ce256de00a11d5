{#-
  How the incremental models stay equal to a full build.

  A row is kept from one build to the next as long as its fingerprint is that of the row upstream. First, in hooks, a model
  forgets the rows whose fingerprint is no longer there: changed, vanished, or made under other settings. Then it adds the
  rows that it lacks. Each model compares for itself, so a run that was interrupted is made good by the next one.
  A row without a fingerprint (null) is made anew in every build.
-#}

{#- Whether this build adds to the model instead of making it whole. Unit tests always make it whole. -#}
{% macro is_refresh() -%}
    {{ return(model.resource_type == 'model' and is_incremental()) }}
{%- endmacro %}


{#- Hook: forget rows that upstream has no longer, or has with another fingerprint. -#}
{% macro forget_rows_unlike(upstream, ticket_id='ticket_id') -%}
    {%- if is_refresh() -%}
        delete from {{ this }} as kept
        where not exists (
            select 1
            from {{ upstream }} as upstream
            where upstream.{{ ticket_id }} = kept.ticket_id and upstream.row_fingerprint = kept.row_fingerprint
        )
    {%- endif -%}
{%- endmacro %}


{#- What a model's rows are made under: settings, and the model's own code. Macros that it calls are not in it. -#}
{% macro made_under(settings) -%}
    {{ return(local_md5(settings ~ model.raw_code)) }}
{%- endmacro %}


{#- Hook: forget all rows when they were made under other settings or by other code, and say so. -#}
{% macro forget_rows_of_other_settings(settings, what) -%}
    {%- if is_refresh() -%}
        {%- set made_now = made_under(settings) -%}
        {%- set others = run_query(
            'select count(*) from ' ~ this ~ " where settings_fingerprint is distinct from '" ~ made_now ~ "'"
        ).columns[0].values()[0] -%}
        {%- if others -%}
            {%- do log(what ~ ' or the model changed: ' ~ others ~ ' rows of ' ~ this.identifier ~ ' are made anew', info=true) -%}
        {%- endif -%}
        delete from {{ this }} where settings_fingerprint is distinct from '{{ made_now }}'
    {%- endif -%}
{%- endmacro %}


{#- SQL condition: upstream's row is one that the model lacks. True for every row where the model is made whole.
    `among` is for an upstream that joins: the same relation, asked for its ids alone first, so that only the rows that are
    missing are joined. Not for one with rows that have no id. -#}
{% macro is_missing_here(ticket_id, among=none) -%}
    {%- if not is_refresh() -%}
        true
    {%- elif among is none -%}
        not exists (select 1 from {{ this }} as kept where kept.ticket_id = {{ ticket_id }})
    {%- else -%}
        {{ ticket_id }} in (
            select upstream.ticket_id from {{ among }} as upstream
            where not exists (select 1 from {{ this }} as kept where kept.ticket_id = upstream.ticket_id)
        )
    {%- endif -%}
{%- endmacro %}


{#- MD5 of the rows of a small relation, in order: what a model that was made from them depends on. Empty in unit tests. -#}
{% macro rows_fingerprint(relation, columns) -%}
    {%- if execute and model.resource_type == 'model' and load_relation(relation) is not none -%}
        {%- set rows = run_query('select ' ~ columns | join(', ') ~ ' from ' ~ relation ~ ' order by ' ~ columns | join(', ')).rows -%}
        {%- set texts = [] -%}
        {%- for row in rows -%}
            {%- do texts.append(row.values() | map('string') | join('\t')) -%}
        {%- endfor -%}
        {{ return(local_md5(texts | join('\n'))) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}


{#- What the verdicts on a ticket depend on besides the ticket and the clock: SLA targets, FCR limits, the time zone. -#}
{% macro measuring_settings(sla_targets) -%}
    {%- set targets = rows_fingerprint(
        sla_targets, ['channel', 'frt_target_minutes', 'resolution_target_minutes']) -%}
    {{ return(local_md5([
        targets, fcr_strict_minutes(), fcr_lenient_minutes(), var('reporting_timezone'),
    ] | join('\n'))) }}
{%- endmacro %}


{#- Hook: forget tickets whose verdict the clock may have changed: those that had none, and, where "now" went back, all
    that wait for something. -#}
{% macro forget_rows_that_ripened(clock) -%}
    {%- if is_refresh() -%}
        delete from {{ this }} as kept
        using {{ clock }} as clock
        where
            (kept.is_open or kept.first_response_time_minutes is null)
            and (
                kept.is_frt_sla_met is null
                or kept.is_resolution_sla_met is null
                or kept.measured_at > clock.as_of_at
            )
    {%- endif -%}
{%- endmacro %}
