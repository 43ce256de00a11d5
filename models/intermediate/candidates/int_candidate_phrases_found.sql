-- Grain: one row for each ticket and phrase of one to three words that no rule knows. Question: what do tickets say?

{% set in_order = 'over (partition by ticket_id order by position asc)' %}

with tickets as (
    select * from {{ ref('int_candidate_tickets_read') }}
),

stop_words as (
    select * from {{ ref('stop_words') }}
),

listed as (
    select
        ticket_id,
        {{ list_of_matches('unknown_words', '[a-z0-9]+|[|]') }} as words
    from tickets
),

unnested as (
    select
        ticket_id,
        {{ row_for_each_in_order('words', 'word', 'position') }}
    from listed
),

-- Numbers differ from ticket to ticket, so a phrase ends there as well.
words as (
    select
        unnested.ticket_id,
        unnested.position,
        unnested.word,
        {{ regex_contains('unnested.word', '[|0-9]') }} as is_end,
        stop_words.word is null
        and {{ regex_matches_whole('unnested.word', '[a-z]{2,}') }} as is_content
    from unnested
    left join stop_words
        on unnested.word = stop_words.word
),

neighbours as (
    select
        ticket_id,
        word,
        is_content,
        lead(word, 1) {{ in_order }} as second_word,
        lead(is_end, 1) {{ in_order }} as is_second_end,
        lead(is_content, 1) {{ in_order }} as is_second_content,
        lead(word, 2) {{ in_order }} as third_word,
        lead(is_content, 2) {{ in_order }} as is_third_content
    from words
),

-- A phrase begins and ends with a word of content; a stop word may stand inside.
phrases as (
    select
        ticket_id,
        word as phrase,
        1 as words_count
    from neighbours
    where is_content
    union all
    select
        ticket_id,
        word || ' ' || second_word as phrase,
        2 as words_count
    from neighbours
    where is_content and is_second_content
    union all
    select
        ticket_id,
        word || ' ' || second_word || ' ' || third_word as phrase,
        3 as words_count
    from neighbours
    where is_content and not is_second_end and is_third_content
),

final as (
    select distinct
        ticket_id,
        phrase,
        words_count
    from phrases
)

select * from final
