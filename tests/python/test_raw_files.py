"""The tolerant reader, and that it reads what `dbt seed` reads."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import TICKET_HEADER, Build
from support_analytics import csv_records, raw_files, table_records, warehouse
from support_analytics.dbt_runner import DATABASE_NAME, DbtSession
from support_analytics.errors import UserError
from support_analytics.raw_files import RawSchema, open_raw_file, read_rows

SCHEMA = RawSchema("things", {"a": True, "b": True, "c": False})


def read(path: Path, schema: RawSchema = SCHEMA) -> list[tuple]:
    """Rows as (line, values..., malformed record)."""
    rows = []
    with open_raw_file(path, schema) as raw:
        for batch in raw.batches():
            values = zip(*batch.columns.values(), strict=True)
            for line, row, malformed in zip(
                batch.line_number, values, batch.malformed_record, strict=True
            ):
                rows.append((line, *row, malformed))
        assert raw.records == len(rows)
        assert raw.bytes_read == path.stat().st_size
        assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return rows


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"a,b,c\n007,NULL,NA\n", [(2, "007", "NULL", "NA", None)], id="words stay words"
        ),
        pytest.param(
            b'a,b,c\n,"", \n', [(2, None, None, " ", None)], id="only the empty string is null"
        ),
        pytest.param(
            b"\xef\xbb\xbfa,b,c\r\n1,2,3\r\n", [(2, "1", "2", "3", None)], id="BOM and CRLF"
        ),
        pytest.param(
            b"a,b,c\r1,2,3\r4,5,6",
            [(2, "1", "2", "3", None), (3, "4", "5", "6", None)],
            id="old Mac line ends",
        ),
        pytest.param(
            b'a,b,c\n1,"x\n\ny",3\n4,5,6\n',
            [(2, "1", "x\n\ny", "3", None), (5, "4", "5", "6", None)],
            id="quoted newlines count as lines",
        ),
        pytest.param(
            b'a,b,c\r\n1,"x\r\ny",3\r\n', [(2, "1", "x\r\ny", "3", None)], id="quoted CRLF stays"
        ),
        pytest.param(
            b'a,b,c\n1,x\ry,"z\r"\n', [(2, "1", "x\ry", "z\r", None)], id="lone CR is a character"
        ),
        pytest.param(
            b'a,b,c\n"say ""hi"", ok",2,3\n',
            [(2, 'say "hi", ok', "2", "3", None)],
            id="doubled quotes",
        ),
        pytest.param(
            b"a,b,c\n1,2\n1,2,3,4\n5,6,7\n",
            [(2, "1", "2", None, "1,2"), (3, "1", "2", "3", "1,2,3,4"), (4, "5", "6", "7", None)],
            id="ragged lines are kept",
        ),
        pytest.param(
            b"a,b,c\n\n1,2,3\n\r\n4,5,6\n\n",
            [(3, "1", "2", "3", None), (5, "4", "5", "6", None)],
            id="blank lines are no records",
        ),
        pytest.param(
            b'a,b,c\n1,"open,3\n4,"b, ""q""",6\n7,8,9\n',
            [
                (2, "1", "open,3", None, '1,"open,3'),
                (3, "4", 'b, "q"', "6", None),
                (4, "7", "8", "9", None),
            ],
            id="a quote never closed costs one line",
        ),
        pytest.param(
            b'a,b,c\n1,2,"cut o', [(2, "1", "2", "cut o", '1,2,"cut o')], id="cut in a quote"
        ),
        pytest.param(
            b'a,b,c\n1,"he" said,3\n', [(2, "1", "he said", "3", None)], id="text after a quote"
        ),
        pytest.param(b"a,b,c\n1,\x002\x00,3\n", [(2, "1", "\x002\x00", "3", None)], id="NUL"),
        pytest.param(
            b" C ,x,B,A,,\n3,-,2,1,,\n",
            [(2, "1", "2", "3", None)],
            id="any order, extra columns, any case",
        ),
        pytest.param(b"b,a\n2,1\n", [(2, "1", "2", None, None)], id="optional column missing"),
        pytest.param(
            "a,b,c\né\u2028,日本,\U0001f600\u0085\n".encode(),
            [(2, "é\u2028", "日本", "\U0001f600\u0085", None)],
            id="only newlines end lines",
        ),
        pytest.param(b"a,b,c\n", [], id="header alone"),
    ],
)
def test_reads(write_file: Callable[..., Path], content: bytes, expected: list[tuple]) -> None:
    assert read(write_file("things.csv", content)) == expected


def test_reads_fields_larger_than_the_csv_modules_limit(write_file: Callable[..., Path]) -> None:
    text = "x" * 300_000
    assert read(write_file("things.csv", f'a,b\n1,"{text}\n"\n'.encode())) == [
        (2, "1", text + "\n", None, None)
    ]


def test_batches_hold_all_records_in_order(
    write_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_files, "BATCH_RECORDS", 7)
    path = write_file("things.csv", "a,b", *(f"{number},x" for number in range(50)))
    with open_raw_file(path, SCHEMA) as raw:
        batches = list(raw.batches())
    assert [len(batch) for batch in batches] == [7] * 7 + [1]
    values = [value for batch in batches for value in batch.columns["a"]]
    assert values == [str(number) for number in range(50)]


def test_a_quote_that_is_never_closed_does_not_take_the_file_with_it(
    write_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_records, "RECORD_CHARACTERS", 1000)
    path = write_file("things.csv", "a,b", '1,"open', *(f"{number},x" for number in range(500)))
    rows = read(path)
    assert len(rows) == 501
    assert [row for row in rows if row[-1] is not None] == [(2, "1", "open", None, '1,"open')]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\r\n\n", "only blank lines"),
        (b"a,c\n1,2\n", "required column 'b' is missing; the header has a, c"),
        (b"x\n1\n", "required columns 'a', 'b' are missing; the header has x"),
        (b"a,b,A\n", "column 'a' stands 2 times"),
        (b'a,"b\n1,2\n', "line 1: a quote in the header is never closed"),
        (b"a,b\n1,2\n3,caf\xe9\n", r"line 3 is not UTF-8 text \(byte 0xe9 at position 6\)"),
        ("a,b\n".encode("utf-16-le"), "UTF-16 text without a byte order mark"),
        (b"PK\x03\x04rest", "damaged Excel workbook"),
        (b"\x1f\x8b\x08\x00", "is cut off"),
        (b"PAR1\x15\x04", "damaged Parquet file"),
    ],
)
def test_refuses_in_one_line(write_file: Callable[..., Path], content: bytes, message: str) -> None:
    path = write_file("things.csv", content)
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parquet_values_are_the_text_that_staging_reads(tmp_path: Path) -> None:
    path = tmp_path / "things.parquet"
    at = pa.array([1762252200, None], pa.timestamp("s", tz="America/Sao_Paulo"))
    columns = {"a": [360001234567.0, None], "b": [0.5, 1e20], "c": at}
    pq.write_table(pa.table(columns), path)
    with open_raw_file(path, SCHEMA) as raw:
        (table,) = raw.arrow_tables()
    assert table.select(["a", "b"]).to_pylist() == [
        {"a": "360001234567", "b": "0.5"},
        {"a": None, "b": "1e+20"},
    ]
    assert table["c"].to_pylist() == ["2025-11-04 10:30:00.000Z", None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_durations_are_hours_minutes_seconds(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "things.parquet"
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    taken = pa.array([3600 * per_second, None], pa.duration(unit))
    pq.write_table(pa.table({"a": ["x", "y"], "b": taken, "c": ["", ""]}), path)
    with open_raw_file(path, SCHEMA) as raw:
        (table,) = raw.arrow_tables()
    assert table["b"].to_pylist() == ["1:00:00", None]


def test_durations_of_a_sheet_are_hours() -> None:
    durations = [timedelta(minutes=5), timedelta(hours=26, seconds=3), -timedelta(minutes=90)]
    assert [table_records._text(value) for value in durations] == [
        "0:05:00",
        "26:00:03",
        "-1:30:00",
    ]


def test_a_line_that_cannot_be_read_leaves_no_rows(
    write_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(raw_files, "BATCH_RECORDS", 2)
    good = b"".join(b"%d,x\n" % number for number in range(2000))
    with warehouse.open_database(tmp_path / "t.duckdb") as connection:
        with open_raw_file(write_file("good.csv", b"a,b\n" + good), SCHEMA) as raw:
            assert warehouse.load_raw_file(connection, raw) == 2000
        loaded = connection.execute("select a, line_number from raw.things").fetchall()
        assert loaded == [(str(number), number + 2) for number in range(2000)]

        bad = write_file("bad.csv", b"a,b\n" + good + b"x" * 1000 + b"\xff,1\n")
        monkeypatch.setattr(csv_records, "RECORD_CHARACTERS", 500)
        with open_raw_file(bad, SCHEMA) as raw, pytest.raises(UserError, match="line 2002 is"):
            warehouse.append_raw_file(connection, raw)
        assert connection.execute("select count(*) from raw.things").fetchall() == [(2000,)]


def test_refuses_a_line_without_end(
    write_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_records, "RECORD_CHARACTERS", 1000)
    with pytest.raises(UserError, match="line 2 is longer than"):
        read(write_file("things.csv", b"a,b\n1," + b"x" * 5000))


def test_read_rows_names_the_ragged_line(write_file: Callable[..., Path]) -> None:
    path = write_file("things.csv", "a,b", "1,2", "3")
    with pytest.raises(UserError, match=r"line 3 has more or fewer fields than the header's 2"):
        read_rows(path, ("a", "b"))


EDGE_TICKETS = (
    "\ufeffExtra, STATUS ,ticket_id,created_at,resolved_at,channel,creator_id,tag,"
    "first_response_time,message_text\r\n"
    'x,resolved,007,2025-09-01,,email,NULL,NA,1,"two\nlines, ""quoted"""\r\n'
    "\r\n"
    'y,"","  padded ",,,,,,,""\r\n'
    "z,pending,T3\r\n"
    "z,pending,T4,2025-09-01,,email,c,,1,fine,and more\r\n"
    'w,pending,T6,2025-09-01,,email,c,,1,a 15" screen\r\n'
    'w,pending,T7,2025-09-01,,email,c,,1,"he" said\r\n'
    'w,pending,T8,2025-09-01,,email,c,,1,"never closed\r\n'
    "w,pending,T5,2025-09-01,,email,ç日本,,1,no newline at the end"
)
EDGE_USERS = 'plan,creator_id\npro,c1\n"",c2\nfree\n'


@pytest.mark.parametrize("source", ["sample", "edge cases"])
def test_dbt_seed_reads_the_same(source: str, project: Path, tmp_path: Path) -> None:
    # The project without its models, which seeds do not need: parsed in a second.
    seeded = tmp_path / "project"
    for folder in ("macros", "seeds"):
        shutil.copytree(project / folder, seeded / folder)
    for file in ("dbt_project.yml", "profiles.example.yml"):
        shutil.copy(project / file, seeded / file)
    if source == "edge cases":
        (seeded / "seeds" / "tickets_raw.csv").write_text(EDGE_TICKETS, "utf-8", newline="")
        (seeded / "seeds" / "users_raw.csv").write_text(EDGE_USERS, "utf-8", newline="")

    database = tmp_path / "seeded.duckdb"
    session = DbtSession(seeded, database, tmp_path, {}, 1, tmp_path / "logs")
    session.parse()
    session._invoke(["seed", "--select", "tickets_raw", "users_raw"])
    session.close()

    loaded = tmp_path / "loaded.duckdb"
    with warehouse.open_database(loaded) as connection:
        for table in ("tickets_raw", "users_raw"):
            schema = warehouse.raw_schema(project, table)
            with open_raw_file(seeded / "seeds" / f"{table}.csv", schema) as raw:
                assert warehouse.load_raw_file(connection, raw) > 0
        connection.execute(f"attach '{database}' as seeded (read_only)")
        for table in ("tickets_raw", "users_raw"):
            mine = connection.execute(f"select * from raw.{table}")
            columns = mine.description
            rows = mine.fetchall()
            theirs = connection.execute(f"select * from seeded.raw.{table}")
            assert [c[:2] for c in columns] == [c[:2] for c in theirs.description]
            assert rows == theirs.fetchall()


def test_dbt_reads_broken_quotes_the_same(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    columns = {"a": "required", "b": "required"}
    session = DbtSession(project, tmp_path / DATABASE_NAME, tmp_path, {}, 1, tmp_path / "logs")
    session.parse()
    query = session.render(f"{{{{ read_raw_csv_sql('{path}', ['a', 'b'], {columns}) }}}}")
    session.close()
    pieces = ["a", "b c", '"', '""', ",", ",", "\n", "\r\n", '"x"', '""y']
    draw = random.Random(5)
    malformed = 0
    with duckdb.connect() as connection:
        for _ in range(150):
            text = "a,b\n" + "".join(draw.choices(pieces, k=draw.randint(0, 12)))
            path.write_text(text, "utf-8", newline="")
            rows = read(path, RawSchema("things", {"a": True, "b": True}))
            theirs = connection.execute(query).fetchall()
            assert [(line, *fields, written) for *fields, line, written in theirs] == rows, text
            malformed += sum(row[-1] is not None for row in rows)
    assert malformed > 50


def test_raw_schema_is_the_declared_one(project: Path) -> None:
    schema = warehouse.raw_schema(project, "tickets_raw")
    assert list(schema.columns) == TICKET_HEADER.split(",")
    assert all(schema.columns.values())
    users = warehouse.raw_schema(project, "users_raw").columns
    assert [name for name, required in users.items() if required] == ["creator_id"]
    declared = yaml.safe_load((project / "seeds" / "_seeds.yml").read_text("utf-8"))["seeds"]
    assert {seed["name"] for seed in declared} >= {"tickets_raw", "users_raw", "sla_targets"}


def test_sla_targets_are_typed_like_the_seed(
    sample_build: Build, write_file: Callable[..., Path]
) -> None:
    path = write_file(
        "sla.csv",
        "resolution_target_minutes,channel,frt_target_minutes",
        "60, Email ,7.5",
        ",chatbot,",
    )
    rows = warehouse.read_sla_targets(path, ["email", "chatbot"])
    assert rows == [("email", 7.5, 60.0), ("chatbot", None, None)]
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        warehouse.load_sla_targets(connection, rows)
        mine = connection.execute("describe raw.sla_targets").fetchall()
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        assert mine == connection.execute("describe raw.sla_targets").fetchall()
