"""The project's analyses, compiled by dbt and run on a built database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.dbt_runner import DATABASE_NAME, scratch_session
from support_analytics.errors import BuildError
from support_analytics.exports import cell_rules

# Stands before every table that dbt names.
CATALOG = Path(DATABASE_NAME).stem
_MARK = "-- analysis: "


def compile_analyses(
    project: Path, redact: Callable[[str], str] | None = None
) -> tuple[dict[str, str], Callable[[str], str]]:
    """SQL of each file in analyses/, by name without suffix, for a database attached as CATALOG.

    Beside it what redacts: redact, or the project's macro where none is given. One dbt session in a
    scratch folder: the user's database is not opened. Raises BuildError.
    """
    paths = sorted((project / "analyses").glob("*.sql"))
    texts = [f"{_MARK}{path.stem}\n{path.read_text(encoding='utf-8')}" for path in paths]
    with scratch_session(project) as session:
        compiled = session.render("\n".join(texts))
        redact = redact or cell_rules(session).redact
    queries = {}
    for part in compiled.split(_MARK)[1:]:
        analysis, _, sql = part.partition("\n")
        queries[analysis.strip()] = sql
    return queries, redact


def run_analyses(
    connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Rows of each analysis, as dictionaries by column. Raises BuildError naming the analysis."""
    results = {}
    for analysis, sql in queries.items():
        try:
            cursor = connection.execute(sql)
        except duckdb.Error as error:
            raise BuildError(f"analyses/{analysis}.sql: {error}") from None
        columns = [column[0] for column in cursor.description]
        results[analysis] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return results
