"""Faults put into a built database, each with the test or the rejection that must notice it.

Nothing is built again but the models that check raw rows: the compiled data tests run on a copy of
a database, with one fault at a time inside a transaction that is rolled back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import one_line


@dataclass(frozen=True)
class RawFault:
    """A field of a raw ticket or user gone wrong, and the reasons of its rejection."""

    name: str
    reasons: str
    values: dict[str, str | None]
    table: str = "tickets"


@dataclass(frozen=True)
class RefusedFault:
    """A fault in a seed of rules, and what the build says when it refuses it."""

    name: str
    sql: str
    message: str
    models: tuple[str, ...] = ("int_category_rules_checked", "int_category_rules_ranked")


@dataclass(frozen=True)
class TableFault:
    """A fault in what was built, and the data test that fails on it."""

    name: str
    sql: str
    caught_by: str


RAW_TICKET: dict[str, str | None] = {
    "ticket_id": "T1",
    "created_at": "2025-04-01 10:00",
    "resolved_at": "2025-04-01 11:00",
    "status": "resolved",
    "channel": "email",
    "creator_id": "C1",
    "tag": "checkout",
    "first_response_time": "5",
    "message_text": "The card is declined",
    "malformed_record": None,
}
RAW_USER: dict[str, str | None] = {
    "creator_id": "C1",
    "country": "BR",
    "plan": "pro",
    "signup_date": "2024-01-31",
    "malformed_record": None,
}

# The models through which raw rows go before they are accepted or rejected.
CHECKS = {
    "tickets": (
        "base_ticket_ids_shared",
        "base_tickets_fingerprinted",
        "base_tickets_parsed",
        "base_tickets_judged",
    ),
    "users": ("base_users_checked",),
}

RAW_FAULTS = (
    RawFault("ticket without an id", "missing_ticket_id", {"ticket_id": " "}),
    RawFault("ticket without a day", "missing_created_at", {"created_at": None}),
    RawFault("day and month exchanged", "unparseable_created_at", {"created_at": "31/03/2025"}),
    RawFault("a day that no month has", "unparseable_created_at", {"created_at": "2025-02-30"}),
    RawFault("a Unix time", "unparseable_created_at", {"created_at": "1743501600"}),
    RawFault("a year from a wrong clock", "unparseable_created_at", {"created_at": "1970-01-01"}),
    RawFault("a word as a resolution", "unparseable_resolved_at", {"resolved_at": "yesterday"}),
    RawFault("a status of another tool", "invalid_status", {"status": "solved"}),
    RawFault("no status", "invalid_status", {"status": None}),
    RawFault("an unknown channel", "invalid_channel", {"channel": "phone"}),
    RawFault("no channel", "invalid_channel", {"channel": ""}),
    RawFault("an unknown tag", "invalid_tag", {"tag": "billing"}),
    RawFault("resolved, nobody knows when", "resolved_without_resolved_at", {"resolved_at": None}),
    RawFault(
        "resolved before it was created",
        "resolved_before_created",
        {"resolved_at": "2025-04-01 09:59:59"},
    ),
    RawFault(
        "minutes with a unit", "first_response_time_not_a_number", {"first_response_time": "5 min"}
    ),
    RawFault(
        "minutes that are no number",
        "first_response_time_not_a_number",
        {"first_response_time": "NaN"},
    ),
    RawFault(
        "an answer before the question",
        "first_response_time_negative",
        {"first_response_time": "-0.5"},
    ),
    RawFault(
        "seconds in place of minutes",
        "first_response_time_too_large",
        {"first_response_time": "10081"},
    ),
    RawFault("a field too many", "malformed_row", {"malformed_record": "T1,a,b"}),
    RawFault(
        "two faults in one row",
        "invalid_channel|invalid_status",
        {"status": "open", "channel": "fax"},
    ),
    RawFault("a ticket twice", "duplicate_ticket_id", {}),
    RawFault("user without an id", "missing_creator_id", {"creator_id": ""}, "users"),
    RawFault("a user twice", "duplicate_creator_id", {}, "users"),
)

REFUSED_FAULTS = (
    RefusedFault(
        "a rule of an unknown category",
        "update raw.category_rules set category = 'billing' where line_number = 2",
        "seeds/category_rules.csv line 2",
    ),
    RefusedFault(
        "a rule that is no regular expression",
        "update raw.category_rules set pattern = 'log(in' where line_number = 3",
        "seeds/category_rules.csv line 3, pattern log(in",
    ),
    RefusedFault(
        "a rule without a pattern",
        "update raw.category_rules set pattern = null where line_number = 5",
        "seeds/category_rules.csv line 5: pattern is empty",
    ),
    RefusedFault(
        "a rule with a word as its weight",
        "update raw.category_rules set weight = 'high' where line_number = 4",
        "seeds/category_rules.csv line 4",
    ),
)

_LAST_DAY = "(select max(created_day) from marts.fct_tickets_daily)"
_A_TICKET = "(select min(ticket_id) from marts.fct_tickets where is_resolved)"
TABLE_FAULTS = (
    TableFault(
        "a ticket twice in the ticket mart",
        "insert into marts.fct_tickets select * from marts.fct_tickets"
        f" where ticket_id = {_A_TICKET}",
        "unique_fct_tickets_ticket_id",
    ),
    TableFault(
        "a ticket lost from the ticket mart",
        f"delete from marts.fct_tickets where ticket_id = {_A_TICKET}",
        "fct_tickets__has_every_accepted_ticket",
    ),
    TableFault(
        "a ticket that staging does not know",
        f"update marts.fct_tickets set ticket_id = 'orphan' where ticket_id = {_A_TICKET}",
        "fct_tickets.ticket_id: relationships",
    ),
    TableFault(
        "a key lost",
        f"update marts.fct_tickets set ticket_id = null where ticket_id = {_A_TICKET}",
        "not_null_fct_tickets_ticket_id",
    ),
    TableFault(
        "a tag outside the taxonomy",
        f"update marts.fct_tickets set tag = 'billing' where ticket_id = {_A_TICKET}",
        "accepted_values_fct_tickets_tag___var_ticket_categories_",
    ),
    TableFault(
        "an AI category outside the taxonomy",
        f"update marts.fct_tickets set ai_category = 'billing' where ticket_id = {_A_TICKET}",
        "fct_tickets.ai_category: expect_column_values_to_be_in_set",
    ),
    TableFault(
        "a ticket both resolved and open",
        f"update marts.fct_tickets set is_open = true where ticket_id = {_A_TICKET}",
        "fct_tickets__is_in_one_state",
    ),
    TableFault(
        "the AI category over the agent's tag",
        "update marts.fct_tickets set category_effective = ai_category",
        "fct_tickets__tag_outranks_ai_category",
    ),
    TableFault(
        "FCR of a slow resolution",
        "update marts.fct_tickets set is_fcr_strict = true where resolution_time_minutes > 60",
        "fct_tickets__fcr_follows_resolution_time",
    ),
    TableFault(
        "weeks that start on Sunday",
        "update marts.fct_tickets set created_week = created_week - 1",
        "fct_tickets__days_agree",
    ),
    TableFault(
        "an SLA verdict against the target",
        "update marts.fct_tickets set is_frt_sla_met = not is_frt_sla_met where ticket_id ="
        " (select min(ticket_id) from marts.fct_tickets where first_response_time_minutes = 0.4)",
        "assert_sla_verdicts_follow_targets",
    ),
    TableFault(
        "a ticket of after now",
        "update marts.fct_tickets set created_at = created_at + interval 1 year"
        f" where ticket_id = {_A_TICKET}",
        "assert_no_instant_after_as_of",
    ),
    TableFault(
        "attributes of a user whom nobody knows",
        "update marts.fct_tickets set country = 'BR' where not has_user",
        "fct_tickets__attributes_only_of_known_users",
    ),
    TableFault(
        "a day lost from the volume",
        f"delete from marts.fct_tickets_daily where created_day = {_LAST_DAY} - 3",
        "assert_daily_marts_have_every_day",
    ),
    TableFault(
        "a day twice in the volume",
        "insert into marts.fct_tickets_daily select * from marts.fct_tickets_daily"
        f" where created_day = {_LAST_DAY}",
        "unique_fct_tickets_daily_created_day",
    ),
    TableFault(
        "a week lost from the volume",
        "delete from marts.fct_tickets_weekly"
        " where created_week = (select max(created_week) - 14 from marts.fct_tickets_weekly)",
        "assert_weekly_marts_have_every_week",
    ),
    TableFault(
        "a day with a ticket too many",
        "update marts.fct_tickets_daily set tickets_created = tickets_created + 1,"
        f" open_count = open_count + 1 where created_day = {_LAST_DAY} - 3",
        "assert_marts_sum_to_all_tickets",
    ),
    TableFault(
        "a negative count",
        "update marts.fct_tickets_daily set resolved_count = -1, open_count = open_count +"
        f" resolved_count + 1 where created_day = {_LAST_DAY} - 3",
        "assert_marts_sum_to_all_tickets",
    ),
    TableFault(
        "a rate above 1",
        "update marts.fct_tickets_weekly set resolution_rate = 1.01",
        "fct_tickets_weekly__rate_is_of_its_counts",
    ),
    TableFault(
        "a state counted twice",
        "update marts.fct_tickets_weekly set open_count = open_count + 1",
        "fct_tickets_weekly__states_sum_to_tickets_created",
    ),
    TableFault(
        "a category lost from a day",
        "delete from marts.fct_tickets_by_category_daily where category_effective = 'others'"
        " and tickets_created > 0 and created_day = (select max(created_day) from"
        " marts.fct_tickets_by_category_daily where category_effective = 'others'"
        " and tickets_created > 0)",
        "assert_daily_marts_have_every_day",
    ),
    TableFault(
        "shares in percent",
        "update marts.fct_tickets_by_category_weekly set category_share = category_share * 100",
        "fct_tickets_by_category_weekly__share_is_of_its_counts",
    ),
    TableFault(
        "a weekly p95 that is the mean of daily ones",
        "update marts.fct_sla_weekly as weekly set frt_p95_minutes = (select avg(frt_p95_minutes)"
        " from marts.fct_sla_daily as daily where date_trunc('week', daily.created_day) ="
        " weekly.created_week)",
        "assert_percentiles_come_from_tickets",
    ),
    TableFault(
        "an SLA rate of all tickets",
        "update marts.fct_sla_daily set frt_sla_met_rate = frt_sla_met_count / tickets_created",
        "fct_sla_daily__rates_are_of_their_counts",
    ),
    TableFault(
        "an average in seconds",
        "update marts.fct_sla_daily set frt_avg_minutes = frt_avg_minutes * 60",
        "fct_sla_daily__times_are_of_their_counts",
    ),
    TableFault(
        "a channel lost from the weekly SLA",
        "delete from marts.fct_sla_by_channel_weekly where channel = 'chatbot'",
        "assert_weekly_marts_have_every_week",
    ),
    TableFault(
        "tickets of one channel counted for another",
        "update marts.fct_sla_by_channel_daily set tickets_created = tickets_created + 1"
        f" where channel = 'email' and created_day = {_LAST_DAY} - 3",
        "assert_parts_sum_to_their_period",
    ),
    TableFault(
        "more first contact resolutions than resolutions",
        "update marts.fct_fcr_daily set fcr_strict_count = resolved_count + 1",
        "fct_fcr_daily__counts_are_parts",
    ),
    TableFault(
        "FCR of resolved tickets under the name of created ones",
        "update marts.fct_fcr_weekly set fcr_lenient_rate = fcr_lenient_of_resolved_rate",
        "fct_fcr_weekly__rates_are_of_their_counts",
    ),
    TableFault(
        "a day of the ledger that does not add up",
        "update marts.fct_backlog_daily set closing_count = closing_count + 1"
        " where day = (select max(day) - 5 from marts.fct_backlog_daily)",
        "fct_backlog_daily__ledger_closes",
    ),
    TableFault(
        "a ledger that opens otherwise than it closed",
        "update marts.fct_backlog_daily set opening_count = opening_count + 1,"
        " closing_count = closing_count + 1"
        " where day = (select max(day) - 5 from marts.fct_backlog_daily)",
        "assert_backlog_ledger_continues",
    ),
    TableFault(
        "a ledger that starts with a ticket too many",
        "update marts.fct_backlog_daily set opening_count = opening_count + 1,"
        " closing_count = closing_count + 1",
        "assert_backlog_ends_with_the_open_tickets",
    ),
    TableFault(
        "an open status lost",
        "delete from marts.fct_backlog_by_status where status = 'escalated'",
        "fct_backlog_by_status__has_both_statuses",
    ),
    TableFault(
        "an age bracket with a ticket too many",
        "update marts.fct_backlog_by_status set age_over_30d_count = age_over_30d_count + 1",
        "fct_backlog_by_status__ages_sum_to_open_count",
    ),
    TableFault(
        "a cell of the confusion matrix lost",
        "delete from marts.fct_ai_tag_confusion_matrix where tag = 'others'"
        " and ai_category = 'checkout'",
        "fct_ai_tag_confusion_matrix__every_tag_has_every_label",
    ),
    TableFault(
        "untagged tickets in the confusion matrix",
        "update marts.fct_ai_tag_confusion_matrix set tickets_count = tickets_count + 1,"
        " tag_tickets_count = tag_tickets_count + 4",
        "assert_confusion_matrix_has_all_tagged_tickets",
    ),
    TableFault(
        "precision and recall exchanged",
        "update marts.fct_ai_tag_scores set precision = recall, recall = precision",
        "fct_ai_tag_scores__scores_are_of_their_counts",
    ),
    TableFault(
        "an interval beside its rate",
        "update marts.fct_ai_tag_accuracy_weekly set accuracy_ci_low = accuracy_ci_high",
        "fct_ai_tag_accuracy_weekly__rate_lies_in_its_interval",
    ),
    TableFault(
        "an outlier that is none",
        "update marts.fct_frt_outliers set ticket_id = (select min(ticket_id) from"
        " marts.fct_tickets where first_response_time_minutes < 1) where outlier_rank = 50",
        "assert_frt_outliers_are_the_slowest",
    ),
    TableFault(
        "a rank given twice",
        "update marts.fct_frt_outliers set outlier_rank = 1 where outlier_rank = 2",
        "unique_fct_frt_outliers_outlier_rank",
    ),
    TableFault(
        "a period of support health lost",
        "delete from marts.fct_support_health where period = 'last_7d'",
        "fct_support_health__has_three_periods",
    ),
    TableFault(
        "totals of support health that are none",
        "update marts.fct_support_health set tickets_created = tickets_created + 1"
        " where period = 'all'",
        "assert_support_health_all_equals_totals",
    ),
    TableFault(
        "a change of an immature rate",
        "update marts.fct_support_health set frt_sla_met_rate_change = 0.1 where period = 'all'",
        "assert_support_health_periods_are_compared_fairly",
    ),
    TableFault(
        "a rejected row lost",
        "delete from staging.rejected_tickets where line_number ="
        " (select max(line_number) from staging.rejected_tickets)",
        "assert_ticket_rows_are_conserved",
    ),
    TableFault(
        "a rejected user lost",
        "delete from staging.rejected_users where line_number ="
        " (select max(line_number) from staging.rejected_users)",
        "assert_user_rows_are_conserved",
    ),
    TableFault(
        "a reason that nobody listed",
        "update staging.rejected_tickets set reasons = 'looks_odd' where line_number ="
        " (select max(line_number) from staging.rejected_tickets)",
        "assert_rejection_reasons_are_known_and_sorted",
    ),
    TableFault(
        "reasons out of order",
        "update staging.rejected_tickets set reasons = 'invalid_tag|invalid_status'"
        " where line_number = (select max(line_number) from staging.rejected_tickets)",
        "assert_rejection_reasons_are_known_and_sorted",
    ),
    TableFault(
        "a data-quality check that forgets a row",
        "update marts.fct_data_quality set rows_failed = rows_failed + 1"
        " where check_name = 'invalid_tag'",
        "assert_rejected_rows_are_counted_by_reason",
    ),
    TableFault(
        "a failed rate that is none",
        "update marts.fct_data_quality set failed_rate = 0.5",
        "fct_data_quality__rate_is_of_its_counts",
    ),
    TableFault(
        "a target of an unknown channel",
        "insert into raw.sla_targets values ('phone', 5, 60)",
        "accepted_values_sla_targets_channel___var_ticket_channels_",
    ),
    TableFault(
        "two targets of one channel",
        "insert into raw.sla_targets select * from raw.sla_targets where channel = 'email'",
        "unique_sla_targets_channel",
    ),
    TableFault(
        "an incident that starts after it ends",
        "update marts.fct_incidents set incident_number = 1",
        "unique_fct_incidents_incident_number",
    ),
    TableFault(
        "a label that names a rule of another category",
        "update intermediate.int_evidence_sets_classified set ai_category = 'others'"
        " where ai_category = 'checkout'",
        "int_evidence_sets_classified__category_has_the_highest_score",
    ),
)


class FaultBench:
    """A copy of a built database, with dbt's data tests compiled once."""

    def __init__(self, project: Path, database: Path, work: Path) -> None:
        """Copy database into work and compile the project's tests on it. Raises BuildError."""
        copy = work / database.name
        shutil.copyfile(database, copy)
        session = DbtSession(project, copy, work, {}, 1, work / "logs")
        session.parse()
        try:
            # As of a first build: a refresh only looks at rows that changed.
            results = session._invoke(["compile", "--full-refresh"]).results
        finally:
            session.close()
        self._tests: dict[str, str] = {}
        self._models: dict[str, str] = {}
        for result in results:
            node = result.node
            if node.resource_type.value == "model":
                self._models[node.name] = node.compiled_code
            elif node.resource_type.value == "test":
                sql = f"select {node.config.fail_calc} from ({node.compiled_code}) as found"
                for name in _names(node):
                    self._tests[name] = sql
        self._connection = duckdb.connect(str(copy))
        self._connection.execute("set TimeZone = 'UTC'")
        self._turn_views_into_tables()

    def _turn_views_into_tables(self) -> None:
        """So that a fault can be put into each relation."""
        views = self._connection.execute(
            "select schema_name, view_name from duckdb_views()"
            " where not internal and database_name = current_database()"
        ).fetchall()
        for schema, view in views:
            self._connection.execute(
                f'create table "{schema}"."{view}__rows" as select * from "{schema}"."{view}"'
            )
        for schema, view in views:
            self._connection.execute(f'drop view "{schema}"."{view}"')
            self._connection.execute(f'alter table "{schema}"."{view}__rows" rename to "{view}"')

    def close(self) -> None:
        """Let go of the copy."""
        self._connection.close()

    @property
    def tests(self) -> list[str]:
        """Names of the data tests; generic ones also as `model.column: test`."""
        return sorted(self._tests)

    def fails(self, test: str) -> bool:
        """Whether a data test finds something. Raises KeyError where there is no such test."""
        return bool(self._connection.execute(self._tests[test]).fetchone()[0])

    def failing(self) -> list[str]:
        """All data tests that find something."""
        return [name for name in self.tests if self.fails(name)]

    @contextmanager
    def with_fault(self, sql: str) -> Iterator[int]:
        """Change the database inside; gives the number of rows changed."""
        self._connection.execute("begin transaction")
        try:
            yield self._connection.execute(sql).fetchone()[0]
        finally:
            self._connection.execute("rollback")

    def reasons(self, fault: RawFault) -> list[str]:
        """With which reasons the models reject a faulty row that follows a good one of its kind."""
        good = RAW_TICKET if fault.table == "tickets" else RAW_USER
        faulty = good | fault.values
        # The same key only where that is the fault.
        key = "ticket_id" if fault.table == "tickets" else "creator_id"
        if fault.values and faulty[key] == good[key]:
            faulty |= {key: "other"}
        raw = f"raw.{fault.table}_raw"
        self._connection.execute("begin transaction")
        try:
            self._connection.execute(f"delete from {raw}")
            for line, row in enumerate((good, faulty), 2):
                self._insert(raw, row | {"line_number": line})
            for step in CHECKS[fault.table]:
                sql = self._models[step]
                self._connection.execute(f"create or replace table staging.{step} as {sql}")
            sql = self._models[f"rejected_{fault.table}"]
            found = self._connection.execute(f"select reasons from ({sql})").fetchall()
            return [reasons for (reasons,) in found]
        finally:
            self._connection.execute("rollback")

    def refusal(self, fault: RefusedFault) -> str:
        """What the build of the models says to a fault in a seed; empty where it goes through."""
        self._connection.execute("begin transaction")
        try:
            self._connection.execute(fault.sql)
            for name in fault.models:
                self._connection.execute(
                    f"create or replace table intermediate.{name} as {self._models[name]}"
                )
        except duckdb.Error as error:
            return one_line(str(error))
        finally:
            self._connection.execute("rollback")
        return ""

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        # Raw tables hold null, not the empty string.
        values = [None if value == "" else value for value in row.values()]
        self._connection.execute(f"insert into {table} ({names}) values ({marks})", values)


def _names(node: Any) -> list[str]:
    names = [node.name]
    metadata = getattr(node, "test_metadata", None)
    if metadata is not None and node.attached_node and node.column_name:
        model = node.attached_node.rsplit(".", 1)[-1]
        names.append(f"{model}.{node.column_name}: {metadata.name}")
    return names
