{#-
  SQL: the reasons for which a parsed ticket row is rejected by itself, sorted and joined by `|`; empty text where there is
  none. A text beside a value that could be read may be missing: base_tickets_parsed keeps it only where it is needed.
-#}
{% macro ticket_reasons() -%}
    concat_ws(
        '|',
        case when first_response_time_minutes < 0 then 'first_response_time_negative' end,
        case
            when first_response_text is not null and first_response_time_minutes is null
                then 'first_response_time_not_a_number'
        end,
        case
            when first_response_time_minutes > {{ max_first_response_minutes() }}
                then 'first_response_time_too_large'
        end,
        case
            when channel is null or channel not in {{ text_list(var('ticket_channels')) }}
                then 'invalid_channel'
        end,
        case
            when status is null or status not in {{ text_list(var('ticket_statuses')) }}
                then 'invalid_status'
        end,
        case when tag not in {{ text_list(var('ticket_categories')) }} then 'invalid_tag' end,
        case when created_text is null and created_at is null then 'missing_created_at' end,
        case when ticket_id is null then 'missing_ticket_id' end,
        case when resolved_at < created_at then 'resolved_before_created' end,
        case
            when status = 'resolved' and resolved_text is null and resolved_at is null
                then 'resolved_without_resolved_at'
        end,
        case
            when created_text is not null and created_at is null then 'unparseable_created_at'
        end,
        case
            when resolved_text is not null and resolved_at is null then 'unparseable_resolved_at'
        end
    )
{%- endmacro %}


{#- What ticket_reasons depends on besides the row. -#}
{% macro ticket_reasons_settings() -%}
    {{ return(local_md5([
        var('ticket_channels'), var('ticket_statuses'), var('ticket_categories'), max_first_response_minutes(),
    ] | join('|'))) }}
{%- endmacro %}
