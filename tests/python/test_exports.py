"""The files hold what the marts hold, in the promised form."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import Build
from support_analytics import exports
from support_analytics.build import PROJECT, BuildOptions, build
from support_analytics.dbt_runner import Mart
from support_analytics.exports import CellRules, export_marts

UPPER = CellRules(lambda column: f"upper({column})")
E_MAIL = re.compile(r"[\w.]+@[\w.]+\.\w+")


def shown(value: object) -> str:
    """A cell as METRICS and the README promise it, written independently of the export."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="microseconds")
        return text.rstrip("0").rstrip(".")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def same(text: str, value: object) -> bool:
    if isinstance(value, (float, Decimal)):
        return text != "" and float(text) == float(value)
    return text == shown(value)


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def test_every_mart_is_written_and_listed(
    sample_build: Build, sample_database: duckdb.DuckDBPyConnection
) -> None:
    marts = sample_database.execute(
        "select table_name from information_schema.tables"
        " where table_schema = 'marts' or starts_with(table_name, 'rejected_')"
    ).fetchall()
    assert len(marts) >= 21
    names = {path.stem for path in sample_build.exports.glob("*.csv")}
    assert names == {name for (name,) in marts}
    manifest = json.loads((sample_build.exports / "manifest.json").read_text("utf-8"))
    rows = {file["name"]: file.get("rows") for file in manifest["files"]}
    assert set(rows) == {f"{name}.csv" for name in names} | {"support_analytics.duckdb"}
    for (name,) in marts:
        assert rows[f"{name}.csv"] == len(read_csv(sample_build.exports / f"{name}.csv")[1])


def test_cells_are_those_of_the_marts(
    sample_build: Build, sample_database: duckdb.DuckDBPyConnection
) -> None:
    for path in sorted(sample_build.exports.glob("*.csv")):
        content = path.read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" not in content
        header, rows = read_csv(path)
        schema = "staging" if path.stem.startswith("rejected_") else "marts"
        result = sample_database.execute(f"select * from {schema}.{path.stem}")
        assert header == [column[0] for column in result.description]
        expected = result.fetchall()
        assert len(rows) == len(expected)
        compared = [
            position
            for position, name in enumerate(header)
            if not {"message_text", "malformed_record"} & {name}
        ]
        # The first columns that tell the rows apart.
        for size in range(1, len(header) + 1):
            by_key = {tuple(shown(value) for value in row[:size]): row for row in expected}
            if len(by_key) == len(expected):
                break
        assert len(by_key) == len(expected), path.stem
        for row in rows:
            original = by_key[tuple(row[:size])]
            for position in compared:
                assert same(row[position], original[position]), (path.stem, header[position], row)


def test_people_see_redacted_text(
    sample_build: Build, sample_database: duckdb.DuckDBPyConnection
) -> None:
    raw = sample_database.execute(
        "select ticket_id, message_text from marts.fct_tickets"
    ).fetchall()
    private = {ticket for ticket, text in raw if text and E_MAIL.search(text)}
    assert private, "the sample has e-mails to redact"
    header, rows = read_csv(sample_build.exports / "fct_tickets.csv")
    text = header.index("message_text")
    assert not [row for row in rows if E_MAIL.search(row[text])]
    written = {row[0]: row[text] for row in rows}
    assert all("[email]" in written[ticket] for ticket in private)
    untouched = [(ticket, text) for ticket, text in raw if text and not re.search(r"[@\d]", text)]
    assert all(written[ticket] == text for ticket, text in untouched)
    for mart in ("rejected_tickets", "fct_frt_outliers"):
        assert not E_MAIL.search((sample_build.exports / f"{mart}.csv").read_text("utf-8"))


@pytest.fixture
def odd_mart() -> tuple[duckdb.DuckDBPyConnection, Mart]:
    """A mart with a value of each kind that is easily written wrongly."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'America/Sao_Paulo'")
    connection.execute(
        """
        create table odd (
            id varchar, "at" timestamp, zoned timestamptz, day date, number double,
            total hugeint, flag boolean, note varchar
        )
        """
    )
    connection.executemany(
        "insert into odd values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            ("b", datetime(2025, 11, 4, 1, 30), datetime(2025, 11, 4, 1, 30, tzinfo=UTC),
             date(2025, 11, 4), 0.1 + 0.2, 2**70, True, 'a,"b"\nc'),
            ("a", datetime(2025, 11, 4, 1, 30, 0, 250000), None, None, 1 / 3, None, False, ""),
            ("007", None, None, None, 5e-324, -1, None, "NULL"),
            ("é", None, None, None, 1e300, 0, None, "x\ry"),
        ],
    )  # fmt: skip
    return connection, Mart("odd", "odd", ("id",), frozenset({"note"}))


def test_forms_of_values(odd_mart: tuple[duckdb.DuckDBPyConnection, Mart], tmp_path: Path) -> None:
    connection, mart = odd_mart
    (file,) = export_marts(connection, [mart], tmp_path, "csv", UPPER)
    assert (file.name, file.rows) == ("odd.csv", 4)
    text = (tmp_path / "odd.csv").read_bytes().decode("utf-8")
    assert text == (
        "id,at,zoned,day,number,total,flag,note\n"
        "007,,,,5e-324,-1,,NULL\n"
        'a,2025-11-04T01:30:00.25,,,0.3333333333333333,,false,""\n'
        "b,2025-11-04T01:30:00,2025-11-04T01:30:00,2025-11-04,0.30000000000000004,"
        f'{2**70},true,"A,""B""\nC"\n'
        'é,,,,1e+300,0,,"X\rY"\n'
    )


@pytest.mark.parametrize("key", [(), ("a",)])
def test_a_mart_without_a_real_key_is_ordered_by_all_columns(
    key: tuple[str, ...], tmp_path: Path
) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table odd as select * from (values (2, 1), (1, 2), (1, 1)) as t(a, b)"
    )
    export_marts(
        connection, [Mart("odd", "odd", key, frozenset())], tmp_path, "csv", CellRules(str)
    )
    assert (tmp_path / "odd.csv").read_text("utf-8") == "a,b\n1,1\n1,2\n2,1\n"


def test_many_redacted_columns_stay_with_their_rows(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table odd as select number as id, number || 'x' as a,"
        " case when number % 3 > 0 then number || 'y' end as b, number * 1.5 as c, 'kept' as d"
        " from range(300000) as numbers(number)"
    )
    mart = Mart("odd", "odd", ("id",), frozenset({"a", "b", "c"}))
    rules = CellRules(lambda column: f"'<' || {column} || '>'")
    export_marts(connection, [mart], tmp_path, "csv", rules)
    expected = connection.execute(
        "select id, '<' || a || '>', '<' || b || '>', '<' || c || '>', d from odd order by id"
    ).fetchall()
    _, rows = read_csv(tmp_path / "odd.csv")
    assert rows == [[shown(value) for value in row] for row in expected]


def test_parquet_keeps_types(
    odd_mart: tuple[duckdb.DuckDBPyConnection, Mart], tmp_path: Path
) -> None:
    connection, mart = odd_mart
    (file,) = export_marts(
        connection, [mart], tmp_path, "parquet", CellRules(lambda column: "'hidden'")
    )
    assert file.rows == 4
    types = duckdb.sql(f"describe from '{tmp_path / 'odd.parquet'}'").fetchall()
    assert {"at": "TIMESTAMP", "day": "DATE", "number": "DOUBLE", "flag": "BOOLEAN"}.items() <= {
        name: kind for name, kind, *_ in types
    }.items()
    notes = duckdb.sql(f"select distinct note from '{tmp_path / 'odd.parquet'}'").fetchall()
    assert notes == [("hidden",)]


ODD_REDACTION = CellRules(
    redact=lambda column: (
        f"case when {column} like '%@%' then '[email]'"
        f" when {column} like '212%' then '[phone]' else {column} end"
    ),
    guard="@|[0-9]{7}",
    neutralise=lambda column: (
        f"case when {column} like '=%' then concat(chr(39), {column}) else {column} end"
    ),
)


def test_users_are_redacted_and_messages_can_be_left_out(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table odd as select * from (values"
        " ('1', 'ana@example.com', 'BR', 'pro', 'a message'),"
        " ('2', '2125550123', '=1+1', '2125550123', '-5'),"
        " ('3', 'c3', 'bia@example.com', 'of eve@example.net', null)"
        ") as t(ticket_id, creator_id, country, plan, message_text)"
    )
    mart = Mart("odd", "odd", ("ticket_id",), frozenset({"message_text"}))
    for keeps_text, message in ((True, "a message"), (False, "")):
        rules = replace(ODD_REDACTION, keeps_text=keeps_text)
        export_marts(connection, [mart], tmp_path, "csv", rules)
        header, rows = read_csv(tmp_path / "odd.csv")
        assert header == ["ticket_id", "creator_id", "country", "plan", "message_text"]
        assert rows[0] == ["1", "[email]", "BR", "pro", message]
        # An id of digits stays, a plan of digits is a phone, a formula does not run.
        assert rows[1][:4] == ["2", "2125550123", "'=1+1", "[phone]"]
        assert rows[2][:4] == ["3", "c3", "[email]", "[email]"]


@pytest.mark.parametrize(
    "column",
    [
        "message_text",
        "message_text_redacted",
        "example_texts_redacted",
        "malformed_record",
        "ai_rationale",
    ],
)
@pytest.mark.parametrize("file_format", exports.FORMATS)
def test_every_column_that_quotes_messages_can_be_left_out(
    column: str, file_format: str, tmp_path: Path
) -> None:
    connection = duckdb.connect()
    connection.execute(f"create table odd as select 1 as id, 'my words' as {column}, 'pix' as tag")
    mart = Mart("odd", "odd", ("id",), frozenset())
    for keeps_text, shown_text in ((True, "my words"), (False, None)):
        rules = replace(ODD_REDACTION, keeps_text=keeps_text)
        export_marts(connection, [mart], tmp_path, file_format, rules)
        rows = connection.execute(f"from '{tmp_path / f'odd.{file_format}'}'").fetchall()
        assert rows == [(1, shown_text, "pix")]


def test_without_messages_shifted_fields_are_left_out(tmp_path: Path) -> None:
    """An unquoted comma in a message puts the rest of it under the next columns."""
    connection = duckdb.connect()
    connection.execute(
        "create table rejected as select * from (values"
        " (2, 'malformed_row', ' my diagnosis is', '=1', 'Dear team, my diagnosis is,=1'),"
        " (3, 'invalid_tag', 'T3', 'spam', 'hello')"
        ") as t(line_number, reasons, ticket_id, tag, message_text)"
    )
    mart = Mart("rejected", "rejected", ("line_number",), frozenset({"message_text"}))
    rules = CellRules(redact=lambda column: column, keeps_text=False)
    export_marts(connection, [mart], tmp_path, "csv", rules)
    _, rows = read_csv(tmp_path / "rejected.csv")
    assert rows == [["2", "malformed_row", "", "", ""], ["3", "invalid_tag", "T3", "spam", ""]]


def test_columns_that_can_be_left_out_are_all_that_quote_messages(sample_build: Build) -> None:
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        # Beginnings that no redaction has touched, long enough to be nobody else's.
        connection.execute(
            "create temp table beginnings as select distinct substr(message_text, 1, 40) as words"
            " from marts.fct_tickets where length(message_text) > 60"
        )
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where (table_schema = 'marts' or table_name like 'rejected_%')"
            " and data_type = 'VARCHAR'"
        ).fetchall()
        quoting = {
            column
            for schema, table, column in columns
            if connection.execute(
                f"select exists (select 1 from {schema}.{table} inner join beginnings"
                f" on contains({column}, words))"
                if table != "fct_tickets"
                else f"select exists (select 1 from {schema}.{table} inner join beginnings"
                f" on substr({column}, 1, 40) = words)"
            ).fetchone()[0]
        }
    assert "example_texts_redacted" in quoting
    assert quoting <= exports._MESSAGE_COLUMNS


def test_the_same_tickets_give_the_same_bytes(
    sample_build: Build, tmp_path: Path, leave_out_data_tests: Callable[[], None]
) -> None:
    leave_out_data_tests()
    # On one thread rows come in another order than on several: sums must not show it.
    seeds = PROJECT / "seeds"
    out = tmp_path / "again"
    build(
        BuildOptions(
            tickets=seeds / "tickets_raw.csv", users=seeds / "users_raw.csv", out=out, threads=1
        )
    )
    files = sorted(path.name for path in sample_build.exports.glob("*.csv"))
    assert files
    different = [
        name
        for name in files
        if (out / name).read_bytes() != (sample_build.exports / name).read_bytes()
    ]
    assert not different
