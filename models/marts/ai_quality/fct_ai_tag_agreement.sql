-- Grain: one row for each segment: all tickets, each channel, each topic. Question: how far do AI label and agent's tag agree, beyond chance?

with cells as (
    select * from {{ ref('int_ai_tag_cells_counted') }}
),

summed as (
    select
        *,
        sum(tickets_count) over (partition by segment_type, segment) as tagged_count,
        sum(tickets_count) over (partition by segment_type, segment, tag) as tag_count,
        sum(tickets_count) over (partition by segment_type, segment, ai_category) as label_count
    from cells
),

-- How often each category is the tag, and how often it is the label: both stand on the diagonal.
margins as (
    select
        segment_type,
        segment,
        tag as category,
        tickets_count as both_count,
        tag_count,
        label_count,
        tagged_count
    from summed
    where tag = ai_category
),

agreed as (
    select
        segment_type,
        segment,
        cast(max(tagged_count) as bigint) as tagged_count,
        cast(sum(both_count) as bigint) as agreed_count,
        {{ rate('sum(tag_count * label_count)', 'max(tagged_count * tagged_count)') }} as expected_agreement_rate,
        -- With one category on either side, kappa would be 0 however often both agree.
        count(case when tag_count > 0 then 1 end) > 1 and count(case when label_count > 0 then 1 end) > 1 as has_choice
    from margins
    group by segment_type, segment
),

rated as (
    select
        *,
        {{ rate('agreed_count', 'tagged_count') }} as accuracy_rate,
        case
            when has_choice
                then
                    ({{ rate('agreed_count', 'tagged_count') }} - expected_agreement_rate)
                    / (1 - expected_agreement_rate)
        end as kappa
    from agreed
),

-- Terms of the large-sample variance of kappa (Fleiss, Cohen and Everitt, 1969).
terms as (
    select
        rated.segment_type,
        rated.segment,
        {{ exact_sum(
            'case when summed.tag = summed.ai_category then summed.tickets_count * power('
            ~ 'rated.tagged_count - (of_tag.tag_count + of_tag.label_count) * (1 - rated.kappa), 2)'
            ~ ' else summed.tickets_count * power((1 - rated.kappa) * (of_tag.label_count + of_label.tag_count), 2) end'
            ~ ' / power(rated.tagged_count, 3)'
        ) }} as cells_term
    from rated
    inner join summed
        on
            rated.segment_type = summed.segment_type
            and rated.segment = summed.segment
    inner join margins as of_tag
        on
            summed.segment_type = of_tag.segment_type
            and summed.segment = of_tag.segment
            and summed.tag = of_tag.category
    inner join margins as of_label
        on
            summed.segment_type = of_label.segment_type
            and summed.segment = of_label.segment
            and summed.ai_category = of_label.category
    where rated.kappa is not null
    group by rated.segment_type, rated.segment
),

measured as (
    select
        rated.*,
        -- Engines disagree on greatest() with nulls.
        case
            when rated.kappa is not null
                then
                    sqrt(greatest(
                        0, terms.cells_term - power(rated.kappa - rated.expected_agreement_rate * (1 - rated.kappa), 2)
                    ) / rated.tagged_count) / (1 - rated.expected_agreement_rate)
        end as kappa_standard_error
    from rated
    left join terms
        on
            rated.segment_type = terms.segment_type
            and rated.segment = terms.segment
),

final as (
    select
        segment_type,
        segment,
        tagged_count,
        agreed_count,
        accuracy_rate,
        {{ wilson_bound('low', 'agreed_count', 'tagged_count') }} as accuracy_ci_low,
        {{ wilson_bound('high', 'agreed_count', 'tagged_count') }} as accuracy_ci_high,
        expected_agreement_rate,
        kappa,
        kappa_standard_error,
        case
            when kappa - {{ z_95() }} * kappa_standard_error < -1 then -1
            else kappa - {{ z_95() }} * kappa_standard_error
        end as kappa_ci_low,
        case
            when kappa + {{ z_95() }} * kappa_standard_error > 1 then 1
            else kappa + {{ z_95() }} * kappa_standard_error
        end as kappa_ci_high,
        {{ is_small_sample('tagged_count') }} as is_small_sample
    from measured
)

select * from final
