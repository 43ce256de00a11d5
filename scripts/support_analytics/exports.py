"""Write the marts to files that people and dashboards read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.dbt_runner import DbtSession, Mart

FORMATS = ("csv", "parquet")
# The macro is long, and planning it takes the engine a sixth of a second a column. Above this many
# columns they become rows of one, which the macro then sees once.
INLINE_REDACTIONS = 2
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
    redacted = [name for name in columns if name in mart.redacted_columns]
    is_folded = len(redacted) > INLINE_REDACTIONS
    shown = []
    for name, data_type in columns.items():
        value = f"mart.{_quoted(name)}"
        if name in redacted and is_folded:
            value = f"texts.redacted[{redacted.index(name) + 1}]"
        elif name in redacted:
            value = redact(value)
        elif file_format == "csv":
            value = _csv_value(value, data_type)
        shown.append(f"{value} as {_quoted(name)}")
    order = ", ".join(f"mart.{_quoted(name)}" for name in _order(connection, mart, columns))
    selected = f"select {', '.join(shown)}"
    if not is_folded:
        return f"{selected} from {mart.relation} as mart order by {order}"
    texts = "[" + ", ".join(f"cast({_quoted(name)} as varchar)" for name in redacted) + "]"
    return f"""
        with numbered as materialized (
            select *, row_number() over () as text_row from {mart.relation}
        ),
        unfolded as (
            select text_row, unnest({texts}) as text, generate_subscripts({texts}, 1) as position
            from numbered
        ),
        texts as (
            select text_row, list({redact("text")} order by position) as redacted
            from unfolded
            group by text_row
        )
        {selected}
        from numbered as mart
        inner join texts on mart.text_row = texts.text_row
        order by {order}
    """


def _order(
    connection: duckdb.DuckDBPyConnection, mart: Mart, columns: Mapping[str, str]
) -> list[str]:
    """The key, or all columns where there is none or some rows share it."""
    key = [name for name in mart.key if name in columns]
    if not key:
        return list(columns)
    grain = ", ".join(map(_quoted, key))
    (has_ties,) = connection.execute(
        f"select exists (select 1 from {mart.relation} group by {grain} having count(*) > 1)"
    ).fetchone()
    return list(columns) if has_ties else key


def _csv_value(column: str, data_type: str) -> str:
    if not data_type.startswith("TIMESTAMP"):
        return column
    instant = f"timezone('UTC', {column})" if data_type.endswith("TIME ZONE") else column
    return f"replace(cast({instant} as varchar), ' ', 'T')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
