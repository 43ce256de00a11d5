"""A refresh gives the marts of a full build of the same rows, cell by cell, and keeps the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession
from support_analytics.mart_diff import MartRelation, diff_marts
from support_analytics.sample import SampleConfig, write_tickets, write_users

# Everything that is kept from build to build, and the marts that read it closest.
ALL = ["package:support_analytics,resource_type:model"]
CORE = ["+fct_tickets", "+rejected_tickets", "+fct_category_rule_usage"]


@dataclass
class Days:
    """A database that is refreshed day by day, and full builds of the same rows to compare with.

    Only the core is built, unless all marts are asked for.
    """

    folder: Path
    notes: list[str] = field(default_factory=list)
    _session: DbtSession | None = None

    @property
    def kept(self) -> Path:
        """The database that is refreshed."""
        return self.folder / "kept" / "days.duckdb"

    @property
    def whole(self) -> Path:
        """The database that is built anew each time."""
        return self.folder / "whole" / "days.duckdb"

    def set_variables(self, **variables: Any) -> None:
        """Build with other vars from now on."""
        session = DbtSession(PROJECT, self.kept, self.folder, variables, 2, self.folder)
        session.parse()
        self._session = session

    def change(self, *statements: str) -> None:
        """Change the raw tables, as the next day's export would."""
        with duckdb.connect(str(self.kept)) as connection:
            for statement in statements:
                connection.execute(statement)

    def refresh(self, selection: Sequence[str] = CORE) -> None:
        """Run models on the kept database; notes are what dbt said meanwhile."""
        self.notes.clear()
        self._run(self.kept, ["run", "--select", *selection])

    def differences(self, selection: Sequence[str] = CORE) -> dict[str, str]:
        """What a full build of the same raw tables has otherwise, by relation."""
        self.whole.unlink(missing_ok=True)
        with duckdb.connect(str(self.whole)) as connection:
            connection.execute(f"attach '{self.kept}' as kept (read_only); create schema raw")
            for (table,) in connection.execute(
                "select table_name from duckdb_tables()"
                " where database_name = 'kept' and schema_name = 'raw'"
            ).fetchall():
                connection.execute(f"create table raw.{table} as from kept.raw.{table}")
        self._run(self.whole, ["run", "--select", *selection])
        relations = _published(self.whole)
        found = diff_marts(self.whole, self.kept, relations, relations)
        return {diff.name: str(diff) for diff in found if not diff.is_same}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the kept database."""
        with duckdb.connect(str(self.kept), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def _run(self, database: Path, command: list[str]) -> None:
        # Parsed once for both: the files have the same name, and so the same catalog.
        self._session.database = database
        try:
            result = self._session._invoke(command, lambda event: self.notes.append(event.info.msg))
            assert all(str(node.status) == "success" for node in result.results)
        finally:
            self._session.close()


def _published(database: Path) -> dict[str, MartRelation]:
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema = 'marts' or table_name like 'rejected_%'"
        ).fetchall()
    keys = {"fct_tickets": (("ticket_id",),)}
    return {name: MartRelation(schema, name, keys.get(name, ())) for schema, name in names}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """The first day: a small export with dirty rows of every kind, built whole."""
    days = Days(tmp_path_factory.mktemp("days"))
    for database in (days.kept, days.whole):
        database.parent.mkdir()
    config = SampleConfig(tickets=900, creators=150, seed=11)
    write_tickets(config, days.folder / "tickets.csv")
    write_users(config, days.folder / "users.csv")
    days.set_variables(
        tickets_path=str(days.folder / "tickets.csv"), users_path=str(days.folder / "users.csv")
    )
    days._run(days.kept, ["seed"])
    days.change(
        # Lines move with every export; a file without lines is the common case of a refresh.
        "update raw.tickets_raw set line_number = null",
        "create table raw.later as select * from raw.tickets_raw where created_at > '2025-10-2'",
        "delete from raw.tickets_raw where created_at > '2025-10-2'",
    )
    days.refresh(ALL)
    return days


def test_new_changed_late_and_vanished_rows(days: Days) -> None:
    days.change(
        "insert into raw.tickets_raw from raw.later",
        # Answered and resolved, written anew, moved to another channel, tagged, spoiled.
        "update raw.tickets_raw set status = 'resolved', resolved_at = '2025-10-31 10:00'"
        " where status = 'pending' and hash(ticket_id) % 3 = 0",
        "update raw.tickets_raw set message_text = 'The refund for a failed Pix has not arrived'"
        " where hash(ticket_id) % 40 = 1",
        "update raw.tickets_raw set channel = 'chatbot' where hash(ticket_id) % 50 = 2",
        "update raw.tickets_raw set tag = 'engagement' where hash(ticket_id) % 50 = 3",
        "update raw.tickets_raw set status = 'lost' where hash(ticket_id) % 80 = 4",
        # A late arrival before the first day, a second version, a duplicate that is gone.
        "insert into raw.tickets_raw (ticket_id, created_at, status, channel, message_text)"
        " values ('late', '2025-03-30 23:59', 'escalated', 'email', 'cannot log in')",
        "insert into raw.tickets_raw select * replace ('resolved' as status,"
        " '2025-10-31 11:00' as resolved_at) from raw.tickets_raw where hash(ticket_id) % 60 = 5",
        "delete from raw.tickets_raw where hash(ticket_id) % 70 = 6",
        "update raw.users_raw set plan = 'business', country = 'PT' where hash(creator_id) % 9 = 1",
        "delete from raw.users_raw where hash(creator_id) % 9 = 2",
        "insert into raw.ai_labels (ticket_id, ai_category, ai_topic, ai_rationale, model,"
        " prompt_version, text_hash, labelled_at)"
        " select ticket_id, 'others', 'login', 'Cannot log in.', 'm', '1',"
        " sha256(coalesce(message_text, '')), '2025-10-30' from raw.tickets_raw"
        " where hash(ticket_id) % 30 = 7",
    )
    first_as_of_at = days.rows("select as_of_at from intermediate.int_clock_derived")
    days.refresh(ALL)

    assert not days.differences(ALL)
    ((kept, all_rows),) = days.rows(
        f"select count(*) filter (where measured_at = '{first_as_of_at[0][0]}'), count(*)"
        " from intermediate.int_tickets_measured"
    )
    assert all_rows * 0.5 < kept < all_rows


def test_changed_rules_and_withdrawn_labels(days: Days) -> None:
    days.change(
        "delete from raw.ai_labels where hash(ticket_id) % 2 = 0",
        "delete from raw.category_rules where topic = 'refund'",
        "update raw.category_rules set weight = '9' where topic = 'login'",
    )
    days.refresh()
    said = "category_rules or the model changed"
    assert any(said in note and "made anew" in note for note in days.notes)
    assert not days.differences()


def test_changed_targets_judge_every_ticket_again(days: Days) -> None:
    days.change(
        "update raw.sla_targets set frt_target_minutes = frt_target_minutes / 3,"
        " resolution_target_minutes = null where channel <> 'chatbot'",
    )
    days.refresh()
    assert any("SLA targets" in note and "made anew" in note for note in days.notes)
    assert not days.differences()


def test_an_interrupted_refresh_is_made_good(days: Days) -> None:
    days.change(
        "update raw.tickets_raw set message_text = 'Newsletter lands in spam'"
        " where hash(ticket_id) % 25 = 8",
        "delete from raw.tickets_raw where hash(ticket_id) % 70 = 9",
    )
    days.refresh(["+int_tickets_evidence_found"])
    days.change(
        "update raw.tickets_raw set status = 'pending', resolved_at = null"
        " where hash(ticket_id) % 35 = 10",
    )
    days.refresh()
    assert not days.differences()


def test_a_clock_that_goes_back(days: Days) -> None:
    days.change("delete from raw.tickets_raw where greatest(created_at, resolved_at) > '2025-09'")
    days.refresh()
    assert not days.differences()


def test_another_time_zone_and_emptied_tables(days: Days) -> None:
    days.set_variables(reporting_timezone="America/Sao_Paulo")
    days.refresh()
    assert not days.differences()
    days.change(
        "delete from staging.base_tickets_parsed",
        "delete from intermediate.int_tickets_evidence_found",
        "delete from intermediate.int_tickets_measured",
    )
    days.refresh()
    assert not days.differences()


def test_the_comparison_sees_one_cell(days: Days) -> None:
    days.change(
        "update intermediate.int_tickets_measured set is_open = not is_open"
        " where ticket_id = (select min(ticket_id) from intermediate.int_tickets_measured)"
    )
    assert list(days.differences()) == ["fct_tickets"]
