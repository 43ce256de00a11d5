"""The marts of `reference.MARTS` against the reference, cell by cell, on hostile random tickets."""

from __future__ import annotations

import csv
import math
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile_inputs import Inputs, draw_inputs, write_inputs
from reference import (
    AI_COLUMNS,
    CHANNELS,
    MARTS,
    STATUSES,
    TICKET_COLUMNS,
    TICKET_REASONS,
    Row,
    build_marts,
    check_tickets,
    read_records,
)
from support_analytics import warehouse
from support_analytics.build import PROJECT, parse_as_of
from support_analytics.dbt_runner import DATABASE_NAME, DbtSession
from support_analytics.raw_files import open_raw_file

RELATIVE_TOLERANCE = 1e-9
# Near 0 and 1 these are differences of figures that are nearly equal, as are `_change` columns.
DIFFERENCES = {"accuracy_ci_low", "accuracy_ci_high"}
# Texts of people, which exports redact.
REDACTED_COLUMNS = {"message_text", "message_text_redacted", "malformed_record"}


# ----------------------------------------------------------------------------------- comparison


def same(expected: Any, got: Any, column: str) -> bool:
    if expected is None or got is None:
        return expected is None and got is None
    if isinstance(expected, float):
        # The difference of two near figures has lost digits that no relative tolerance brings back.
        lost = RELATIVE_TOLERANCE if column in DIFFERENCES or column.endswith("_change") else 0.0
        return isinstance(got, (int, float)) and math.isclose(
            expected, got, rel_tol=RELATIVE_TOLERANCE, abs_tol=lost
        )
    if isinstance(got, datetime) and got.tzinfo is None:
        got = got.replace(tzinfo=UTC)
    return type(expected) is type(got) and expected == got


def differences(mart: str, expected_rows: list[Row], got_rows: list[Row]) -> list[str]:
    """What a mart has that the reference has not, and the other way round; empty when equal."""
    key = MARTS[mart]
    expected = {tuple(row[column] for column in key): row for row in expected_rows}
    got = {tuple(row.get(column) for column in key): row for row in got_rows}
    found = []
    if len(got) != len(got_rows):
        found.append(f"{mart}: {len(got_rows)} rows, {len(got)} different keys")
    found += [f"{mart} {name}: row is missing" for name in expected.keys() - got.keys()]
    found += [f"{mart} {name}: row too many" for name in got.keys() - expected.keys()]
    for name in expected.keys() & got.keys():
        for column, value in expected[name].items():
            if column not in got[name]:
                found.append(f"{mart}: no column {column}")
            elif not same(value, got[name][column], column):
                found.append(
                    f"{mart} {name} {column}: expected {value!r}, got {got[name][column]!r}"
                )
    return sorted(set(found))


def table_rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    (schema,) = connection.execute(
        "select table_schema from information_schema.tables where table_name = ?", [table]
    ).fetchone()
    result = connection.execute(f'select * from {schema}."{table}"')
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def read_tables(database: Path) -> dict[str, list[Row]]:
    """The marts of a build, and the AI columns of its tickets."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {name: table_rows(connection, name) for name in (*MARTS, "int_tickets_classified")}


def expected_marts(tables: Mapping[str, list[Row]], inputs: Inputs) -> dict[str, list[Row]]:
    """The reference's marts; the AI columns, which it does not make, are the project's."""
    labels = defaultdict(lambda: dict.fromkeys(AI_COLUMNS, "no label"))
    labels |= {row["ticket_id"]: row for row in tables["int_tickets_classified"]}
    return build_marts(
        inputs.tickets_csv, inputs.users_csv, inputs.sla_targets(), labels, inputs.settings()
    )


def mart_differences(tables: Mapping[str, list[Row]], inputs: Inputs) -> list[str]:
    found = []
    for mart, rows in expected_marts(tables, inputs).items():
        found += differences(mart, rows, tables[mart])
    return found


def from_text(text: str, example: Any) -> Any:
    """A cell of an export as the type of the reference's value."""
    if text == "":
        return None
    if isinstance(example, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(example, datetime):
        return datetime.fromisoformat(text)
    if isinstance(example, date):
        return date.fromisoformat(text)
    if isinstance(example, (int, float)):
        return type(example)(text)
    # As docs/privacy.md tells programs to read cells that a spreadsheet must not run.
    return re.sub(r"\A'(?=[\t\r\n]|\s*[=+@-])", "", text)


def export_differences(mart: str, path: Path, expected: list[Row]) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    examples: dict[str, Any] = {}
    for row in expected:
        examples |= {column: value for column, value in row.items() if value is not None}
    shown = [{c: v for c, v in row.items() if c not in REDACTED_COLUMNS} for row in expected]
    got = [
        {column: from_text(text, examples.get(column)) for column, text in row.items()}
        for row in texts
    ]
    return differences(mart, shown, got)


# --------------------------------------------------------------------------------------- builds

# Chosen so that together they stand on every boundary and in most time zones. One goes through the
# command line, the others through dbt parsed once.
COMMAND_LINE_SEED = 187
SESSION_SEEDS = (1291, 242, 332, 504, 174, 622)


@dataclass(frozen=True)
class Built:
    """Inputs and what the project made of them."""

    inputs: Inputs
    tables: dict[str, list[Row]]
    exports: Path | None = None


def start_command(inputs: Inputs, folder: Path) -> subprocess.Popen[str]:
    """The project's own command line on the inputs, writing to folder/exports."""
    command = [sys.executable, str(PROJECT / "scripts" / "build_metrics.py"), "--quiet"]
    for name, path in write_inputs(inputs, folder).items():
        command += [f"--{name}", str(path)]
    command += ["--out", str(folder / "exports"), "--timezone", inputs.timezone]
    # Rejected rows are what the inputs are full of.
    command += ["--max-rejected-rate", "1"]
    if inputs.as_of is not None:
        command += [f"--as-of={inputs.as_of}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def load_raw_tables(inputs: Inputs, database: Path, folder: Path) -> None:
    paths = write_inputs(inputs, folder)
    tables = {"tickets": warehouse.TICKETS_TABLE, "users": warehouse.USERS_TABLE}
    with warehouse.open_database(database) as connection:
        for name, table in tables.items():
            schema = warehouse.raw_schema(PROJECT, table)
            if name in paths:
                with open_raw_file(paths[name], schema) as raw:
                    warehouse.load_raw_file(connection, raw)
            else:
                warehouse.create_raw_table(connection, schema)
        targets = warehouse.read_sla_targets(paths["sla-targets"], CHANNELS)
        warehouse.load_sla_targets(connection, targets)


def run_in_session(all_inputs: Iterable[Inputs], folder: Path) -> Iterator[Built]:
    """The models on one input after the other, without data tests and exports."""
    database = folder / DATABASE_NAME
    session = DbtSession(PROJECT, database, folder, {}, threads=2, log_folder=folder / "log")
    session.parse()
    loaded = (warehouse.TICKETS_TABLE, warehouse.USERS_TABLE, warehouse.SLA_TABLE)
    command = ["build", "--exclude-resource-type=test", "--exclude-resource-type=unit_test"]
    command += [f"--select=+{mart}" for mart in MARTS] + [f"--exclude={table}" for table in loaded]
    for inputs in all_inputs:
        load_raw_tables(inputs, database, folder)
        session.variables = {
            "as_of_at": parse_as_of(inputs.as_of) if inputs.as_of else "",
            "reporting_timezone": inputs.timezone,
        }
        try:
            results = session._invoke(command).results
        finally:
            session.close()
        failed = [f"{r.node.name}: {r.message}" for r in results if r.status == "error"]
        if failed:
            pytest.fail("\n".join(failed), pytrace=False)
        yield Built(inputs, read_tables(database))


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Built | str]:
    """What was built by seed; for a command line that failed, what it said."""
    folder = tmp_path_factory.mktemp("reference")
    inputs = draw_inputs(COMMAND_LINE_SEED)
    with start_command(inputs, folder / "command") as command:
        made = run_in_session(map(draw_inputs, SESSION_SEEDS), folder)
        built: dict[int, Built | str] = dict(zip(SESSION_SEEDS, made, strict=True))
        _, errors = command.communicate()
    exports = folder / "command" / "exports"
    built[COMMAND_LINE_SEED] = (
        errors
        if command.returncode
        else Built(inputs, read_tables(exports / DATABASE_NAME), exports)
    )
    return built


def built_of(builds: dict[int, Built | str], seed: int) -> Built:
    built = builds[seed]
    if isinstance(built, str):
        pytest.fail(built, pytrace=False)
    return built


# ---------------------------------------------------------------------------------------- tests


def assert_none(found: list[str]) -> None:
    if found:
        pytest.fail(f"{len(found)} differences\n" + "\n".join(found[:40]), pytrace=False)


@pytest.mark.parametrize("seed", (COMMAND_LINE_SEED, *SESSION_SEEDS))
def test_marts_equal_the_reference(builds: dict[int, Built | str], seed: int) -> None:
    built = built_of(builds, seed)
    assert_none(mart_differences(built.tables, built.inputs))


def test_exports_equal_the_reference(builds: dict[int, Built | str]) -> None:
    built = built_of(builds, COMMAND_LINE_SEED)
    found = []
    for mart, rows in expected_marts(built.tables, built.inputs).items():
        found += export_differences(mart, built.exports / f"{mart}.csv", rows)
    assert_none(found)


def test_inputs_reach_every_case() -> None:
    """The drawn rows hold every rejection reason and every kind of ticket and verdict."""
    reasons: set[str] = set()
    cases: set[tuple[Any, ...]] = set()
    for seed in (COMMAND_LINE_SEED, *SESSION_SEEDS):
        inputs = draw_inputs(seed)
        accepted, rejected = check_tickets(read_records(inputs.tickets_csv, TICKET_COLUMNS))
        labels = {ticket["ticket_id"]: dict.fromkeys(AI_COLUMNS, "others") for ticket in accepted}
        marts = build_marts(
            inputs.tickets_csv, inputs.users_csv, inputs.sla_targets(), labels, inputs.settings()
        )
        reasons |= {reason for row in rejected for reason in row["reasons"].split("|")}
        for ticket in marts["fct_tickets"]:
            cases.add(("left", ticket["status"], ticket["resolved_at"] is not None))
            cases.add(("minutes", ticket["resolution_time_minutes"]))
            cases.add(("frt", ticket["is_frt_sla_met"]))
            cases.add(("resolution", ticket["is_open"], ticket["is_resolution_sla_met"]))
    assert reasons == set(TICKET_REASONS)
    assert cases >= {("minutes", minutes) for minutes in (0, 1, 59, 60, 61, 240, 241)}
    assert cases >= {("frt", True), ("frt", False), ("frt", None)}
    assert cases >= {("resolution", True, False), ("resolution", True, None)}
    assert cases >= {("left", status, True) for status in STATUSES}
    assert cases >= {("left", "closed_without_solution", False), ("left", "pending", False)}
