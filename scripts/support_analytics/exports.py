"""Write the marts to files that people and dashboards read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.dbt_runner import DbtSession, Mart

FORMATS = ("csv", "parquet")
# Stands for the column in a rendered macro.
_COLUMN = "redacted_column_placeholder"
_COPY_OPTIONS = {
    "csv": "format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr ''",
    "parquet": "format parquet, compression zstd",
}


@dataclass(frozen=True)
class ExportedFile:
    """A written file: its name and its rows, header not counted."""

    name: str
    rows: int


def redaction(session: DbtSession) -> Callable[[str], str]:
    """Return a function from a column's SQL to the SQL of its redacted text.

    The SQL is the project's macro redact_text, so that exports and models redact alike.
    """
    template = session.render("{{ redact_text('" + _COLUMN + "') }}").strip()
    return lambda column: template.replace(_COLUMN, column)


def export_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    folder: Path,
    file_format: str,
    redact: Callable[[str], str],
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> list[ExportedFile]:
    """Write each mart to folder/<mart>.<file_format>, rows in the order of the mart's key.

    CSV: UTF-8, header, ISO dates, timestamps as 2025-11-04T01:30:00 in UTC (a fraction only where
    there is one), true and false, nothing for null, shortest exact numbers.
    """
    files = []
    for done, mart in enumerate(marts, start=1):
        path = folder / f"{mart.name}.{file_format}"
        query = export_sql(connection, mart, file_format, redact)
        target = str(path).replace("'", "''")
        rows = connection.execute(
            f"copy ({query}) to '{target}' ({_COPY_OPTIONS[file_format]})"
        ).fetchone()[0]
        files.append(ExportedFile(path.name, rows))
        progress(done, len(marts), mart.name)
    return files


def export_sql(
    connection: duckdb.DuckDBPyConnection,
    mart: Mart,
    file_format: str,
    redact: Callable[[str], str],
) -> str:
    """The query whose result is the mart's file."""
    described = connection.execute(f"describe {mart.relation}").fetchall()
    columns = {name: data_type for name, data_type, *_ in described}
    shown = ", ".join(
        f"{_shown(name, data_type, file_format, name in mart.redacted_columns, redact)}"
        f" as {_quoted(name)}"
        for name, data_type in columns.items()
    )
    # A mart without a key is ordered by all its columns: only then is the order always the same.
    key = [name for name in mart.key if name in columns] or list(columns)
    order = ", ".join(f"mart.{_quoted(name)}" for name in key)
    return f"select {shown} from {mart.relation} as mart order by {order}"


def _shown(
    name: str, data_type: str, file_format: str, is_redacted: bool, redact: Callable[[str], str]
) -> str:
    column = f"mart.{_quoted(name)}"
    if is_redacted:
        return redact(column)
    if file_format == "csv" and data_type.startswith("TIMESTAMP"):
        instant = f"timezone('UTC', {column})" if data_type.endswith("TIME ZONE") else column
        return f"replace(cast({instant} as varchar), ' ', 'T')"
    return column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
