{#- Checks of numbers that carry their own check digits. Each takes SQL of a text of the right
    shape, separators included, and returns a SQL condition. -#}


{% macro digits_of(text) -%}
    {{ regex_replace_all(text, '[^0-9]', '') }}
{%- endmacro %}


{#- 14 to 19 digits, or 13 of the ranges that were issued so short, which pass Luhn's check: from
    the right, each second digit is doubled and its own digits added up (a digit's place in
    `0516273849`), and the sum is divisible by 10. Zeros in front make pairs of the digits. -#}
{% macro is_card(text) -%}
    {%- set digits = digits_of(text) -%}
    {%- set pairs = list_of_matches(
        'lpad(' ~ digits ~ ", 20, '0')", '[0-9]{2}') -%}
    ({{ regex_contains(
        digits, '\\A(?:[2-9][0-9]{13,18}|(?:4|5[0678]|6)[0-9]{12})\\z') }}
    and {{ fold_list(
        pairs, 0,
        'total - 2 + '
        ~ position_in("'0516273849'", 'substr(pair, 1, 1)') ~ ' + '
        ~ position_in("'0123456789'", 'substr(pair, 2, 1)'),
        item='pair') }} % 10 = 0)
{%- endmacro %}


{#- The check digit that follows the first `count` digits of a CPF or CNPJ: weights from the right
    are 2, 3, 4 and so on, starting again after `cycle` of them. -#}
{% macro weighted_check_digit(digits, count, cycle) -%}
    {%- set digit = character_at(digits, 'item') -%}
    ({{ fold_list(
        list_of_numbers(1, count), 0,
        'total + (' ~ position_in("'0123456789'", digit) ~ ' - 1) * (2 + ('
        ~ count ~ ' - item) % ' ~ cycle ~ ')') }} * 10 % 11 % 10)
{%- endmacro %}


{#- The last two of `length` digits are the right check digits, and not all digits are the same. -#}
{% macro has_check_digits(text, length, cycle) -%}
    {%- set digits = digits_of(text) -%}
    (replace({{ digits }}, substr({{ digits }}, 1, 1), '') <> ''
    {% for place in [length - 1, length] -%}
        and cast({{ character_at(digits, place) }} as integer)
            = {{ weighted_check_digit(digits, place - 1, cycle) }}
    {% endfor %})
{%- endmacro %}


{% macro is_cpf(text) -%}
    {{ has_check_digits(text, 11, 10) }}
{%- endmacro %}


{% macro is_cnpj(text) -%}
    {{ has_check_digits(text, 14, 8) }}
{%- endmacro %}


{#- ISO 13616: the first four characters moved to the end and letters read as 10 to 35, the number
    leaves 1 when divided by 97. Taken character by character, as it has up to 60 digits. -#}
{% macro is_iban(text) -%}
    {%- set characters = regex_replace_all(
        'upper(' ~ text ~ ')', '[^0-9A-Z]', '') -%}
    {%- set rotated = 'concat(substr(' ~ characters ~ ', 5), substr(' ~ characters ~ ', 1, 4))' -%}
    {%- set value = '(' ~ position_in(
        "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'", 'item') ~ ' - 1)' -%}
    ({{ fold_list(
        list_of_matches(rotated, '[0-9A-Z]'), 0,
        '(total * case when ' ~ value ~ ' < 10 then 10 else 100 end + ' ~ value ~ ') % 97') }} = 1)
{%- endmacro %}
