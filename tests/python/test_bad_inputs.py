"""Bad input is one line, an exit code, and no row lost: a table of cases.

Cases run the command with models that take no time; one run of the real models judges bad rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_models
from conftest import TICKET_COLUMNS, TICKET_HEADER
from support_analytics import build as build_module
from support_analytics import cli

# What a spreadsheet program writes, packed to its bytes' essentials.
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)
GOOD = "7,2025-09-01 10:00,,pending,email,c1,,1,text"
OPTIONS = ["--tickets", "tickets.csv", "--out", "out", "--max-rejected-rate", "0.9"]


def lines(*records: str) -> bytes:
    return "".join(f"{line}\n" for line in (TICKET_HEADER, *records)).encode()


def workbook(
    *rows: list[str],
    first_cell: str = "A1",
    name: str = "xl/worksheets/sheet1.xml",
    has_notes: bool = False,
) -> bytes:
    """An .xlsx of inline texts, with just the parts that a reader must have.

    has_notes: a sheet Notes, of one cell, stands before the tickets.
    """
    cells = []
    for number, row in enumerate(rows, start=1):
        texts = "".join(
            f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
            for place, text in enumerate(row)
        )
        cells.append(f'<row r="{number}">{texts}</row>')
    if first_cell != "A1":
        cells.append(f'<row r="9"><c r="{first_cell}" t="inlineStr"><is><t>x</t></is></c></row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheets = '<sheet name="Tickets" sheetId="1" r:id="rId1"/>'
    sheet_files = (
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
    )
    if has_notes:
        sheets = f'<sheet name="Notes" sheetId="2" r:id="rId2"/>{sheets}'
        sheet_files += sheet_files.replace("1", "2")
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{sheets}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f"{sheet_files}</Relationships>",
        name: _SHEET.format(rows="".join(cells)),
        "xl/worksheets/sheet2.xml": _SHEET.format(
            rows='<row r="1"><c r="A1" t="inlineStr"><is><t>Exported by</t></is></c></row>'
        ),
    }
    path = Path("packed.tmp")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    content = path.read_bytes()
    path.unlink()
    return content


def _damaged_sheet(content: bytes) -> bytes:
    """The workbook with a byte of its packed sheet changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    place = entry.header_offset + 30 + len(entry.filename) + 12
    return content[:place] + b"\xff\xff" + content[place + 2 :]


def parquet(**columns: list) -> bytes:
    table = pa.table({name: columns.get(name, [None] * 2) for name in TICKET_COLUMNS})
    pq.write_table(table, "packed.tmp")
    content = Path("packed.tmp").read_bytes()
    Path("packed.tmp").unlink()
    return content


def objects(*records: dict | str) -> bytes:
    empty = dict.fromkeys(TICKET_COLUMNS)
    written = [
        record if isinstance(record, str) else json.dumps(empty | record) for record in records
    ]
    return "\n".join(written).encode()


@dataclass(frozen=True)
class Case:
    """Files to write, options to change; what is said, the exit code, (accepted, rejected)."""

    says: str
    code: int = 2
    files: dict[str, bytes | Callable[[], bytes]] | bytes | Callable[[], bytes] = b""
    options: tuple[str, ...] = ()
    rows: tuple[int, int] | None = None


def read(rows: int, malformed: int, content: bytes | Callable[[], bytes], *options: str) -> Case:
    """A file that is read all the same."""
    says = f"tickets   {rows} of {rows + malformed} accepted"
    return Case(says, 0, content, options, (rows, malformed))


MAPPING = f"""\
version: 1
tickets:
{"".join(f"  {name}: {name}{chr(10)}" for name in TICKET_COLUMNS)}"""
HOSTILE = "'; drop table raw.tickets_raw; --"
GZIPPED = gzip.compress(lines(*[GOOD] * 500))

CASES: dict[str, Case] = {
    # Files that are none.
    "missing": Case("nope.csv: no such file", options=("--tickets", "nope.csv")),
    "empty": Case("tickets.csv is empty; a header line was expected", files=b""),
    "blank lines": Case("has only blank lines", files=b"\n\r\n\n"),
    "header alone": Case("has a header and no tickets below it", files=lines()),
    "NUL in the name": Case("cannot be read", options=("--tickets", "a\0b.csv")),
    "a name too long": Case("cannot be read", options=("--tickets", "x" * 300)),
    "no match": Case("no file matches part*.csv", options=("--tickets", "part*.csv")),
    "random bytes": Case("is not UTF-8 text", files=b"\x80\x81\xfe\x00" * 3 + b"\n" + b"x" * 90),
    "PDF": Case("is a PDF document", files=b"%PDF-1.7"),
    "login page": Case("is a web page, not an export", files=b"<!DOCTYPE html><title>Log in"),
    "old Excel": Case("is an old Excel workbook", files=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "bzip2": Case("is a bzip2 file; unpack it first", files=b"BZh91AY"),
    "zip": Case("is a zip archive, not an Excel workbook", files=lambda: _zip({"a.csv": "x"})),
    "broken zip": Case("is a damaged Excel workbook", files=b"PK\x03\x04 and no more"),
    "broken sheet": Case(
        "is a damaged Excel workbook", files=lambda: _damaged_sheet(workbook(["ticket_id"] * 20))
    ),
    "broken Parquet": Case("is a damaged Parquet file", files=b"PAR1 and no more"),
    "Parquet in gzip": Case(
        "is a gzip file of a parquet file", files=gzip.compress(b"PAR1" + b"x" * 99)
    ),
    "truncated gzip": Case("is cut off: the gzip file ends too early", files=GZIPPED[:-40]),
    "damaged gzip": Case("is a damaged gzip file", files=GZIPPED[:-8] + bytes(4) + GZIPPED[-4:]),
    "gzip of nothing": Case("is empty", files=gzip.compress(b"")),
    "JSON list": Case("is one JSON list; write one object a line", files=b'[{"ticket_id": 1}]'),
    "JSON document": Case("is one JSON document over many lines", files=b'{\n "tickets": []\n}'),
    "JSON without objects": Case("has no JSON object", files=b'{"a": 1, "a": 2}\n{"b"'),
    "huge sheet": Case(
        "has a sheet of more than 50 million cells",
        files=lambda: workbook(["ticket_id"], first_cell="XFD1048576"),
    ),
    "sheet without a workbook": Case(
        "is a damaged Excel workbook", files=lambda: workbook(["x"], name="xl/worksheets/x.xml")
    ),
    "empty sheet": Case("sheet 'Tickets' is empty", files=lambda: workbook([])),
    # Headers.
    "missing column": Case(
        "required column 'status' is missing; the header has ticket_id, created_at",
        files=lines(GOOD).replace(b"status,", b"state,", 1),
    ),
    "no creation time": Case(
        "required column 'created_at' is missing",
        files=lines(GOOD).replace(b"created_at", b"Date of Purchase", 1),
    ),
    "column twice": Case(
        "column 'tag' stands 2 times",
        files=lines(GOOD).replace(b"message_text", b"message_text,Tag ", 1),
    ),
    "open quote in the header": Case("line 1: a quote in the header", files=b'"ticket_id,a\nb,c\n'),
    "escape codes in the header": Case("the header has ?[2Jx?", files=b"\x1b[2Jx\x07,y\n1,2\n"),
    "Excel without a column": Case(
        "required columns 'created_at', ", files=lambda: workbook(["ticket_id"], ["7"])
    ),
    "tickets on another sheet": Case(
        "the header has Exported by; other sheets are Tickets: a mapping's inputs.NAME.sheet reads",
        files=lambda: workbook(list(TICKET_COLUMNS), GOOD.split(","), has_notes=True),
    ),
    "mapped tickets on another sheet": Case(
        "tickets.csv has no column 'ticket_id'; it has Exported by; other sheets are Tickets: a",
        files=lambda: workbook(list(TICKET_COLUMNS), GOOD.split(","), has_notes=True),
        options=("--mapping", "mapping.yml"),
    ),
    "a blank in the only line": Case("has only blank lines", files=b" \n"),
    "SLA targets without a column": Case(
        "the header has channel; give a file that has them\n",
        files={"sla.csv": b"channel\nemail\n"},
        options=("--sla-targets", "sla.csv"),
    ),
    # Encodings.
    "another encoding than the mark's": Case(
        "tickets.csv starts with the byte order mark of UTF-8; leave out --encoding cp1252",
        files=b"\xef\xbb\xbf" + lines(GOOD),
        options=("--encoding", "cp1252"),
    ),
    "Latin-1": Case(
        "line 2 is not UTF-8 text (byte 0xe1 at position 43); give its --encoding",
        files=lines(GOOD.replace("text", "olá")).decode().encode("latin-1"),
    ),
    "UTF-16 without a mark": Case(
        "give --encoding utf-16-le", files=lines(GOOD).decode().encode("utf-16-le")
    ),
    "unknown encoding": Case("--encoding 'rot13' is unknown", options=("--encoding", "rot13")),
    "wrong encoding": Case(
        "is not utf-16 text", files=lines(GOOD)[:-2], options=("--encoding", "utf-16")
    ),
    # Options.
    "rate of 2": Case("'2' is not a share from 0 to 1", options=("--max-rejected-rate", "2")),
    "rate NaN": Case("'nan' is not a share", options=("--max-rejected-rate", "nan")),
    "memory in words": Case("'lots' is not a size", options=("--memory-limit", "lots")),
    "memory too small": Case("is too little; give 128MB", options=("--memory-limit", "1KB")),
    "spill below a file": Case(
        "--spill-dir mapping.yml cannot be written", options=("--spill-dir", "mapping.yml")
    ),
    "zone with SQL": Case("is not a known time zone", options=("--timezone", HOSTILE)),
    "as-of with SQL": Case("is not a timestamp", options=("--as-of", HOSTILE)),
    "users missing": Case("users.csv: no such file", options=("--users", "users.csv")),
    "users without a row": Case(
        "users.csv has a header and no users below it; give its rows, or leave --users out",
        files={"users.csv": b"creator_id,plan\n"},
        options=("--users", "users.csv"),
    ),
    # What would be lost.
    "database named as an export": Case(
        "has the ending of another output; call it NAME.duckdb",
        options=("--db", "out/fct_tickets.csv"),
    ),
    "database with an apostrophe": Case("rename it", options=("--db", "o'neil.duckdb")),
    "database of others": Case(
        "mine.duckdb holds main.precious, which no build made, and would be replaced",
        files={"mine.duckdb": lambda: _database("create table precious as select 42 as x")},
        options=("--db", "mine.duckdb"),
    ),
    "rejected rows as tickets": Case(
        "is read by this build, so it was not written anew",
        files={"out.rejected_tickets.csv": lines("1")},
        options=("--tickets", "out.rejected_tickets.csv"),
        rows=(0, 1),
    ),
    "too many rejected": Case(
        "tickets.csv: 2 of 3 tickets (66.7%) are rejected, more than --max-rejected-rate 0.5: "
        "malformed_row 2; they are in",
        files=lines(GOOD, "1", "2,3"),
        options=("--max-rejected-rate", "0.5"),
        rows=(1, 2),
    ),
    "all rejected": Case("all 2 tickets are rejected", files=lines("1", "2,3"), rows=(0, 2)),
    # Mappings.
    "no such mapping": Case(
        "--mapping nope: no such file, and no preset; presets are freshdesk, intercom, servicenow, "
        "zendesk",
        options=("--mapping", "nope"),
    ),
    "mapping is no YAML": Case(
        "mapping.yml: line ", files={"mapping.yml": b"a: [b"}, options=("--mapping", "mapping.yml")
    ),
    "mapping is text": Case(
        "must be a section", files={"mapping.yml": b"hello"}, options=("--mapping", "mapping.yml")
    ),
    "mapping is binary": Case(
        "is not UTF-8 text",
        files={"mapping.yml": b"\xff\x00"},
        options=("--mapping", "mapping.yml"),
    ),
    "mapping with a YAML object": Case(
        "could not determine a constructor",
        files={"mapping.yml": b"!!python/object/apply:os.system [true]"},
        options=("--mapping", "mapping.yml"),
    ),
    "mapped column missing": Case(
        "tickets.status: tickets.csv has no column 'status'; nearest: 'stats'",
        files={"tickets.csv": lines(GOOD).replace(b"status,", b"stats,", 1)},
        options=("--mapping", "mapping.yml"),
    ),
    "input unknown": Case(
        "has no input 'comments'",
        options=("--mapping", "mapping.yml", "--tickets", "comments=x.csv"),
    ),
    "folder without tickets": Case(
        "finds no tickets in it", options=("--mapping", "mapping.yml", "--tickets", ".")
    ),
    # Read all the same, each row once.
    "ragged lines": read(2, 2, lines(GOOD, "1,2", GOOD, "1,2,3,4,5,6,7,8,9,10")),
    "open quote": read(1, 1, lines('7,"2025', GOOD)),
    "cut off in a quote": read(1, 1, lines(GOOD, '8,2025-09-01,,pending,email,c,,1,"cut')),
    "quoted newlines": read(2, 0, lines(GOOD.replace("text", '"two\n\nlines"'), GOOD)),
    "CRLF": read(2, 0, lines(GOOD, GOOD).replace(b"\n", b"\r\n")),
    "old Mac": read(2, 0, lines(GOOD, GOOD).replace(b"\n", b"\r")),
    "BOM": read(1, 0, b"\xef\xbb\xbf" + lines(GOOD)),
    "BOM and its encoding": read(1, 0, b"\xef\xbb\xbf" + lines(GOOD), "--encoding", "utf8"),
    "lines of blanks before the header": read(1, 0, b" \n,,\n" + lines(GOOD).replace(b",", b";")),
    "NUL bytes": read(1, 0, lines(GOOD.replace("text", "a\0b"))),
    "semicolons": read(2, 1, lines(GOOD, GOOD, "1").replace(b",", b";")),
    "tabs": read(1, 0, lines(GOOD).replace(b",", b"\t")),
    "bars": read(1, 0, lines(GOOD).replace(b",", b"|")),
    "sep line": read(1, 0, b"sep=;\r\n" + lines(GOOD).replace(b",", b";")),
    "UTF-16": read(2, 1, lines(GOOD, "1,2", GOOD).decode().encode("utf-16")),
    "Latin-1 by option": read(
        1, 0, lines(GOOD.replace("text", "olá")).decode().encode("latin-1"), "--encoding", "latin1"
    ),
    "gzip": read(500, 0, GZIPPED),
    "JSON lines": read(
        2, 3, objects({"ticket_id": 7}, "{broken", '{"a": 1, "a": 2}', {"tag": "x"}, "[1]")
    ),
    "deep JSON": read(1, 1, objects({"ticket_id": 7}, '{"a":' * 20_000)),
    "Parquet": read(2, 0, lambda: parquet(ticket_id=[1, 2], created_at=["2025-09-01", None])),
    "Excel": read(2, 0, lambda: workbook(list(TICKET_COLUMNS), GOOD.split(","), ["8"])),
    "two files": Case(
        "tickets   3 of 4 accepted",
        0,
        {"part1.csv": lines(GOOD, GOOD), "part2.csv": lines("1", GOOD)},
        ("--tickets", "part*.csv"),
        (3, 1),
    ),
    # Hostile.
    "SQL in a field": read(1, 0, lines(GOOD.replace("text", HOSTILE))),
    "Jinja in a field": read(1, 0, lines(GOOD.replace("text", "{{ 1/0 }}"))),
    "SQL in a header": read(
        1, 0, lines(GOOD + ",x").replace(b"message_text", f'message_text,"{HOSTILE}"'.encode(), 1)
    ),
    "SQL in a mapped header": read(
        1,
        0,
        lines(GOOD + ",x").replace(b"message_text", b'message_text,"a"" from x; --"', 1),
        *("--mapping", "mapping.yml"),
    ),
    "SQL in file names": Case(
        "tickets   1 of 1 accepted",
        0,
        {f"{HOSTILE}.csv": lines(GOOD)},
        ("--tickets", f"{HOSTILE}.csv", "--out", f"{HOSTILE}"),
        (1, 0),
    ),
    "SQL in a value map": Case(
        "tickets   1 of 1 accepted",
        0,
        {
            "tickets.csv": lines(GOOD.replace("pending", "it's")),
            "mapping.yml": MAPPING.replace(
                "status: status",
                'status: {column: status, values: {"it\'s": pending, "\') from x; --": resolved}, '
                "otherwise: reject}",
            ).encode(),
        },
        ("--mapping", "mapping.yml"),
        (1, 0),
    ),
    "a spreadsheet formula": read(1, 0, lines(GOOD.replace("text", "=cmd|' /C calc'!A0"))),
    "a line of a megabyte": read(1, 0, lines(GOOD.replace("text", "x" * 1_000_000))),
}


def _database(statement: str) -> bytes:
    with duckdb.connect("made.tmp") as connection:
        connection.execute(statement)
    content = Path("made.tmp").read_bytes()
    Path("made.tmp").unlink()
    return content


def _zip(parts: dict[str, str]) -> bytes:
    with zipfile.ZipFile("packed.tmp", "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    content = Path("packed.tmp").read_bytes()
    Path("packed.tmp").unlink()
    return content


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_bad_input(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    files = case.files if isinstance(case.files, dict) else {"tickets.csv": case.files}
    if "tickets.csv" not in files or (case.options and files["tickets.csv"] == b""):
        files = files | {"tickets.csv": lines(GOOD)}
    for file, content in ({"mapping.yml": MAPPING.encode()} | files).items():
        Path(file).write_bytes(content if isinstance(content, bytes) else content())
    counted: list[tuple[int, int]] = []

    def models(session, *rest):
        with duckdb.connect(str(session.database)) as connection:
            counted.append(
                connection.execute(
                    "select count(*) filter (malformed_record is null),"
                    " count(malformed_record) from raw.tickets_raw"
                ).fetchone()
            )
        return tiny_models.run(session, *rest)

    monkeypatch.setattr(build_module, "_run_models", models)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    given = list(OPTIONS)
    if "--tickets" in case.options:
        given = given[2:]
    try:
        code = cli.main([*given, "--quiet", *case.options])
    except SystemExit as ended:
        code = ended.code

    output = capsys.readouterr()
    assert code == case.code, output.err
    if code:
        assert output.out == ""
        assert re.fullmatch(r"(usage: (.|\n)*)?[^\n]*error: [^\n]+\n", output.err)
        assert case.says in output.err
        assert "Traceback" not in output.err
    else:
        assert case.says in output.out
        assert output.err == ""
    assert [*counted, None][0] == case.rows
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    left = {path.name for path in tmp_path.iterdir()} - set(before)
    if code:
        rejected = "out.rejected_tickets.csv"
        assert left == ({rejected} if case.rows is not None and rejected not in before else set())
    else:
        assert left == {case.options[-1] if "--out" in case.options else "out"}


def test_a_suggestion_finds_the_sheet_of_the_tickets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = workbook(list(TICKET_COLUMNS), GOOD.split(","), has_notes=True)
    Path("tickets.xlsx").write_bytes(content)
    assert cli.main(["suggest-mapping", "tickets.xlsx"]) == 0
    asked = 'sheet: are the tickets in sheet "Tickets"? Others are "Notes"'
    assert f"decide    {asked}\n" in capsys.readouterr().out
    given = ["--tickets", "tickets.xlsx", "--mapping", "tickets.xlsx.mapping.yml", "--quiet"]
    monkeypatch.setattr(build_module, "_run_models", tiny_models.run)
    assert cli.main([*given, "--out", "out"]) == 0, capsys.readouterr().err
    assert "tickets   1 of 1 accepted" in capsys.readouterr().out


REASONS = {
    ",2025-09-01,,pending,email,c,,1,x": "missing_ticket_id",
    "a,,,pending,email,c,,1,x": "missing_created_at",
    "b,01/09/2025,,pending,email,c,,1,x": "unparseable_created_at",
    "c,1999-12-31,,pending,email,c,,1,x": "unparseable_created_at",
    "d,2025-02-30,,pending,email,c,,1,x": "unparseable_created_at",
    "e,2025-09-01,later,resolved,email,c,,1,x": "unparseable_resolved_at",
    "f,2025-09-01,2025-08-31,resolved,email,c,,1,x": "resolved_before_created",
    "g,2025-09-01,,resolved,email,c,,1,x": "resolved_without_resolved_at",
    "h,2025-09-01,,done,email,c,,1,x": "invalid_status",
    "i,2025-09-01,,,email,c,,1,x": "invalid_status",
    "j,2025-09-01,,pending,fax,c,,1,x": "invalid_channel",
    "k,2025-09-01,,pending,email,c,spam,1,x": "invalid_tag",
    "l,2025-09-01,,pending,email,c,,soon,x": "first_response_time_not_a_number",
    "m,2025-09-01,,pending,email,c,,nan,x": "first_response_time_not_a_number",
    "n,2025-09-01,,pending,email,c,,-1,x": "first_response_time_negative",
    "o,2025-09-01,,pending,email,c,,10081,x": "first_response_time_too_large",
    "p,2025-09-01": "malformed_row",
    'q,2025-09-01,,pending,email,"c,,1,x': "malformed_row",
    "7,2025-08-01,,pending,email,c,,1,x": "duplicate_ticket_id",
    "r,'; drop table raw.tickets_raw; --,,pending,email,c,,1,x": "unparseable_created_at",
    "s,2025-09-01,,{{ 1/0 }},email,c,,1,x": "invalid_status",
    "t,2025-09-01,,pending,email,c,=1+1,1,ana@example.com": "invalid_tag",
}


def test_bad_rows_through_the_real_models(
    write_file: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    leave_out_data_tests: Callable[[], None],
) -> None:
    """Each bad row is rejected once, with its reason and line; hostile text arrives as text."""
    hostile = [
        f"7,2025-09-01,,pending,email,ana@example.com,,1,{HOSTILE}",
        '8,2025-09-01,,pending,email,@SUM(A1),,1,"=HYPERLINK(""http://x"")"',
        "9,2025-09-01,,pending,email,+5511987654321,,1,{{ 1/0 }}",
        "10,2025-09-01,,pending,email,396331237134,,-0,\tCall 11 98765-4321",
        "11,2025-09-01,,pending,email,c,,1,-5",
        "12,2025-09-01,,pending,email,2125550123,,1,Ignore your instructions <b>",
    ]
    tickets = write_file("tickets.csv", TICKET_HEADER, *hostile, *REASONS)
    # A folder that says Jinja and SQL, too.
    out = tmp_path / "{{ undefined() }}'; drop --"
    options = ["--tickets", str(tickets), "--out", str(out), "--quiet"]
    assert cli.main([*options, "--max-rejected-rate", "1"]) == 0, capsys.readouterr().err
    assert f"tickets   6 of {6 + len(REASONS)} accepted" in capsys.readouterr().out

    with (out / "rejected_tickets.csv").open(encoding="utf-8", newline="") as file:
        rejected = list(csv.DictReader(file))
    expected = dict(enumerate(REASONS.values(), start=2 + len(hostile)))
    assert {int(row["line_number"]): row["reasons"] for row in rejected} == expected
    assert [row["tag"] for row in rejected if row["ticket_id"] == "t"] == ["'=1+1"]
    with (out / "fct_tickets.csv").open(encoding="utf-8", newline="") as file:
        accepted = {row["ticket_id"]: row for row in csv.DictReader(file)}
    assert {key: (row["creator_id"], row["message_text"]) for key, row in accepted.items()} == {
        "7": ("[email]", HOSTILE),
        "8": ("'@SUM(A1)", '\'=HYPERLINK("http://x")'),
        "9": ("[phone]", "{{ 1/0 }}"),
        "10": ("396331237134", "'\tCall [phone]"),
        "11": ("c", "-5"),
        "12": ("2125550123", "Ignore your instructions <b>"),
    }
    # Numbers stay numbers.
    assert accepted["10"]["first_response_time_minutes"].lstrip("-") in ("0", "0.0")

    before = {path.name: path.read_bytes() for path in out.iterdir()}
    beside = tmp_path / f"{out.name}.rejected_tickets.csv"
    leave_out_data_tests()
    assert cli.main(options) == 2
    error = capsys.readouterr().err
    assert "22 of 28 tickets (78.6%) are rejected, more than --max-rejected-rate 0.05" in error
    assert str(beside) in error
    assert beside.read_bytes() == before["rejected_tickets.csv"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
