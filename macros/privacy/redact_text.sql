{#- The text with personal and secret items replaced by `[token]`, `[email]`, `[iban]`, `[cnpj]`,
    `[cpf]`, `[card]` and `[phone]`; null stays null. With the var `redact` set to false, the
    column as it is.

    One pass a kind, from the most to the least specific, so that what is left for the phones are
    digits that nothing else claims. docs/privacy.md says what each kind is.

    `column` stands several times in the result: give a column, not a long expression. -#}
{% macro redact_text(column) -%}
    {%- if not var('redact', true) -%}
        {{ column }}
    {%- else -%}
        {#- Texts without a candidate go through the passes as null. A `case` around the passes
            would do, but DuckDB runs lambdas inside a branch about ten times slower. -#}
        {%- set candidate = (
            'case when ' ~ regex_contains(
                column, redaction_guard()) ~ ' then ' ~ column ~ ' end') -%}
        {%- set redacted = namespace(text=candidate) -%}
        {%- for pass in [
            'redact_tokens', 'redact_emails', 'redact_ibans', 'redact_cnpjs', 'redact_cpfs',
            'redact_cards', 'redact_phones'
        ] -%}
            {%- set redacted.text = support_analytics[pass](redacted.text) -%}
        {%- endfor -%}
        coalesce({{ redacted.text }}, {{ column }})
    {%- endif -%}
{%- endmacro %}


{#- What every text with an item has: an @, seven digits close together, the start of an IBAN, the
    end of a CNPJ with letters, or a secret's first letters. Most texts have none and skip the
    passes: whatever a pass learns to find must be let through here. -#}
{% macro redaction_guard() -%}
    {{ return(
        '@|(?:[0-9][ ().+/-]{0,4}){7}|[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}|[0-9A-Z]{4}-[0-9]{2}'
        ~ '|(?i:bearer|authorization|key|token|secret|eyj|akia|asia|aiza|[spr]k[_-]|whsec'
        ~ '|gh[pousr]_|github_pat|glpat|xox|npm_|hf_|pypi-|sg[.]|sig(?:nature)?=)') }}
{%- endmacro %}


{% macro redact_tokens(text) -%}
    {%- set known_keys = [
        '(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,}',
        'sk-[A-Za-z0-9_-]{16,}',
        'whsec_[A-Za-z0-9]{16,}',
        'gh[pousr]_[A-Za-z0-9]{20,}',
        'github_pat_[A-Za-z0-9_]{20,}',
        'glpat-[A-Za-z0-9_-]{16,}',
        'xox[abeprs]-[A-Za-z0-9-]{10,}',
        'npm_[A-Za-z0-9]{30,}',
        'hf_[A-Za-z0-9]{30,}',
        'pypi-[A-Za-z0-9_-]{40,}',
        'SG[.][A-Za-z0-9_-]{16,}[.][A-Za-z0-9_-]{16,}',
        'A(?:KI|SI)A[0-9A-Z]{16}',
        'AIza[0-9A-Za-z_-]{30,}',
        'eyJ[A-Za-z0-9_-]{5,}[.][A-Za-z0-9_-]+(?:[.][A-Za-z0-9_-]*)?'
    ] -%}
    {#- `Bearer` is also a word: what follows it must have a digit or an underscore, or be long. -#}
    {%- set value = '[A-Za-z0-9._~+/=-]' -%}
    {%- set bearer = (
        '(?i:bearer)[ \\t]+'
        ~ '(?:[A-Za-z.~+/=-]*[0-9_]' ~ value ~ '*[A-Za-z0-9_~+/=-]|' ~ value ~ '{16,})') -%}
    {%- set assigned = '["\']?[ \\t]*[:=][ \\t]*["\']?' -%}
    {%- set authorization = (
        '((?i:authorization)' ~ assigned ~ ')(?i:bearer|basic|token)[ \\t]+' ~ value ~ '+') -%}
    {%- set named = (
        '((?i:api[ _-]?key|(?:access|auth|refresh|api)[ _-]?token|client[ _-]?secret'
        ~ '|secret[ _-]?key|token)' ~ assigned ~ ')'
        ~ '[A-Za-z._~+/=-]*[0-9]' ~ value ~ '{7,}') -%}
    {#- What lets whoever has the link open a file that is not public. -#}
    {%- set signed = '([?&](?i:(?:x-(?:amz|goog)-)?signature|sig|x-amz-(?:credential|security-token))=)[A-Za-z0-9%._~+/=-]{8,}' -%}
    {%- set keys_redacted = regex_replace_all(
        regex_replace_all(text, authorization, '\\1[token]'),
        '\\b(?:' ~ bearer ~ '|' ~ known_keys | join('|') ~ ')', '[token]') -%}
    {{ regex_replace_all(
        regex_replace_all(keys_redacted, named, '\\1[token]'), signed, '\\1[token]') }}
{%- endmacro %}


{% macro redact_emails(text) -%}
    {{ regex_replace_all(
        text,
        '[\\pL\\pN_%+][\\pL\\pN._%+\'-]*@(?:[\\pL\\pN-]+[.])+(?:xn--[A-Za-z0-9-]+|\\pL{2,})',
        '[email]') }}
{%- endmacro %}


{#- Countries by the length of what follows the two check digits, so that the word after an IBAN is
    not read as a part of it. -#}
{% macro redact_ibans(text) -%}
    {%- set countries = {
        11: 'NO', 12: 'BE', 14: 'DK|FI|FK|FO|GL|NL|SD', 15: 'MK|SI',
        16: 'AT|BA|EE|KZ|LT|LU|MN|XK', 17: 'CH|CR|HR|LI|LV',
        18: 'BG|BH|DE|GB|GE|IE|ME|RS|VA', 19: 'AE|GI|IL|IQ|OM|SO|TL',
        20: 'AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG', 21: 'LY|PT|ST', 22: 'IS|TR',
        23: 'BI|DJ|FR|GR|IT|MC|MR|SM', 24: 'AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV',
        25: 'BR|EG|PS|QA|UA', 26: 'JO|KW|MU|YE', 27: 'MT|SC', 28: 'LC', 29: 'RU'
    } -%}
    {%- set forms = [] -%}
    {%- for length, codes in countries.items() -%}
        {%- do forms.append(
            '(?:' ~ codes ~ ')[0-9]{2}(?:[ -]?[0-9A-Z]){' ~ length ~ '}') -%}
    {%- endfor -%}
    {%- set pattern = '\\b(?i:' ~ forms | join('|') ~ ')\\b' -%}
    {#- Lengths were looked at in the search. DuckDB prepares a pattern inside a lambda again and
        again, which takes long for one as large as that. -#}
    {%- set found = '(?i:' ~ countries.values() | join('|') ~ ')[0-9]{2}[0-9A-Za-z -]{11,}' -%}
    {{ replace_matches(
        text, pattern,
        'case when ' ~ is_iban(piece_if(found))
        ~ " then '[iban]' else piece end") }}
{%- endmacro %}


{#- Formatted as the document is printed: always. Otherwise only with the right check digits. -#}
{% macro redact_cnpjs(text) -%}
    {%- set printed = (
        '\\b[0-9A-Z]{2}[.][0-9A-Z]{3}[.][0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}\\b') -%}
    {%- set loose = '\\b[0-9]{2}[. ]?[0-9]{3}[. ]?[0-9]{3}[/ ]?[0-9]{4}[- ]?[0-9]{2}\\b' -%}
    {{ replace_matches(
        regex_replace_all(text, printed, '[cnpj]'), loose,
        'case when ' ~ is_cnpj(piece_if(loose))
        ~ " then '[cnpj]' else piece end") }}
{%- endmacro %}


{% macro redact_cpfs(text) -%}
    {%- set printed = '\\b[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}\\b' -%}
    {%- set loose = '\\b[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[- /]?[0-9]{2}\\b' -%}
    {{ replace_matches(
        regex_replace_all(text, printed, '[cpf]'), loose,
        'case when ' ~ is_cpf(piece_if(loose))
        ~ " then '[cpf]' else piece end") }}
{%- endmacro %}


{#- Alternatives from the usual groups to any. In a longer run of fours each window of four groups
    is tried, so that a year before the card does not hide it. -#}
{% macro redact_cards(text) -%}
    {%- set fours = '[0-9]{4}(?:[ .-][0-9]{4}){3,11}' -%}
    {%- set forms = [
        '[0-9]{13,19}',
        '[0-9]{4}[ .-][0-9]{6}[ .-][0-9]{4,5}',
        fours ~ '(?:[ .-][0-9]{3})?',
        '[0-9]{3,}(?:[ .-][0-9]{3,}){1,5}'
    ] -%}
    {%- set pattern = '\\b(?:' ~ forms | join('|') ~ ')\\b' -%}
    {%- set run_of_fours = piece_if(fours ~ '(?:[ .-][0-9]{3})?') -%}
    {%- set window = 'substr(piece, cast(item as integer), 19)' -%}
    {%- set windows_replaced = fold_list(
        list_of_numbers(1, 'length(' ~ run_of_fours ~ ') - 18', 5), 'piece',
        'case when ' ~ is_card(window)
        ~ ' then replace(total, ' ~ window ~ ", '[card]') else total end") -%}
    {%- set card_or_run = (
        'case when ' ~ is_card(piece_if(pattern))
        ~ " then '[card]' else coalesce(" ~ windows_replaced ~ ', piece) end') -%}
    {{ replace_matches(text, pattern, card_or_run) }}
{%- endmacro %}


{% macro redact_phones(text) -%}
    {%- set area = '(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])' -%}
    {%- set bracketed_area = '[(](?:0|0xx)?' ~ area ~ '[)]' -%}
    {%- set brazilian = '[ .-]?(?:9[ .]?[0-9]{4}|[2-5][0-9]{3})[ .-]?[0-9]{4}' -%}
    {%- set american = '[ .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}' -%}
    {%- set spanish = (
        '(?:[6-9][0-9]{2}(?:[ .-]?[0-9]{3}){2}|[6-9][0-9]{2}(?:[ .-][0-9]{2}){3}'
        ~ '|[89][0-9][ .-][0-9]{3}[ .-][0-9]{2}[ .-][0-9]{2})') -%}
    {%- set forms = [
        '(?:[+] ?|\\b(?:00)?)55[ .-]?(?:' ~ bracketed_area ~ '|' ~ area ~ ')' ~ brazilian,
        '(?:[+] ?|\\b(?:00)?)1[ .-]?(?:[(][2-9][0-9]{2}[)]|[2-9][0-9]{2})' ~ american,
        '(?:[+] ?|\\b00)34[ .-]?' ~ spanish,
        '[+] ?[1-9](?:[ .()/-]{0,3}[0-9]){7,14}',
        '\\b00[1-9][0-9]{0,2}[ .-](?:[ .()/-]{0,3}[0-9]){7,12}',
        '(?:' ~ bracketed_area ~ '|\\b(?:0|0xx)?' ~ area ~ ')' ~ brazilian,
        '(?:[(][2-9][0-9]{2}[)]|\\b[2-9][0-9]{2})' ~ american,
        '\\b' ~ spanish,
        '\\b0[3589]00[ .-]?[0-9]{3}[ .-]?[0-9]{4}',
        '\\b9[0-9]{4}-[0-9]{4}'
    ] -%}
    {%- set phone = '(?:' ~ forms | join('|') ~ ')\\b(?: ?(?:x|ext[.]?|ramal) ?[0-9]{1,5}\\b)?' -%}
    {#- After a word for a phone, any seven digits or more are one. -#}
    {%- set phone_word = (
        '\\b(?i:' ~ [
            'tel', 'telefone', 'tel[ée]fono', 'phone', 'fone', 'mobile', 'cel', 'celular',
            'm[óo]vil', 'whats', 'whatsapp', 'wpp', 'zap'
        ] | join('|') ~ ')(?:[ .:#/-]| is | [ée] | es ){0,3}') -%}
    {%- set any_phone = '[+(]?[0-9](?:[ .()/-]{0,2}[0-9]){6,14}\\b' -%}

    {#- Not phones, though their digits may look so: found first, and left as they are. -#}
    {%- set date = (
        '\\b(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})'
        ~ '(?:[T ,]{1,2}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?)?\\b') -%}
    {%- set id = (
        '\\b(?i:' ~ [
            'orders?', 'pedidos?', 'compra', 'tickets?', 'chamado', 'protocolo', 'invoice',
            'fatura', 'factura', 'nota', 'boleto', 'id', 'ref', 'refer[eê]ncia', 'referencia',
            'reference', 'sku', 'tracking', 'rastreio', 'c[oó]digo', 'code', 'case', 'caso',
            'transa[cç][aã]o', 'transacci[oó]n', 'transaction'
        ] | join('|')
        ~ ')(?:[ .:#/=_-]|(?i: (?:id|is|[ée]|es|number|n[uú]mero|no[.]?|n[º°o.]{1,2})) ?){0,4}'
        ~ '[0-9]{5,}\\b') -%}
    {%- set not_phones = [
        '(?:' ~ phone_word ~ ')?' ~ date,
        id,
        '#[0-9]+\\b',
        '\\b[vV][0-9]+(?:[.][0-9]+)+\\b',
        '\\b[A-Za-z_][A-Za-z_0-9]*[-_]?[0-9][0-9A-Za-z_-]*',
        '(?:R[$]|US[$]|[$€£¥]|\\b(?:BRL|USD|EUR|GBP|MXN)) ?[0-9][0-9.,]*\\b',
        '\\b[0-9]{1,3}(?:[.][0-9]{3})*,[0-9]{1,2}\\b',
        '\\b[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]{1,2})?\\b',
        '\\b[0-9]{4,}[.,][0-9]{1,2}\\b',
        '\\b[0-9][0-9.,]* ?(?:€|(?i:EUR|USD|BRL|reais|euros|dollars|d[oó]lares)\\b)'
    ] -%}
    {%- set pattern = (
        [not_phones[0], phone_word ~ any_phone] + not_phones[1:] + [phone]) | join('|') -%}
    {%- set word_kept = regex_replace_all(
        'piece', '\\A(' ~ phone_word ~ ')' ~ any_phone ~ '\\z', '\\1[phone]') -%}
    {{ replace_matches(text, pattern,
        "case when "
        ~ regex_contains('piece', '\\A(?:' ~ not_phones | join('|') ~ ')\\z')
        ~ " then piece else " ~ regex_replace_all(
            word_kept, '\\A' ~ phone ~ '\\z', '[phone]') ~ " end") }}
{%- endmacro %}


{#- The piece where all of it has the form, else null. -#}
{% macro piece_if(form) -%}
    case when {{ regex_contains('piece', '\\A(?:' ~ form ~ ')\\z') }}
        then piece end
{%- endmacro %}
