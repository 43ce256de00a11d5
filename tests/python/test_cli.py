"""The command on good and bad input. Bad input must fail before dbt starts, where it can."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import build_dashboard
import duckdb
import pytest
import tiny_models
from conftest import TICKET_HEADER, TICKET_LINES, Build
from support_analytics import build as build_module
from support_analytics import classification_bench, cli, interruption, warehouse
from support_analytics.build import (
    BuildOptions,
    BuildReport,
    build,
    check_time_zone,
    parse_as_of,
)
from support_analytics.dbt_runner import DbtSession, Outcome, plain_message
from support_analytics.errors import BuildError, UserError
from support_analytics.progress import Progress

SCRIPT = Path(cli.__file__).parents[1] / "build_metrics.py"
SLA_HEADER = "channel,frt_target_minutes,resolution_target_minutes"


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything below folder, hidden files and folders too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        # Settings of the caller's dbt must not reach the build.
        env=os.environ | {"DBT_EMPTY": "true", "DBT_TARGET_PATH": "nowhere"},
    )


@pytest.fixture
def earlier_out(tmp_path: Path) -> Path:
    """An output folder as an earlier build left it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "fct_tickets.csv").write_text("earlier", "utf-8")
    manifest = {"written_by": "support_analytics", "files": [{"name": "fct_tickets.csv"}]}
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_good_input_with_every_option(
    tickets_file: Path, users_file: Path, write_file: Callable[..., Path], tmp_path: Path
) -> None:
    """From another folder, by relative paths, with all columns shuffled and one added."""
    with tickets_file.open(encoding="utf-8", newline="") as file:
        header, *records = csv.reader(file)
    shuffled = tmp_path / "shuffled.csv"
    with shuffled.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(["Extra", *(name.upper() for name in reversed(header))])
        writer.writerows(["x", *reversed(record)] for record in records if len(record) == 9)
    sla = write_file("sla.csv", SLA_HEADER, "email,12,59", "chatbot,,")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    result = run(
        "--tickets", "../shuffled.csv", "--users", "../users.csv", "--out", "../new/out",
        "--as-of", "2025-09-09T21:00-03:00", "--timezone", "America/Sao_Paulo",
        "--sla-targets", sla, "--db", "../db/mine.duckdb", "--threads", "2",
        "--max-rejected-rate", "0.2",
        cwd=elsewhere,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert "tickets   4 of 5 accepted" in result.stdout
    assert "rejected  1 (20.00%): " in result.stdout
    assert "users     75.00% of the accepted tickets have one" in result.stdout
    assert "as of     2025-09-10T00:00:00 UTC" in result.stdout
    assert re.search(r"^checked   [1-9]\d* models, [1-9]\d* data tests$", result.stdout, re.M)
    assert "building and testing models" in result.stderr
    assert "dbt=" not in result.stdout + result.stderr
    out = tmp_path / "new" / "out"
    tickets = {row["ticket_id"]: row for row in rows_of(out / "fct_tickets.csv")}
    assert list(tickets) == ["007", "T2", "T3", "T4"]
    # 01:30 UTC is the day before in Sao Paulo.
    assert tickets["T2"]["created_at"] == "2025-09-02T01:30:00.25"
    assert tickets["T2"]["created_day"] == "2025-09-01"
    assert tickets["T2"]["message_text"] == "NA"
    assert tickets["T3"]["message_text"] == 'Write to [email]\nor "call"'
    assert tickets["007"]["country"] == "BR"
    # The given targets, not the seed's.
    assert tickets["007"]["is_frt_sla_met"] == "false"
    assert tickets["007"]["is_resolution_sla_met"] == "true"
    assert tickets["T2"]["is_frt_sla_met"] == ""
    (rejected,) = rows_of(out / "rejected_tickets.csv")
    assert (rejected["ticket_id"], rejected["line_number"]) == ("T5", "7")
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [entry["records"] for entry in manifest["inputs"]] == [5, 2]
    with duckdb.connect(str(tmp_path / "db" / "mine.duckdb"), read_only=True) as connection:
        views = connection.execute("from staging.stg_tickets").fetchall()
        assert len(views) == 4
    assert [path.name for path in (tmp_path / "db").iterdir()] == ["mine.duckdb"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_a_refresh_writes_what_a_full_build_writes(
    tickets_file: Path,
    users_file: Path,
    tmp_path: Path,
    leave_out_data_tests: Callable[[], None],
) -> None:
    leave_out_data_tests()
    days, whole = tmp_path / "days", tmp_path / "whole"
    given = {"tickets": tickets_file, "users": users_file, "max_rejected_rate": 1.0}
    build(BuildOptions(**given, out=days))
    text = tickets_file.read_text("utf-8")
    changed = text.replace(",pending,", ",escalated,").replace("payout late", "refund missing")
    changed += "T7,2025-09-05 10:00,,pending,email,c2,,4,Newsletter went to spam\n"
    tickets_file.write_text(changed, "utf-8")

    said = io.StringIO()
    build(BuildOptions(**given, out=days, refresh=True), Progress(said))
    build(BuildOptions(**given, out=whole))
    assert "copying the last database" in said.getvalue()

    names = sorted(path.name for path in whole.glob("*.csv"))
    assert len(names) > 35
    assert names == sorted(path.name for path in days.glob("*.csv"))
    differing = [n for n in names if (days / n).read_bytes() != (whole / n).read_bytes()]
    assert not differing


def test_rows_of_other_models_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("vars: {}\n", "utf-8")
    model = tmp_path / "models" / "marts" / "m.sql"
    model.parent.mkdir(parents=True)
    model.write_text("select 1", "utf-8")
    digest = warehouse.models_digest(tmp_path)
    database = tmp_path / "b.duckdb"
    with warehouse.open_database(database) as connection:
        connection.execute("create view raw.tickets_raw as select 1 as ticket_id")
    assert not warehouse.was_built_by(database, digest), "of `dbt build` on files in place"
    with warehouse.open_database(database) as connection:
        connection.execute(
            "drop view raw.tickets_raw; create table raw.tickets_raw (ticket_id int)"
        )
    assert not warehouse.was_built_by(database, digest)
    with warehouse.open_database(database) as connection:
        warehouse.note_models(connection, digest)
    assert warehouse.was_built_by(database, digest)
    model.write_text("select 2", "utf-8")
    assert not warehouse.was_built_by(database, warehouse.models_digest(tmp_path))


@pytest.mark.parametrize("database", ["missing", "foreign"])
def test_a_refresh_needs_an_earlier_build(
    database: str, tickets_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.duckdb"
    if database == "foreign":
        duckdb.connect(str(path)).close()
    options = ["--tickets", str(tickets_file), "--out", str(tmp_path / "out"), "--db", str(path)]
    before = snapshot(tmp_path)
    assert cli.main([*options, "--refresh"]) == 2
    assert capsys.readouterr().err.endswith("; build it once without --refresh\n")
    assert snapshot(tmp_path) == before


def test_a_second_build_replaces_the_first_and_is_the_same(
    tickets_file: Path,
    earlier_out: Path,
    tmp_path: Path,
    leave_out_data_tests: Callable[[], None],
) -> None:
    leave_out_data_tests()
    (earlier_out / "notes.txt").write_text("mine", "utf-8")
    options = BuildOptions(tickets=tickets_file, out=earlier_out, max_rejected_rate=0.5)
    report = build(options)
    assert (report.accepted_tickets, report.rejected_tickets) == (4, 2)
    assert report.joined_tickets is None
    first = snapshot(earlier_out)
    assert first["notes.txt"] == b"mine"
    assert first["fct_tickets.csv"] != b"earlier"
    assert {row["line_number"]: row["reasons"] for row in rows_of(
        earlier_out / "rejected_tickets.csv"
    )}["8"] == "malformed_row"  # fmt: skip
    with duckdb.connect(str(earlier_out / "support_analytics.duckdb"), read_only=True) as old:
        build(options)
        second = snapshot(earlier_out)
        # A reader that was there keeps the database that it opened.
        assert old.execute("select count(*) from marts.fct_tickets").fetchone() == (4,)
    assert {name for name in first if first[name] != second[name]} <= {"support_analytics.duckdb"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tickets.csv"]


# Each option, and what a build is asked for by it. Relative paths stay relative.
OPTIONS = {
    "--users users.csv": {"users": "users.csv"},
    "--mapping zendesk": {"mapping": "zendesk"},
    "--encoding latin-1": {"encoding": "latin-1"},
    "--max-rejected-rate 0.2": {"max_rejected_rate": 0.2},
    "--as-of 2025-09-10": {"as_of": "2025-09-10"},
    "--timezone America/Sao_Paulo": {"timezone": "America/Sao_Paulo"},
    "--sla-targets sla.csv": {"sla_targets": Path("sla.csv")},
    "--db mine.duckdb": {"database": Path("mine.duckdb")},
    "--refresh": {"refresh": True},
    "--format parquet": {"file_format": "parquet"},
    "--dashboard": {"dashboard": True},
    "--report": {"report": True},
    "--threads 3": {"threads": 3},
    "--no-redact": {"redact": False},
    "--no-text": {"keep_text": False},
    "--memory-limit 2GB": {"memory_limit": "2GB"},
    "--spill-dir spill": {"spill_dir": Path("spill")},
    "--tickets more.csv others.csv": {"tickets": ["tickets.csv", "more.csv", "others.csv"]},
    "--quiet": {},
}


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[BuildOptions]:
    """What builds are asked for, in place of building."""
    asked: list[BuildOptions] = []

    def note(options: BuildOptions, *_: object) -> BuildReport:
        asked.append(options)
        return BuildReport(options.out, options.database_path, 1, 0, {}, "2025-11-04", None)

    monkeypatch.setattr(build_module, "build", note)
    return asked


@pytest.mark.parametrize("given", ["", *OPTIONS])
def test_every_option_reaches_the_build(given: str, asked_for: list[BuildOptions]) -> None:
    assert cli.main(["--tickets", "tickets.csv", "--out", "out", *given.split()]) == 0
    without = BuildOptions(tickets=["tickets.csv"], out=Path("out"))
    assert asked_for == [replace(without, **OPTIONS.get(given, {}))]


def test_no_option_is_missing_above(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    known = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert known == {given.split()[0] for given in OPTIONS} | {"--out"}


def test_the_manifest_says_what_was_asked_for(
    tickets_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "_run_models", tiny_models.run)
    out = tmp_path / "out"
    options = ["--tickets", str(tickets_file), "--out", str(out), "--max-rejected-rate", "1"]
    asked = ["--as-of", "2025-09-10T01:00+01:00", "--timezone", "America/Sao_Paulo", "--no-redact"]
    for given, variables in (
        ([], {}),
        (
            asked,
            {
                "as_of_at": "2025-09-10 00:00:00",
                "reporting_timezone": "America/Sao_Paulo",
                "redact": False,
            },
        ),
    ):
        assert cli.main([*options, "--quiet", *given]) == 0
        assert json.loads((out / "manifest.json").read_text("utf-8"))["variables"] == variables


def test_a_database_that_is_opened_for_writing_meanwhile_is_not_replaced(
    tickets_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    options = ["--tickets", str(tickets_file), "--out", str(out), "--max-rejected-rate", "1"]
    monkeypatch.setattr(build_module, "_run_models", tiny_models.run)
    assert cli.main([*options, "--quiet"]) == 0
    before = snapshot(out)
    writer = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]);"
        "print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", writer, str(out / "support_analytics.duckdb")]
    with contextlib.ExitStack() as cleanup:

        def models(*arguments: Any) -> object:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            cleanup.enter_context(process)
            assert process.stdout.readline() == b"open\n"
            return tiny_models.run(*arguments)

        monkeypatch.setattr(build_module, "_run_models", models)
        assert cli.main([*options, "--quiet"]) == 2
    assert "support_analytics.duckdb is open for writing in another process" in (
        capsys.readouterr().err
    )
    assert snapshot(out) == before


BAD_INPUTS = {
    "missing file": (["--tickets", "nope.csv"], "nope.csv: no such file"),
    "folder": (["--tickets", "folder"], "folder is a folder"),
    "empty": (["--tickets", "empty.csv"], "empty.csv is empty"),
    "blank": (["--tickets", "blank.csv"], "blank.csv has only blank lines"),
    "header alone": (["--tickets", "header.csv"], "header.csv has a header and no tickets"),
    "missing column": (
        ["--tickets", "no_status.csv"],
        "no_status.csv: required column 'status' is missing; the header has ticket_id, created_at",
    ),
    "wrong file": (["--tickets", "users.csv"], "users.csv: required columns 'ticket_id', "),
    "column twice": (["--tickets", "twice.csv"], "column 'tag' stands 2 times in the header"),
    "Latin-1": (["--tickets", "latin1.csv"], "latin1.csv: line 2 is not UTF-8 text"),
    "Latin-1 late": (["--tickets", "late.csv"], "late.csv: line 70001 is not UTF-8 text"),
    "UTF-16": (["--tickets", "utf16.csv"], "utf16.csv looks like UTF-16 text without a byte"),
    "Excel": (["--tickets", "book.xlsx"], "book.xlsx is a damaged Excel workbook"),
    "users missing": (["--users", "nope.csv"], "nope.csv: no such file"),
    "users are the tickets": (
        ["--users", "folder/../tickets.csv"],
        "--users folder/../tickets.csv is a file of --tickets, too; give a file of creators",
    ),
    "users without key": (["--users", "sla.csv"], "sla.csv: required column 'creator_id'"),
    "as-of not a time": (["--as-of", "yesterday"], "--as-of 'yesterday' is not a timestamp"),
    "as-of no day": (["--as-of", "2025-02-30"], "--as-of '2025-02-30' is not a timestamp"),
    "as-of year": (["--as-of", "1999-01-01"], "outside the years 2000 to 2099"),
    "time zone": (["--timezone", "Mars/Base"], "--timezone 'Mars/Base' is not a known time zone"),
    "sla missing": (["--sla-targets", "nope.csv"], "nope.csv: no such file"),
    "sla column": (["--sla-targets", "users.csv"], "users.csv: required columns 'channel', "),
    "sla channel": (["--sla-targets", "sla_fax.csv"], "sla_fax.csv: line 3: channel 'fax' is unk"),
    "sla twice": (["--sla-targets", "sla_twice.csv"], "line 3: channel 'email' stands in line 2"),
    "sla text": (["--sla-targets", "sla_text.csv"], "frt_target_minutes '1h' is not a positive"),
    "sla negative": (["--sla-targets", "sla_neg.csv"], "resolution_target_minutes '-5' is not"),
    "sla ragged": (["--sla-targets", "sla_ragged.csv"], "line 2 has more or fewer fields"),
    "sla empty": (["--sla-targets", "sla.csv"], "sla.csv has no targets below its header"),
    "db is a CSV": (["--db", "users.csv"], "--db users.csv exists and is not a DuckDB file"),
    "db is a folder": (["--db", "folder"], "--db folder is a folder"),
    "db name": (["--db", "temp.duckdb"], "cannot hold a database named 'temp'"),
    "out is a file": (["--out", "users.csv"], "users.csv is a file; give a folder"),
    "out is here": (["--out", "."], "is the folder that you are in"),
    "out is the project": (["--out", str(SCRIPT.parents[2])], "holds this project"),
    "out is an input of dbt": (
        ["--out", str(SCRIPT.parents[1] / "seeds" / "metrics")],
        "is among this project's own files; give another folder",
    ),
    "out below a file": (
        ["--out", "users.csv/out"],
        "users.csv cannot be written: Not a directory",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_one_line_and_leaves_all_as_it_was(
    name: str,
    tickets_file: Path,
    users_file: Path,
    earlier_out: Path,
    write_file: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = tickets_file.read_bytes()
    write_file("empty.csv", b"")
    write_file("blank.csv", b"\n\n\r\n")
    write_file("header.csv", TICKET_HEADER)
    write_file("no_status.csv", good.replace(b",status,", b",state,"))
    write_file("twice.csv", good.replace(b",message_text", b",message_text,TAG "))
    write_file("latin1.csv", good.replace(b"Pix", "Olá".encode("latin-1")))
    if name == "Latin-1 late":
        line = TICKET_LINES[0].encode() + b"\n"
        write_file("late.csv", TICKET_HEADER.encode() + b"\n" + line * 69_999 + b"\xe9" + line)
    write_file("utf16.csv", good.decode().encode("utf-16-le"))
    write_file("book.xlsx", b"PK\x03\x04\x14\x00")
    write_file("sla.csv", SLA_HEADER)
    write_file("sla_fax.csv", SLA_HEADER, "email,1,2", "fax,1,2")
    write_file("sla_twice.csv", SLA_HEADER, "email,1,2", "Email ,1,2")
    write_file("sla_text.csv", SLA_HEADER, "email,1h,2")
    write_file("sla_neg.csv", SLA_HEADER, "email,1,-5")
    write_file("sla_ragged.csv", SLA_HEADER, "email,1")
    folder = tickets_file.parent
    (folder / "folder").mkdir()
    before = snapshot(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(DbtSession, "parse", lambda session: pytest.fail("dbt was started"))

    changed, message = BAD_INPUTS[name]
    options = {"--tickets": "tickets.csv", "--out": "out"}
    options |= dict(zip(changed[::2], changed[1::2], strict=True))
    code = cli.main([part for option in options.items() for part in option] + ["--quiet"])

    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert re.fullmatch(r"error: [^\n]+\n", output.err)
    assert message in output.err
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (classification_bench.main, ["--tickets", "0"], "'0' is not a whole number from 1"),
        (build_dashboard.main, ["--max-tickets", "-5"], "'-5' is not a whole number from 1"),
        (
            build_dashboard.main,
            ["--db", "a.duckdb", "--out", "./a.duckdb"],
            "--db and --out are the same file, a.duckdb; give another --out",
        ),
    ],
)
def test_other_commands_refuse_what_cannot_be(
    main: Callable[[list[str]], int],
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert capsys.readouterr().err.endswith(f"{message}\n")
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads and writes anything")
def test_unreadable_and_unwritable(
    tickets_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets_file.chmod(0)
    assert cli.main(["--tickets", str(tickets_file), "--out", str(tmp_path / "out")]) == 2
    assert "tickets.csv cannot be read: Permission denied" in capsys.readouterr().err
    tickets_file.chmod(0o600)
    (tmp_path / "sealed").mkdir(mode=0o500)
    assert cli.main(["--tickets", str(tickets_file), "--out", str(tmp_path / "sealed/out")]) == 2
    assert "sealed cannot be written: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        pytest.param(
            TICKET_LINES,
            ["--as-of", "2025-09-03 12:00"],
            "error: --as-of: as_of_at 2025-09-03 12:00:00 is before 2025-09-05 00:00:00, an instant"
            " of ticket T3; give a later one, or none for the latest instant\n",
            id="as-of before a ticket",
        ),
        pytest.param(
            TICKET_LINES[5:],
            [],
            "error: {tickets}: all 2 tickets are rejected: first_response_time_negative 1,"
            " invalid_channel 1, malformed_row 1, and 2 more; they are in {beside}\n",
            id="all rejected",
        ),
    ],
)
def test_what_only_the_models_can_tell(
    lines: tuple[str, ...],
    options: list[str],
    message: str,
    write_file: Callable[..., Path],
    earlier_out: Path,
    capsys: pytest.CaptureFixture[str],
    leave_out_data_tests: Callable[[], None],
) -> None:
    leave_out_data_tests()
    tickets = write_file("tickets.csv", TICKET_HEADER, *lines)
    beside = earlier_out.with_name("out.rejected_tickets.csv")
    before = snapshot(earlier_out.parent)
    arguments = ["--tickets", str(tickets), "--out", str(earlier_out), "--quiet", *options]
    assert cli.main([*arguments, "--max-rejected-rate", "1"]) == 2
    assert capsys.readouterr().err == message.format(tickets=tickets, beside=beside)
    after = snapshot(earlier_out.parent)
    assert ("beside" in message) == (after.pop(beside.name, None) is not None)
    assert after == before


def test_a_failed_data_test_keeps_the_earlier_outputs(
    tickets_file: Path,
    earlier_out: Path,
    sample_build: Build,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = Outcome(failures=[f"data test number_{number}: 3 rows" for number in range(5)])

    def models_of_the_sample(session: DbtSession, *_: object) -> tuple[Outcome, None]:
        with duckdb.connect(str(session.database)) as connection:
            connection.execute(f"attach '{sample_build.database}' as sample (read_only)")
            connection.execute("create schema staging")
            for table in ("stg_tickets", "rejected_tickets"):
                connection.execute(
                    f"create table staging.{table} as select 'invalid_tag' as reasons limit 1"
                )
        return failed, None

    monkeypatch.setattr(build_module, "_run_models", models_of_the_sample)
    before = snapshot(earlier_out.parent)
    arguments = ["--tickets", str(tickets_file), "--out", str(earlier_out), "--quiet"]
    code = cli.main([*arguments, "--max-rejected-rate", "0.5"])
    assert code == 1
    error = capsys.readouterr().err
    assert error.startswith("error: data test number_0: 3 rows; data test number_1: 3 rows; ")
    assert "and 2 more (see " in error
    assert snapshot(earlier_out.parent) == before


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 1, "out of memory; outputs are as they were"),
        (OSError(28, "full", "/data/x"), 1, "no space is left on the disk of /data/x; free some;"),
        (
            duckdb.OutOfMemoryException("could not allocate block"),
            1,
            "out of memory; give a higher --memory-limit, or a --spill-dir on a larger disk;",
        ),
        (BuildError("model m: Out of Memory Error: 2 GB"), 1, "out of memory; give a higher"),
        (BuildError("data test t: Got 1"), 1, "data test t: Got 1"),
        (UserError("--as-of: later"), 2, "--as-of: later"),
        (ModuleNotFoundError(name="pyarrow"), 1, "Python module pyarrow is missing: install"),
        (RuntimeError("odd\nthing"), 1, "RuntimeError: odd thing; outputs are as they were"),
    ],
)
def test_errors_have_their_line_and_exit_code(
    error: Exception,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(build_module, "build", fail)
    assert cli.main(["--tickets", "tickets.csv", "--out", "out", "--quiet"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {message}") and said.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
@pytest.mark.parametrize(
    ("number", "seconds_later", "code", "word"),
    [(signal.SIGINT, 0.5, 130, "interrupted"), (signal.SIGTERM, 0, 143, "terminated")],
)
def test_interrupted_leaves_nothing_behind(
    number: int,
    seconds_later: float,
    code: int,
    word: str,
    tickets_file: Path,
    earlier_out: Path,
) -> None:
    before = snapshot(earlier_out.parent)
    command = [sys.executable, str(SCRIPT), "--tickets", str(tickets_file)]
    process = subprocess.Popen(
        [*command, "--out", str(earlier_out)], stderr=subprocess.PIPE, text=True
    )
    stage = earlier_out.with_name(".out.support_analytics_build")
    deadline = time.monotonic() + 30
    while not (stage / "work" / "profiles.yml").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(seconds_later)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert error.splitlines()[-1] == f"error: {word}; outputs are as they were"
    assert snapshot(earlier_out.parent) == before


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
def test_a_signal_after_publishing_says_nothing_false(
    tickets_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settle = interruption.settle

    def settle_and_be_interrupted() -> None:
        settle()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(build_module, "_run_models", tiny_models.run)
    monkeypatch.setattr(interruption, "settle", settle_and_be_interrupted)
    out = tmp_path / "out"
    arguments = ["--tickets", str(tickets_file), "--out", str(out), "--quiet"]
    assert cli.main([*arguments, "--max-rejected-rate", "0.5"]) == 0
    assert "outputs are as they were" not in capsys.readouterr().err
    assert (out / "fct_tickets.csv").exists()


def test_help_names_every_option_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for option in ("tickets", "users", "out", "as-of", "timezone", "sla-targets", "db", "format"):
        assert f"--{option}" in text
    assert "Exit code: 0 done; 1" in " ".join(text.split())


@pytest.mark.parametrize(
    "arguments", [[], ["--tickets", "t.csv"], ["--tickets", "t", "--out", "o", "--format", "xls"]]
)
def test_wrong_options_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-04", "2025-11-04 00:00:00"),
        (" 2025-11-04 01:30 ", "2025-11-04 01:30:00"),
        ("2025-11-04T01:30:59.25Z", "2025-11-04 01:30:59.25"),
        ("2025-11-04T01:30:00-03:00", "2025-11-04 04:30:00"),
        ("2025-11-04T01:30+0530", "2025-11-03 20:00:00"),
        ("2025-11-04T01:30+05", "2025-11-03 20:30:00"),
    ],
)
def test_as_of_is_read_like_the_raw_timestamps(text: str, expected: str) -> None:
    assert parse_as_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2025-13-01", "04/11/2025", "2025-11-04T25:00", "now", "0001-01-01T00:00+05:00"]
)
def test_as_of_refuses(text: str) -> None:
    with pytest.raises(UserError, match="is not a timestamp"):
        parse_as_of(text)


def test_time_zones() -> None:
    assert check_time_zone("America/Sao_Paulo") == "America/Sao_Paulo"
    for name in ("Sao_Paulo", "", "+03:00"):
        with pytest.raises(UserError, match="not a known time zone"):
            check_time_zone(name)


def test_dbt_messages_become_one_line() -> None:
    message = (
        "Runtime Error in model int_clock_derived (models/intermediate/int_clock_derived.sql)\n"
        "  Invalid Input Error: as_of_at is\n  too early\n"
        "  > in macro x (macros/x.sql)\n  compiled code at target/x.sql"
    )
    assert plain_message(message) == "as_of_at is too early"
    assert plain_message("Got 2 results, configured to fail if != 0") == (
        "Got 2 results, configured to fail if != 0"
    )


def test_a_summary_that_cannot_be_printed_is_no_failed_build(
    tickets_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build_module, "_run_models", tiny_models.run)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    out = tmp_path / "saída"
    options = ["--tickets", str(tickets_file), "--out", str(out), "--max-rejected-rate", "1"]
    assert cli.main([*options, "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: outputs are written to {out}, but standard output cannot")
    assert (out / "manifest.json").is_file()
