-- Grain: one row for each accepted ticket. Question: which words of its text do the category rules know?
-- The text is read as it stands, never the tag.

{{ config(pre_hook=[
    "{{ forget_rows_of_other_settings(category_rules_fingerprint(ref('int_category_rules_ranked')), 'category_rules') }}",
    "{{ forget_rows_unlike(ref('stg_tickets')) }}",
]) }}

{% set layers = category_rule_layers(ref('int_category_rules_ranked')) %}

with tickets as (
    select * from {{ ref('stg_tickets') }} as tickets
    where {{ is_missing_here('tickets.ticket_id') }}
),

read_0 as (
    select
        ticket_id,
        row_fingerprint,
        {{ no_texts() }} as evidence,
        {{ plain_text('message_text') }} as remaining_text
    from tickets
),

-- Each layer takes what it finds out of the text, so that a word in a phrase does not count again.
{% for layer in layers %}
found_{{ loop.index }} as (
    select
        ticket_id,
        row_fingerprint,
        evidence,
        remaining_text,
        {{ list_of_matches('remaining_text', layer.alternation) }} as found
    from read_{{ loop.index0 }}
),

read_{{ loop.index }} as (
    select
        ticket_id,
        row_fingerprint,
        {{ joined_lists(['evidence', 'found']) }} as evidence,
        case
            when {{ list_length('found') }} = 0 then remaining_text
            else {{ regex_replace_all('remaining_text', layer.alternation, '|') }}
        end as remaining_text
    from found_{{ loop.index }}
),
{% endfor %}

final as (
    select
        ticket_id,
        evidence,
        case when {{ list_length('evidence') }} > 0 then {{ list_number('evidence') }} end as evidence_set_id,
        row_fingerprint,
        '{{ made_under(category_rules_fingerprint(ref("int_category_rules_ranked"))) }}' as settings_fingerprint
    from read_{{ layers | length }}
)

select * from final
