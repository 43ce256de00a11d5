-- Grain: one row for each slice: overall, each channel, each topic. Question: how far do AI label and agent's tag agree, beyond chance?

with cells as (
    select * from {{ ref('int_ai_tag_cells_counted') }}
),

summed as (
    select
        *,
        sum(tickets_count) over (partition by slice_type, slice_value) as tagged_count,
        sum(tickets_count) over (partition by slice_type, slice_value, tag) as tag_count,
        sum(tickets_count) over (partition by slice_type, slice_value, ai_category) as label_count
    from cells
),

-- How often each category is the tag, and how often it is the label: both stand on the diagonal.
margins as (
    select
        slice_type,
        slice_value,
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
        slice_type,
        slice_value,
        cast(max(tagged_count) as bigint) as tagged_count,
        cast(sum(both_count) as bigint) as agreed_count,
        {{ rate('sum(tag_count * label_count)', 'max(tagged_count * tagged_count)') }} as expected_agreement_rate,
        -- With one category on either side, kappa would be 0 however often both agree.
        count(case when tag_count > 0 then 1 end) > 1 and count(case when label_count > 0 then 1 end) > 1 as has_choice
    from margins
    group by slice_type, slice_value
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
        rated.slice_type,
        rated.slice_value,
        {{ exact_sum(
            'case when summed.tag = summed.ai_category then summed.tickets_count * power('
            ~ 'rated.tagged_count - (of_tag.tag_count + of_tag.label_count) * (1 - rated.kappa), 2)'
            ~ ' else summed.tickets_count * power((1 - rated.kappa) * (of_tag.label_count + of_label.tag_count), 2) end'
            ~ ' / power(rated.tagged_count, 3)'
        ) }} as cells_term
    from rated
    inner join summed
        on
            rated.slice_type = summed.slice_type
            and rated.slice_value = summed.slice_value
    inner join margins as of_tag
        on
            summed.slice_type = of_tag.slice_type
            and summed.slice_value = of_tag.slice_value
            and summed.tag = of_tag.category
    inner join margins as of_label
        on
            summed.slice_type = of_label.slice_type
            and summed.slice_value = of_label.slice_value
            and summed.ai_category = of_label.category
    where rated.kappa is not null
    group by rated.slice_type, rated.slice_value
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
            rated.slice_type = terms.slice_type
            and rated.slice_value = terms.slice_value
),

final as (
    select
        slice_type,
        slice_value,
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
