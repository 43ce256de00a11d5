"""The benchmark: both baselines make what dbt makes, cell by cell; what it measures and says."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from reference import HEALTH_COUNTS, Settings, Target, build_marts
from reference import MARTS as REFERENCE_MARTS
from support_analytics import warehouse
from support_analytics.bench import cli, goals, page, tasks
from support_analytics.bench.data import data_of, make
from support_analytics.bench.marts import MARTS
from support_analytics.bench.processes import measure_task
from support_analytics.bench.refresh import make_second_day
from support_analytics.bench.settings import TICKET_REASONS
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import BuildError
from support_analytics.mart_diff import MartRelation, diff_marts
from support_analytics.raw_files import open_raw_file
from support_analytics.sample import SampleConfig, write_tickets, write_users

HAS_PANDAS = importlib.util.find_spec("pandas") is not None
needs_pandas = pytest.mark.skipif(
    not HAS_PANDAS, reason="pandas is missing: pip install -r requirements-bench.txt"
)
# Days are not UTC's, and "now" is the latest instant of the tickets.
VARIABLES = {"reporting_timezone": "America/Sao_Paulo"}
MARK = "column_placeholder"


@dataclass(frozen=True)
class Made:
    """The raw tables, and the marts that dbt made of them."""

    raw_database: Path
    database: Path
    redacting_sql: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("bench")
    config = SampleConfig(
        tickets=1500, creators=200, seed=11, start=date(2025, 1, 1), end=date(2025, 2, 5)
    )
    files = {"tickets_raw": folder / "tickets.csv", "users_raw": folder / "users.csv"}
    write_tickets(config, files["tickets_raw"])
    write_users(config, files["users_raw"])
    _add_hostile_rows(files["tickets_raw"])
    raw_database = folder / "raw_tables.duckdb"
    with warehouse.open_database(raw_database) as connection:
        for table, path in files.items():
            with open_raw_file(path, warehouse.raw_schema(PROJECT, table)) as raw:
                warehouse.load_raw_file(connection, raw)
    database = folder / "marts.duckdb"
    database.write_bytes(raw_database.read_bytes())
    session = DbtSession(PROJECT, database, folder, VARIABLES, 2, folder / "logs")
    session.parse()
    try:
        redacting_sql = session.render("{{ redact_text('" + MARK + "') }}").strip()
        seeds = [path.stem for path in (PROJECT / "seeds").glob("*.csv") if path.stem not in files]
        session.run(*seeds)
        session.run(*(f"+{mart},resource_type:model" for mart in MARTS))
    finally:
        session.close()
    return Made(raw_database, database, redacting_sql)


def _add_hostile_rows(path: Path) -> None:
    """Offsets, fractions, versions of a ticket, spaced values, accents, words met again."""
    rng = random.Random(4)
    rows = [
        ["X1", "2025-01-03T10:30:00.25-03:00", "2025-01-03T16:00+02", "resolved", "email"],
        ["X2", " 2025-01-04 ", "", " Pending", "IN_APP "],
        ["X3", "2025-01-05 00:10", "2025-01-05 00:10:59", "RESOLVED", "chatbot"],
        ["X3", "2025-01-05 00:10", "2025-01-05 00:10:59", "resolved", "whatsapp"],
        ["X3", "2025-01-05 00:10", "", "escalated", "email"],
        [" X4\u00a0", "2025-01-06 23:59:59.999999", "", "closed_without_solution", "email"],
        ["X5", "2025-01-31 02:00", "2025-01-31 03:00:00", "pending", "email"],
        ["X6", "2025-02-30", "x", "solved", "fax"],
        ["", "", "2025-01-01", "resolved", ""],
        ["X8", "1999-12-31", "", "resolved", "email"],
        ["X9", "2025-01-08", "2025-01-07", "resolved", "email"],
    ]
    texts = [
        "Não consigo pagar. PIX PIX pix, refund refund! Reembolso já",
        "Chargeback\u0001chargeback; sign-up form, sign up form, signup form",
        "",
        "No words of any rule",
        "The card_was declined; card was declined; os e-mails caem no spam",
    ]
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            tag = rng.choice(["", " Checkout", "others", "nonsense"])
            response = rng.choice(["", "0", "12.5", "1e2", "10080", "-1", "nan", "10081"])
            writer.writerow(
                [*row, rng.choice(["", "C00001", "zz"]), tag, response, rng.choice(texts)]
            )
        for number, text in enumerate(texts):
            writer.writerow(
                [f"Y{number}", "2025-01-09 12:00", "", "pending", "email", "", "", "", text]
            )


def _differences(dbt: Path, other: Path) -> list[str]:
    schemas = dict.fromkeys(MARTS, "marts") | {
        "rejected_tickets": "staging",
        "rejected_users": "staging",
    }
    expected = {name: MartRelation(schemas[name], name, (key,)) for name, key in MARTS.items()}
    got = {name: MartRelation("marts", name, (key,)) for name, key in MARTS.items()}
    found = []
    for diff in diff_marts(dbt, other, expected, got):
        # What dbt's marts have besides is not asked of the others.
        diff.columns_removed = []
        if not diff.is_same or not diff.key:
            found.append(f"{diff}")
    return found


def _columns(database: Path, mart: str) -> set[str]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(f"describe marts.{mart}").fetchall()
    return {name for name, *_ in rows}


def test_handwritten_marts_equal_dbt(made: Made, tmp_path: Path) -> None:
    database = tmp_path / "handwritten.duckdb"
    answer = tasks.handwritten(
        str(made.raw_database), str(database), made.redacting_sql, 2, None, VARIABLES
    )
    assert answer["running"]["wall_seconds"] > 0
    assert _differences(made.database, database) == []
    assert _missing_columns({mart: _columns(database, mart) for mart in MARTS}) == {}


@needs_pandas
def test_pandas_marts_equal_dbt(made: Made, tmp_path: Path) -> None:
    raw_folder = tmp_path / "raw"
    raw_folder.mkdir()
    with duckdb.connect(str(made.raw_database), read_only=True) as connection:
        for table in ("tickets_raw", "users_raw"):
            connection.execute(f"copy raw.{table} to '{raw_folder / table}.parquet'")
    out = tmp_path / "pandas"
    tasks.pandas(str(raw_folder), str(out), made.redacting_sql, VARIABLES)
    database = tmp_path / "pandas.duckdb"
    dbt = made.database
    found: dict[str, set[str]] = {}
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"attach '{dbt}' as dbt (read_only)")
        for mart in MARTS:
            # pandas has no days and few other types: cells are compared as dbt's.
            types = dict(
                connection.execute(
                    "select column_name, data_type from duckdb_columns()"
                    " where database_name = 'dbt' and table_name = ?",
                    [mart],
                ).fetchall()
            )
            path = out / f"{mart}.parquet"
            names = [row[0] for row in connection.execute(f"describe from '{path}'").fetchall()]
            cast = ", ".join(
                f'cast("{name}" as {types[name]}) as "{name}"' for name in names if name in types
            )
            connection.execute(f"create table marts.{mart} as select {cast} from '{path}'")
            found[mart] = set(names)
    assert _differences(dbt, database) == []
    assert _missing_columns(found) == {}


def _missing_columns(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Columns of the definitions, which the reference makes too, that are not there."""
    lines = ["T1,2025-01-01,2025-01-01,resolved,email,c1,checkout,1,Pix", "T1,2025-01-01,,,,,,,"]
    header = ",".join(tasks_columns())
    labels = {"T1": dict.fromkeys(("ai_category", "ai_topic", "ai_rationale", "ai_source"), "x")}
    made_of = build_marts(
        "\n".join([header, *lines, ""]),
        "creator_id,country,plan,signup_date\nc1,BR,pro,\nc1,BR,pro,\n",
        {"email": Target(1, 1)},
        labels,
        Settings(),
    )
    assert set(found) == set(REFERENCE_MARTS)
    optional = set(HEALTH_COUNTS)
    return {
        mart: missing
        for mart, rows in made_of.items()
        if (missing := set(rows[0]) - found[mart] - optional)
    }


def tasks_columns() -> list[str]:
    return list(warehouse.raw_schema(PROJECT, "tickets_raw").columns)


def test_the_input_has_every_reason(made: Made) -> None:
    with duckdb.connect(str(made.database), read_only=True) as connection:
        rows = connection.execute("select reasons from staging.rejected_tickets").fetchall()
    assert {reason for (text,) in rows for reason in text.split("|")} == set(TICKET_REASONS)


def test_an_early_as_of_is_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error, match="as_of_at is before"):
        tasks.handwritten(
            str(made.raw_database),
            str(tmp_path / "early.duckdb"),
            made.redacting_sql,
            2,
            None,
            {"as_of_at": "2025-01-02 00:00:00"},
        )


# ----------------------------------------------------------------------- what it runs and says


def test_data_is_made_once_and_the_second_day_is_one_percent(tmp_path: Path) -> None:
    data = data_of(tmp_path, 2000)
    assert not data.is_made()
    make(data)
    assert data.is_made()
    assert not data_of(tmp_path, 3000).is_made()
    note = json.loads(data.note.read_text("utf-8"))
    data.note.write_text(json.dumps(note | {"generator_sha256": "of another generator"}), "utf-8")
    assert not data.is_made()

    first, again = (make_second_day(data, tmp_path / name) for name in ("first", "again"))
    rows = "select * from '{}' order by all"
    with duckdb.connect() as connection:
        both = [connection.execute(rows.format(d.tickets)).fetchall() for d in (first, again)]
        before = connection.execute(rows.format(data.files["parquet"]["tickets"])).fetchall()
    assert both[0] == both[1]
    assert (first.new, first.status_changed, first.message_changed, first.late) == (9, 8, 2, 1)
    assert len(both[0]) == len(before) + first.new + first.late - first.vanished
    assert len(set(before) - set(both[0])) == (
        first.status_changed + first.message_changed + first.vanished
    )


def test_a_task_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    measured = measure_task("make_data", folder=str(tmp_path), tickets=1000)
    assert data_of(tmp_path, 1000).is_made()
    assert measured.cpu_seconds > 0 and 0 < measured.wall_seconds < 300
    assert 10**7 < measured.peak_bytes < 10**9
    with pytest.raises(BuildError, match=r"make_data ended with 1: .*tickets"):
        measure_task("make_data", folder=str(tmp_path), tickets=0)


def _results(**peaks: float) -> dict[str, Any]:
    def step(seconds: float, **more: Any) -> dict[str, Any]:
        running = {"wall_seconds": seconds, "cpu_seconds": seconds}
        return {
            "wall_seconds": seconds + 5,
            "cpu_seconds": seconds + 5,
            "peak_bytes": peaks.get("peak", 3.0) * 1e9,
            "answer": {"running": running, "database_bytes": 10**8, "node_seconds": {"m": 1.0}}
            | more,
        }

    def size(tickets: int, unit: float) -> dict[str, Any]:
        phases = {"reading": {"wall_seconds": unit, "cpu_seconds": unit}}
        return {
            "tickets": tickets,
            "files": {"csv": 10**9, "parquet": 10**8},
            "builds": {"parquet": step(20 * unit, phases=phases)},
            "models_published": step(6 * unit),
            "models_all": step(8 * unit),
            "data_tests": step(9 * unit),
            "handwritten": step(5 * unit),
            "refresh": step(3 * unit) | {"rows": {"new": 4500, "late": 500, "vanished": 3}},
            **({"pandas": step(40 * unit)} if tickets < 10**7 else {}),
        }

    def builds(seconds: float) -> dict[str, Any]:
        return {"parsed_afresh": step(seconds), "parsed_before": step(seconds - 1)}

    return {
        "machine": {"processor": "a processor", "cores": "2"},
        "command": "python scripts/bench.py",
        "runs": 1,
        "threads": 2,
        "memory_limit": None,
        "floor": {
            "one_model": builds(4),
            "sample": builds(30),
            "sample_without_unit_tests": builds(13),
        },
        "sizes": [size(10**6, 1), size(10**7, 14)],
    }


def test_goals_are_judged_and_misses_shown() -> None:
    verdicts = {goal.what.split(",")[0]: goal for goal in goals.judge(_results())}
    assert [goal.verdict for goal in verdicts.values()] == [
        *("met", "missed", "met", "met", "missed", "missed", "missed")
    ]
    assert verdicts["models of the published marts"].measured == "1.20 at 10,000,000 tickets"
    assert verdicts["faster than pandas"].measured == "5.71 at 1,000,000 tickets"
    text = page.render(_results())
    assert text.count("| missed |") == 4
    assert "+26.0" in text
    assert "| 1,000,000 | 5,000 | 8.0 | 25.0 | 32% |" in text
    over = {goal.what: goal.verdict for goal in goals.judge(_results(peak=4.1))}
    assert over["peak memory of a full build"] == "missed"


def test_other_sizes_are_shown_and_not_judged() -> None:
    results = _results() | {"floor": None}
    results["sizes"] = results["sizes"][:1]
    found = {goal.what: goal for goal in goals.judge(results)}
    assert [goal.verdict for goal in found.values()].count("not judged") == 6
    assert found["peak memory of a full build"].measured == "3.00 at 1,000,000 tickets"
    assert found["peak memory of a full build"].remark == "another size than the goal's"


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    files = page.write_page(_results(), tmp_path / "benchmarks", tmp_path / "benchmark.html")
    assert [path.name for path in files] == [
        *("results.json", "README.md", "seconds_by_tickets.svg", "benchmark.html")
    ]
    html = files[-1].read_text("utf-8")
    assert "<svg" in html and "http-equiv" in html and 'src="' not in html
    assert json.loads(files[0].read_text("utf-8")) == _results()


def test_the_command_is_shown_without_folders_of_a_machine() -> None:
    given = ["--sizes", "1k", "--folder", "/data/bench", "--out=/data/out", "--keep"]
    assert cli.shown_command(given) == "python scripts/bench.py --sizes 1k --keep"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sizes", "10"], "'10' is not a number of tickets"),
        (["--sizes", "1k,many"], "'many' is not a number of tickets"),
        (["--formats", "xlsx"], "--formats 'xlsx' is unknown; known are csv, parquet"),
        (["--with", "spark"], "--with 'spark' is unknown"),
        (["--runs", "0"], "--runs 0 is too small"),
        (
            ["--formats", "csv", "--sizes", "20k", "--csv-up-to", "10k"],
            "--formats csv leaves nothing to build above --csv-up-to 10k",
        ),
        (["--memory-limit", "much"], "--memory-limit 'much' is not a size"),
    ],
)
def test_wrong_options_are_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ") and said in captured.err
    assert captured.err.count("\n") == 1 and captured.out == ""
