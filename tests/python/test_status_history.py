"""Statuses of earlier builds: kept from build to build, dated by the data, shown by day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import TICKET_COLUMNS
from support_analytics import warehouse
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession

HISTORY = "fct_backlog_by_status_daily"
NODES = (
    *("sla_targets", "base_ticket_ids_shared", "base_tickets_fingerprinted"),
    *("base_tickets_parsed", "base_tickets_judged", "base_tickets_checked", "stg_tickets"),
    *("int_clock_derived", "int_days_spined", "int_ticket_statuses_observed"),
    *("ticket_status_history", HISTORY),
)
PARTS = ("dbt_project.yml", "profiles.example.yml", "dbt_packages", "models", "macros", "seeds")
PARTS += ("snapshots", "tests")

# What the export of each day says of four tickets: status, and the time of resolution.
MONDAY = {"T1": ("pending", ""), "T2": ("escalated", ""), "T3": ("resolved", "2025-09-01 20:00")}
TUESDAY = {**MONDAY, "T1": ("escalated", ""), "T4": ("pending", "")}
THURSDAY = {
    "T1": ("resolved", "2025-09-04 18:00"),
    "T2": ("pending", ""),
    "T3": ("pending", "2025-09-01 20:00"),
    "T4": ("closed_without_solution", "2025-09-04 09:00"),
}
CREATED = {"T1": "2025-09-01 08:00", "T2": "2025-09-01 09:00", "T3": "2025-09-01 10:00"}
CREATED["T4"] = "2025-09-02 12:00"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtSession]:
    """A project that keeps statuses, in a copy: its vars would spoil the parse of others."""
    folder = tmp_path_factory.mktemp("history")
    project = folder / "project"
    project.mkdir()
    for part in PARTS:
        (project / part).symlink_to(PROJECT / part)
    session = DbtSession(
        project=project,
        database=folder / "days.duckdb",
        work=folder,
        variables={"keep_status_history": True},
        threads=1,
        log_folder=folder,
    )
    session.parse()
    yield session
    session.close()


@pytest.fixture(scope="module")
def week(session: DbtSession) -> DbtSession:
    """Builds on Monday, twice on Tuesday, and on Thursday."""
    for export in (MONDAY, TUESDAY, TUESDAY, THURSDAY):
        _load(session.database, export)
        session.run(*NODES)
        session.close()
    return session


@pytest.fixture
def rows(week: DbtSession) -> Callable[[str], list[tuple[Any, ...]]]:
    """Rows of a query after Thursday's build."""

    def read(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(week.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return read


def test_each_status_is_kept_with_the_instant_of_the_data(rows: Callable[[str], Any]) -> None:
    monday, tuesday, thursday = (
        datetime(2025, 9, 1, 20),
        datetime(2025, 9, 2, 12),
        datetime(2025, 9, 4, 18),
    )
    found = rows(
        "select ticket_id, status, dbt_valid_from, dbt_valid_to from history.ticket_status_history"
        " order by ticket_id, dbt_valid_from"
    )
    assert found == [
        ("T1", "pending", monday, tuesday),
        ("T1", "escalated", tuesday, thursday),
        ("T1", "resolved", thursday, None),
        ("T2", "escalated", monday, thursday),
        ("T2", "pending", thursday, None),
        ("T3", "resolved", monday, thursday),
        ("T3", "pending", thursday, None),
        ("T4", "pending", tuesday, thursday),
        ("T4", "closed_without_solution", thursday, None),
    ]


def test_the_backlog_of_each_day_is_as_it_was_seen(rows: Callable[[str], Any]) -> None:
    found = rows(f"select day, status, open_count from marts.{HISTORY} order by day, status")
    by_day = {day: {} for day, *_ in found}
    for day, status, open_count in found:
        by_day[day][status] = open_count
    assert by_day == {
        date(2025, 9, 1): {"escalated": 1, "pending": 1},
        date(2025, 9, 2): {"escalated": 2, "pending": 1},
        # Nobody built on Wednesday: what Tuesday's build saw holds.
        date(2025, 9, 3): {"escalated": 2, "pending": 1},
        date(2025, 9, 4): {"escalated": 0, "pending": 2},
    }


def test_its_own_tests_pass(week: DbtSession) -> None:
    selected = ("int_ticket_statuses_observed", "ticket_status_history", HISTORY)
    command = ["test", "--indirect-selection=cautious", "--select", *selected]
    results = week._invoke(command).results
    assert {str(result.status) for result in results} == {"pass"}
    assert {result.node.resource_type.value for result in results} == {"test", "unit_test"}


def test_another_status_at_the_same_now_replaces_the_one_before(week: DbtSession) -> None:
    """An export that was corrected without a newer instant: the first state lasted no time."""
    _load(week.database, THURSDAY | {"T2": ("escalated", "")})
    week.run(*NODES)
    week.close()
    with duckdb.connect(str(week.database), read_only=True) as connection:
        found = connection.execute(
            f"select status, open_count from marts.{HISTORY} where day = '2025-09-04' order by 1"
        ).fetchall()
    assert found == [("escalated", 1), ("pending", 1)]
    results = week._invoke(["test", "--select", "ticket_status_history", HISTORY]).results
    assert {str(result.status) for result in results} == {"pass"}


def test_without_the_var_there_is_no_history(sample_database: duckdb.DuckDBPyConnection) -> None:
    found = sample_database.execute(
        "select count(*) from duckdb_tables() where table_name = ? or schema_name = 'history'",
        [HISTORY],
    ).fetchone()
    assert found == (0,)


def _load(database: Path, export: dict[str, tuple[str, str]]) -> None:
    with warehouse.open_database(database) as connection:
        table = warehouse.create_raw_table(
            connection, warehouse.raw_schema(PROJECT, warehouse.TICKETS_TABLE)
        )
        for line, (ticket, (status, resolved_at)) in enumerate(export.items(), start=2):
            values = {
                **dict.fromkeys(TICKET_COLUMNS),
                "ticket_id": ticket,
                "created_at": CREATED[ticket],
                "resolved_at": resolved_at or None,
                "status": status,
                "channel": "email",
            }
            connection.execute(
                f"insert into {table} ({', '.join(values)}, line_number)"
                f" values ({', '.join('?' * len(values))}, ?)",
                [*values.values(), line],
            )
