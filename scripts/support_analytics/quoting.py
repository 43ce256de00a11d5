"""Names and texts of any letters, as DuckDB reads them in SQL."""

from __future__ import annotations

from pathlib import Path


def quoted(name: str) -> str:
    """The name of a column, table or schema in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """The text, or a file's path, in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"
