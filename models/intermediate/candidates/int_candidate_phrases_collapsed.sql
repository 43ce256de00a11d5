-- Grain: one row for each phrase that no other one stands for. Question: which phrases are worth a line of their own?
-- Where phrases overlap, the longest that has at least half of a shorter one's tickets stands for it; else the shorter
-- one stands for all that hold it.

with counted as (
    select * from {{ ref('int_candidate_phrases_counted') }}
),

split as (
    select
        phrase as longer_phrase,
        tickets_count as longer_tickets_count,
        words_count,
        {{ dbt.split_part('phrase', "' '", 1) }} as first_word,
        {{ dbt.split_part('phrase', "' '", 2) }} as second_word,
        {{ dbt.split_part('phrase', "' '", 3) }} as third_word
    from counted
    where words_count > 1
),

parts as (
    {% for part, words_count in [
        ('first_word', 2), ('second_word', 2), ('third_word', 3),
        ("first_word || ' ' || second_word", 3), ("second_word || ' ' || third_word", 3),
    ] %}
    select
        longer_phrase,
        longer_tickets_count,
        {{ part }} as phrase
    from split
    where words_count >= {{ words_count }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

overlapping as (
    select
        parts.phrase,
        parts.longer_phrase,
        parts.longer_tickets_count >= {{ candidate_overlap_share() }} * counted.tickets_count as is_longer_kept
    from parts
    inner join counted
        on parts.phrase = counted.phrase
),

without_parts as (
    select *
    from counted
    where phrase not in (select phrase from overlapping where is_longer_kept)
),

held as (
    select overlapping.longer_phrase
    from overlapping
    inner join without_parts
        on overlapping.phrase = without_parts.phrase
),

final as (
    select *
    from without_parts
    where phrase not in (select longer_phrase from held)
)

select * from final
