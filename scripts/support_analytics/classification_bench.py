"""What classifying many tickets costs, next to one pass of a single alternation of the rules."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import positive, reported
from support_analytics.quoting import literal

DEFAULT_TICKETS = 1_000_000
# The single pass is slow enough to be measured on a part and scaled up.
SINGLE_PASS_TICKETS = 20_000
CLASSIFYING_MODELS = (
    "int_tickets_evidence_found",
    "int_evidence_sets_listed",
    "int_evidence_matched",
    "int_evidence_sets_weighed",
    "int_evidence_sets_scored",
    "int_evidence_sets_decided",
    "int_evidence_sets_explained",
    "int_evidence_sets_classified",
    "int_tickets_classified",
)


@dataclass(frozen=True)
class Cost:
    """Seconds for all tickets; single_pass_seconds is scaled up from a part of them."""

    tickets: int
    characters: float
    layers_seconds: float
    single_pass_seconds: float

    @property
    def ratio(self) -> float:
        """Seconds to classify for each second of the single pass."""
        return self.layers_seconds / self.single_pass_seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print what it measured."""
    parser = argparse.ArgumentParser(
        prog="bench_classification.py",
        description="Time the classification of made-up tickets, and one RE2 pass of a single "
        "alternation of all the patterns over the same text.",
    )
    parser.add_argument(
        "--tickets", type=positive, default=DEFAULT_TICKETS, metavar="N", help="(default: 1000000)"
    )
    options = parser.parse_args(arguments)
    try:
        cost = measure(options.tickets)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"tickets               {cost.tickets} of {cost.characters:.0f} characters on average")
    print(f"classification        {cost.layers_seconds:.1f} s, every model from text to category")
    print(f"single alternation    {cost.single_pass_seconds:.1f} s, scaled up from a part")
    print(f"ratio                 {cost.ratio:.2f}")
    return 0


def measure(tickets: int, project: Path = PROJECT) -> Cost:
    """Classify that many made-up tickets in a scratch database. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="bench_classification_") as folder:
        work = Path(folder)
        database = work / "bench.duckdb"
        session = DbtSession(project, database, work, {}, threads=1, log_folder=work / "logs")
        try:
            session.parse()
            session.run("tickets_raw", "category_rules", "+int_category_rules_ranked")
            session.close()
            characters = _multiply_sample(database, tickets)
            session.run("+stg_tickets,resource_type:model")
            started = time.perf_counter()
            session.run(*CLASSIFYING_MODELS)
            session.close()
            _read_labels(database)
            layers_seconds = time.perf_counter() - started
        finally:
            session.close()
        single = _single_pass_seconds(database, min(tickets, SINGLE_PASS_TICKETS))
        return Cost(
            tickets,
            characters,
            layers_seconds,
            single * tickets / min(tickets, SINGLE_PASS_TICKETS),
        )


def _multiply_sample(database: Path, tickets: int) -> float:
    # Every text is the start of one sample ticket, the end of another, and its own number.
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create or replace table raw.tickets_raw as
            with texts as (
                select
                    message_text,
                    row_number() over (order by ticket_id, message_text) - 1 as text_number,
                    count(*) over () as texts_count
                from raw.tickets_raw
                where length(message_text) > 40
            ),
            numbers as (
                select range as ticket_number, (select max(texts_count) from texts) as texts_count
                from range(?)
            )
            select
                cast(ticket_number as varchar) as ticket_id,
                '2025-01-01' as created_at,
                cast(null as varchar) as resolved_at,
                'pending' as status,
                'email' as channel,
                cast(null as varchar) as creator_id,
                cast(null as varchar) as tag,
                cast(null as varchar) as first_response_time,
                starts.message_text[:75] || ends.message_text[-75:] || ' No. ' || ticket_number
                    as message_text,
                ticket_number as line_number,
                cast(null as varchar) as malformed_record
            from numbers
            inner join texts as starts
                on starts.text_number = hash(ticket_number) % numbers.texts_count
            inner join texts as ends
                on ends.text_number = hash(ticket_number + 1000003) % numbers.texts_count
            """,
            [tickets],
        )
        (row,) = connection.execute(
            "select avg(length(message_text)) from raw.tickets_raw"
        ).fetchall()
        return row[0]


def _read_labels(database: Path) -> None:
    # The last model is a view, whose work is done by who reads it.
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "create table labels as select * from intermediate.int_tickets_classified"
        )


def _single_pass_seconds(database: Path, tickets: int) -> float:
    with duckdb.connect(str(database), read_only=True) as connection:
        patterns = connection.execute(
            "select regex from intermediate.int_category_rules_ranked order by rule_rank"
        ).fetchall()
        alternation = "|".join(pattern for (pattern,) in patterns)
        any_rule = literal(rf"\b(?:{alternation})\b")
        started = time.perf_counter()
        connection.execute(
            f"select sum(len(regexp_extract_all(lower(message_text), {any_rule})))"
            f" from (select message_text from staging.stg_tickets limit {tickets})"
        ).fetchall()
        return time.perf_counter() - started
