"""What `redact_text` and `neutralise_cell` do to texts, one row of a table for each case.

The macros are compiled by dbt in a project of their own (the macro folders and nothing else), so
that a model that does not build cannot hide them, and run on DuckDB in memory. All persons, numbers
and keys are made up; card, CPF, CNPJ and IBAN numbers are the published examples of their formats.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parents[2]
MACRO_FOLDERS = ("engine", "privacy")
# Written in two parts, so that no scanner takes the made-up keys for real ones.
STRIPE_KEY = "sk_" + "live_00exampleExample00"
GITHUB_KEY = "gh" + "p_" + "0123456789abcdefABCDEF0123456789abcd"
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
NPM_KEY = "np" + "m_" + "0123456789abcdefABCDEF0123456789abcd"
HF_KEY = "h" + "f_" + "abcdefghijABCDEFGHIJabcdefghijABCD"
PYPI_KEY = "py" + "pi-" + "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0w"
SENDGRID_KEY = "S" + "G." + "abcdefghijklmnop0123_-." + "ABCDEFGHIJKLMNOPQRST"
JWT = "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"

Apply = Callable[[list[str | None]], list[str | None]]


@pytest.fixture(scope="session")
def compile_macros(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Return a function that compiles Jinja expressions to SQL."""
    folder = tmp_path_factory.mktemp("privacy")
    for name in MACRO_FOLDERS:
        shutil.copytree(PROJECT / "macros" / name, folder / "macros" / name)
    (folder / "dbt_project.yml").write_text(
        "name: support_analytics\nversion: 1.0.0\nprofile: p\n"
        "flags: {send_anonymous_usage_stats: false}\n"
    )
    (folder / "profiles.yml").write_text(
        "p: {target: t, outputs: {t: {type: duckdb, path: ':memory:'}}}\n"
    )
    separator = "\n-- next --\n"

    def compile_all(expressions: list[str], variables: str = "{}") -> list[str]:
        arguments = ["--quiet", "compile", "--inline"]
        arguments += [separator.join(f"{{{{ {expression} }}}}" for expression in expressions)]
        arguments += ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        arguments += ["--vars", variables]
        with contextlib.redirect_stdout(io.StringIO()):
            run = dbtRunner().invoke(arguments)
        assert run.success, run.exception
        return run.result.results[0].node.compiled_code.split(separator.strip())

    return compile_all


@pytest.fixture(scope="session")
def compiled(compile_macros: Callable[..., list[str]]) -> dict[str, str]:
    """SQL of both macros over a column named `message`."""
    names = ("redact_text", "neutralise_cell")
    return dict(zip(names, compile_macros([f"{name}('message')" for name in names]), strict=True))


def applied(expression: str) -> Apply:
    """Return a function that applies a SQL expression over `message` to texts, in order."""

    def apply(texts: list[str | None]) -> list[str | None]:
        with duckdb.connect() as connection:
            connection.execute("create table texts (place integer, message varchar)")
            connection.execute(
                "insert into texts select unnest(?), unnest(?)", [list(range(len(texts))), texts]
            )
            rows = connection.execute(f"select {expression} from texts order by place").fetchall()
        return [row[0] for row in rows]

    return apply


@pytest.fixture(scope="session")
def redact(compiled: dict[str, str]) -> Apply:
    return applied(compiled["redact_text"])


@pytest.fixture(scope="session")
def neutralise(compiled: dict[str, str]) -> Apply:
    return applied(compiled["neutralise_cell"])


REDACTED = [
    # E-mail addresses.
    ("ana@example.com", "[email]"),
    ("Escreva para ana.souza+loja@mail.example.com.br.", "Escreva para [email]."),
    ("<ana@example.com>, (bob@example.org); 'eve@example.net'", "<[email]>, ([email]); '[email]'"),
    ("mailto:ana@example.com?subject=oi", "mailto:[email]?subject=oi"),
    ("josé.núñez@correo-example.es", "[email]"),
    ("o'brien_99@sub.example.co.uk!", "[email]!"),
    ("ana@exämple.com", "[email]"),
    ("ANA@EXAMPLE.COM", "[email]"),
    # International phone numbers.
    ("+55 11 98765-4321", "[phone]"),
    ("+55 (11) 98765-4321", "[phone]"),
    ("+5511987654321", "[phone]"),
    ("5511987654321", "[phone]"),
    ("0055 11 98765 4321", "[phone]"),
    ("https://wa.me/5511987654321", "https://wa.me/[phone]"),
    ("+44 20 7946 0958", "[phone]"),
    ("+44 (0)20 7946 0958.", "[phone]."),
    ("+49-30-901820-12", "[phone]"),
    ("+351 912 345 678", "[phone]"),
    ("+1-212-555-0123", "[phone]"),
    # Brazilian.
    ("(11) 98765-4321", "[phone]"),
    ("(11)987654321", "[phone]"),
    ("11 98765-4321", "[phone]"),
    ("11 9 8765 4321", "[phone]"),
    ("11.98765.4321", "[phone]"),
    ("11987654321", "[phone]"),
    ("(021) 3456-7890", "[phone]"),
    ("(0xx11) 3456-7890", "[phone]"),
    ("2134567890", "[phone]"),
    ("ligue 98765-4321 hoje", "ligue [phone] hoje"),
    ("0800 123 4567", "[phone]"),
    ("fone: 3456-7890", "fone: [phone]"),
    ("WhatsApp 987654321", "WhatsApp [phone]"),
    # American.
    ("(212) 555-0123", "[phone]"),
    ("212-555-0123", "[phone]"),
    ("212.555.0123", "[phone]"),
    ("212 555 0123", "[phone]"),
    ("2125550123", "[phone]"),
    ("1 (212) 555-0123 ext. 45", "[phone]"),
    ("phone 555-0123", "phone [phone]"),
    # Spanish.
    ("612345678", "[phone]"),
    ("612 345 678", "[phone]"),
    ("612-34-56-78", "[phone]"),
    ("+34 612 34 56 78", "[phone]"),
    ("0034 912 345 678", "[phone]"),
    ("91 123 45 67", "[phone]"),
    # Cards.
    ("4111111111111111", "[card]"),
    ("4111 1111 1111 1111", "[card]"),
    ("4111-1111-1111-1111", "[card]"),
    ("5555.5555.5555.4444", "[card]"),
    ("378282246310005", "[card]"),
    ("3782 822463 10005", "[card]"),
    ("30569309025904", "[card]"),
    ("4222222222222", "[card]"),
    ("6304 0000 0000 0000 000", "[card]"),
    ("41111111 11111111", "[card]"),
    ("4111 1111 1111 1111 12/27 123", "[card] 12/27 123"),
    ("2027 4111 1111 1111 1111", "2027 [card]"),
    ("0800 1234 4111 1111 1111 1111", "0800 1234 [card]"),
    ("4111 1111 1111 1111 5555 5555 5555 4444", "[card] [card]"),
    ("final 4111111111111111,5555555555554444.", "final [card],[card]."),
    # CPF and CNPJ.
    ("529.982.247-25", "[cpf]"),
    ("meu CPF: 52998224725.", "meu CPF: [cpf]."),
    ("529 982 247 25", "[cpf]"),
    ("529982247-25", "[cpf]"),
    ("123.456.789-00", "[cpf]"),
    ("11.222.333/0001-81", "[cnpj]"),
    ("CNPJ 11222333000181", "CNPJ [cnpj]"),
    ("12.ABC.345/01DE-35", "[cnpj]"),
    # IBAN.
    ("ES9121000418450200051332", "[iban]"),
    ("ES91 2100 0418 4502 0005 1332 GRACIAS", "[iban] GRACIAS"),
    ("DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX", "[iban], BIC COBADEFFXXX"),
    ("gb82west12345698765432", "[iban]"),
    ("BR1800360305000010009795493C1", "[iban]"),
    ("NO9386011117947", "[iban]"),
    ("FR14-2004-1010-0505-0001-3M02-606", "[iban]"),
    ("MT84MALT011000012345MTLCAST001S", "[iban]"),
    # Bearer tokens and keys.
    ("Bearer abc123def456", "[token]"),
    ("Authorization: Bearer xyz", "Authorization: [token]"),
    ("-H 'authorization: bearer abc123.def-456_x=='", "-H 'authorization: [token]'"),
    (f"key {STRIPE_KEY}!", "key [token]!"),
    (f"{JWT}.", "[token]."),
    (f"push with {GITHUB_KEY}", "push with [token]"),
    (AWS_KEY, "[token]"),
    (f"npm says {NPM_KEY} is wrong", "npm says [token] is wrong"),
    (f"HF_TOKEN {HF_KEY}", "HF_TOKEN [token]"),
    (f"{PYPI_KEY}, twine", "[token], twine"),
    (f"mail by {SENDGRID_KEY}.", "mail by [token]."),
    (
        "https://files.example.com/a.pdf?X-Amz-Expires=900&X-Amz-Signature=0a1b2c3d4e5f6071",
        "https://files.example.com/a.pdf?X-Amz-Expires=900&X-Amz-Signature=[token]",
    ),
    ("https://x.example.com/f?sig=abcd%2Fefgh%3D&n=1", "https://x.example.com/f?sig=[token]&n=1"),
    ("https://x.example.com/f?token=abcd1234efgh", "https://x.example.com/f?token=[token]"),
    ('{"api_key": "0123456789abcdef"}', '{"api_key": "[token]"}'),
    ("client_secret=abcd1234efgh5678&x=1", "client_secret=[token]&x=1"),
    # Several in one text, next to punctuation, line breaks and other alphabets.
    (
        "Sou Ana (ana@example.com / 11 98765-4321), CPF 529.982.247-25.",
        "Sou Ana ([email] / [phone]), CPF [cpf].",
    ),
    ("11 98765-4321 11 98765-4322", "[phone] [phone]"),
    ("11987654321,11987654322;11987654323", "[phone],[phone];[phone]"),
    ("a@example.com b@example.com,c@example.com", "[email] [email],[email]"),
    ("linha 1\nana@example.com\r\n\t(11) 98765-4321\n", "linha 1\n[email]\r\n\t[phone]\n"),
    ("📞11 98765-4321📧ana@example.com💳4111111111111111", "📞[phone]📧[email]💳[card]"),
    ("電話+55 11 98765-4321です", "電話[phone]です"),
    ("pedido 1234567890, tel 11 98765-4321", "pedido 1234567890, tel [phone]"),
    ("Pedido 11 98765-4321", "Pedido [phone]"),
]

UNTOUCHED = [
    None,
    "",
    " ",
    "Nada a esconder aqui.",
    "não consigo pagar desde ontem 😡",
    # Near e-mails.
    "@ana respondeu",
    "3 itens @ 2.50",
    "3@2.50",
    "ana@localhost",
    "ana at example.com",
    # Order, ticket and other ids.
    "pedido 11987654321",
    "Pedido nº 612345678",
    "order #2125550123",
    "#11987654321",
    "ORD-2125550123",
    "TKT_11987654321",
    "ticket 98765432",
    "order 4111111111111112",
    "order number 1234567890123456",
    "pedido 12345678901234567890123",
    "10000012345",
    "/orders/2125550123",
    "123e4567-e89b-12d3-a456-426614174000",
    "34191.79001 01043.510047 91020.150008 5 84410026000",
    "1700000000",
    "1700000000000",
    # Amounts and percentages.
    "R$ 1.234.567,89",
    "R$ 612345678",
    "US$ 2125550123",
    "$1,234,567.89",
    "612.345.678,90",
    "650.000.000 €",
    "2125550123.00",
    "99,5% de 1000000",
    # Dates, times, addresses of machines, versions.
    "2025-01-15",
    "2025-01-15T10:30:59.123456",
    "15/01/2025 10:30",
    "15.01.2025, 10:30:00",
    "whatsapp 2025-01-15 10:30",
    "2024-2025",
    "01/02/2025-03/04/2025",
    "192.168.100.200",
    "v10.12.2024.1234",
    # Near documents.
    "52998224726",
    "111.111.111-1",
    "00000000000",
    "11222333000182",
    "ES9121000418450200051333",
    "ES91 2100 0418 4502",
    "XX9121000418450200051332",
    # Near tokens.
    "the bearer of this message",
    "bearer certificates",
    "token: none",
    "risk-free sk-8 skate",
    "my api key does not work",
    "npm_install hf_model pypi-mirror msg.",
    "signature=none and sig=1",
    # Redacted before.
    "[email] [phone] [card] [cpf] [cnpj] [iban] [token]",
    "Authorization: [token]",
]


@pytest.fixture(scope="session")
def redacted_table(redact: Apply) -> dict[str | None, str | None]:
    """Each text of both tables and what became of it, in one query."""
    texts = [text for text, _ in REDACTED] + UNTOUCHED
    return dict(zip(texts, redact(texts), strict=True))


@pytest.mark.parametrize(("text", "expected"), REDACTED)
def test_redacts(redacted_table: dict, text: str, expected: str) -> None:
    assert redacted_table[text] == expected


@pytest.mark.parametrize("text", UNTOUCHED)
def test_leaves_near_misses(redacted_table: dict, text: str | None) -> None:
    assert redacted_table[text] == text


def test_redacting_twice_is_redacting_once(redact: Apply) -> None:
    once = redact([text for text, _ in REDACTED] + UNTOUCHED)
    assert redact(once) == once


def test_items_between_words_do_not_hide_each_other(redact: Apply) -> None:
    """Any two items with any usual separator between them are both redacted."""
    items = [
        ("ana@example.com", "[email]"),
        ("+55 11 98765-4321", "[phone]"),
        ("(212) 555-0123", "[phone]"),
        ("4111 1111 1111 1111", "[card]"),
        ("378282246310005", "[card]"),
        ("529.982.247-25", "[cpf]"),
        ("52998224725", "[cpf]"),
        ("11.222.333/0001-81", "[cnpj]"),
        ("ES91 2100 0418 4502 0005 1332", "[iban]"),
        (STRIPE_KEY, "[token]"),
    ]
    separators = [", ", "; ", "\n", " / ", " e ", " | "]
    pairs = [
        (left + separator + right, left_label + separator + right_label)
        for left, left_label in items
        for right, right_label in items
        for separator in separators
    ]
    results = redact([text for text, _ in pairs])
    wrong = [
        (text, result)
        for (text, expected), result in zip(pairs, results, strict=True)
        if result != expected
    ]
    assert wrong == []


def test_random_texts_keep_all_but_the_items(redact: Apply) -> None:
    """Cutting a text into pieces and joining it again loses nothing."""
    chance = random.Random(4)
    alphabet = "0123456789" * 3 + " .-/()+@#ab\né📞"
    texts = ["".join(chance.choices(alphabet, k=chance.randint(1, 80))) for _ in range(5000)]
    label = re.compile(r"\[(?:email|phone|card|cpf|cnpj|iban|token)\]")
    for text, result in zip(texts, redact(texts), strict=True):
        kept = [re.escape(part) for part in label.split(result)]
        assert re.fullmatch("(?s:.+?)".join(kept), text), (text, result)


def test_a_very_long_text_is_quick(redact: Apply) -> None:
    long_text = "1234 5678 " * 20_000 + "ana@example.com " + "9" * 100_000 + " 11 98765-4321"
    started = time.monotonic()
    (result,) = redact([long_text])
    assert time.monotonic() - started < 5
    assert result is not None
    assert result.endswith(" [phone]")
    assert "[email]" in result
    assert "ana@example.com" not in result


def test_redact_false_gives_the_column_itself(
    compile_macros: Callable[..., list[str]],
) -> None:
    (expression,) = compile_macros(["redact_text('message')"], "redact: false")
    assert expression.strip() == "message"


NEUTRALISED = [
    "=1+1",
    '=HYPERLINK("https://example.com", "click")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\tplain",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u3000@x",
    "\x0b=1+1",
    "\x1c=1",
    "\u2060+1-1",
    '"=1+1"',
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "- an item of a list",
    "-5-3",
    "+",
    "--5",
    "=-5",
    "-5 apples",
]

NOT_NEUTRALISED = [
    None,
    "",
    "plain text",
    "a=1",
    "1+1",
    "-5",
    "+3.2",
    "-0.5",
    "-.5",
    "-1.234,50",
    "+1e6",
    " -5 ",
    "+5511987654321",
    "5",
    "'=1+1",
    "(=1+1)",
    "ana@example.com",
    "[email] =1+1",
    "text\n=1+1",
]


@pytest.fixture(scope="session")
def neutralised_table(neutralise: Apply) -> dict[str | None, str | None]:
    texts = NEUTRALISED + NOT_NEUTRALISED
    return dict(zip(texts, neutralise(texts), strict=True))


@pytest.mark.parametrize("text", NEUTRALISED)
def test_neutralises(neutralised_table: dict, text: str) -> None:
    assert neutralised_table[text] == "'" + text


@pytest.mark.parametrize("text", NOT_NEUTRALISED)
def test_leaves_harmless_cells(neutralised_table: dict, text: str | None) -> None:
    assert neutralised_table[text] == text


def test_neutralising_twice_is_neutralising_once(neutralise: Apply) -> None:
    once = neutralise(NEUTRALISED + NOT_NEUTRALISED)
    assert neutralise(once) == once
