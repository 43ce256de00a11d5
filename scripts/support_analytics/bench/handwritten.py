"""The published marts by one hand-written DuckDB script: what dbt is held against."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import jinja2

from support_analytics.bench import classification
from support_analytics.bench.settings import (
    TICKET_REASONS,
    USER_REASONS,
    Settings,
    SlaTarget,
)
from support_analytics.quoting import literal

_SCRIPT = Path(__file__).with_name("handwritten.sql.j2")


def script(
    tickets_source: str,
    users_source: str,
    rules_path: Path,
    sla_targets: Sequence[SlaTarget],
    settings: Settings,
    redact: Callable[[str], str],
) -> list[str]:
    """The statements, in their order.

    The sources are what SQL selects from: raw tables, or read_parquet(...), with line_number and
    malformed_record. redact writes the SQL that redacts a column.
    """
    rules = classification.read_rules(rules_path)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["literal"] = literal
    rendered = environment.from_string(_SCRIPT.read_text(encoding="utf-8")).render(
        tickets_source=tickets_source,
        users_source=users_source,
        rules=rules,
        layers=classification.layers(rules),
        accents={"from": classification.ACCENTS_FROM, "to": classification.ACCENTS_TO},
        sla_targets=sla_targets,
        settings=settings,
        redacted=redact("message_text"),
        ticket_reasons=list(TICKET_REASONS),
        user_reasons=list(USER_REASONS),
    )
    statements = f"{rendered}\n".split("\n;\n")
    return [statement.strip() for statement in statements if statement.strip()]


def run(
    connection: duckdb.DuckDBPyConnection,
    statements: Sequence[str],
) -> list[tuple[str, float]]:
    """Run the statements; returns the first line of each and its seconds."""
    seconds = []
    for statement in statements:
        started = time.perf_counter()
        connection.execute(statement)
        seconds.append((_first_line(statement), time.perf_counter() - started))
    return seconds


def _first_line(statement: str) -> str:
    lines = [line for line in statement.splitlines() if not line.startswith("--")]
    return lines[0]
