"""Which rows and cells of the marts differ between two builds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.quoting import literal, quoted

# Sums may add up in another order; a figure has changed when it differs by more than that.
RELATIVE_TOLERANCE = 1e-9
SHOWN_COLUMNS = 5
_FLOATS = ("DOUBLE", "FLOAT")
_NUMBERS = (*_FLOATS, "DECIMAL", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT")


@dataclass(frozen=True)
class MartRelation:
    """A mart in a build: where it is, and the column sets that may be its key, best first."""

    schema: str
    name: str
    keys: tuple[tuple[str, ...], ...] = ()


@dataclass
class MartDiff:
    """What changed in a mart. Without a key, a changed row is one removed and one added."""

    name: str
    is_new: bool = False
    is_gone: bool = False
    key: tuple[str, ...] = ()
    rows: int = 0
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    cells_by_column: dict[str, int] = field(default_factory=dict)
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    types_changed: list[str] = field(default_factory=list)

    @property
    def cells_changed(self) -> int:
        """Cells of rows that are in both builds."""
        return sum(self.cells_by_column.values())

    @property
    def is_same(self) -> bool:
        """Whether the mart is as it was."""
        return not (
            self.is_new
            or self.is_gone
            or self.rows_added
            or self.rows_removed
            or self.rows_changed
            or self.columns_added
            or self.columns_removed
            or self.types_changed
        )


def mart_relations(manifest: Path) -> dict[str, MartRelation]:
    """The marts of a dbt manifest, with the columns that its tests hold to be unique."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    combinations: dict[str, list[tuple[str, ...]]] = {}
    for node in nodes:
        test = node.get("test_metadata") or {}
        columns = (test.get("kwargs") or {}).get("combination_of_columns")
        if test.get("name") == "unique_combination_of_columns" and columns:
            combinations.setdefault(node["attached_node"], []).append(tuple(columns))
    return {
        node["name"]: MartRelation(
            node["schema"],
            node["name"],
            (tuple(node.get("primary_key") or ()), *combinations.get(node["unique_id"], ())),
        )
        for node in nodes
        if node["resource_type"] == "model" and "mart" in node["tags"]
    }


def diff_marts(
    base: Path,
    head: Path,
    base_marts: Mapping[str, MartRelation],
    head_marts: Mapping[str, MartRelation],
    absolute_tolerance: float = 0.0,
) -> list[MartDiff]:
    """Compare two DuckDB files, mart by mart, in the order of their names.

    Figures that differ by no more than absolute_tolerance are the same, as are those within
    RELATIVE_TOLERANCE.
    """
    with duckdb.connect() as connection:
        for name, path in (("base", base), ("head", head)):
            connection.execute(f"attach {literal(path)} as {name}_build (read_only)")
        return [
            _diff(connection, name, base_marts.get(name), head_marts.get(name), absolute_tolerance)
            for name in sorted({*base_marts, *head_marts})
        ]


def summary_table(diffs: Sequence[MartDiff]) -> str:
    """The diffs as Markdown: a row for each mart that changed, a sentence for the others."""
    changed = [diff for diff in diffs if not diff.is_same]
    unchanged = len(diffs) - len(changed)
    marts = "mart" if unchanged == 1 else "marts"
    if not changed:
        return f"No mart changed; {unchanged} {marts} compared.\n"
    lines = [
        "| mart | rows | added | removed | changed | cells | what |",
        "|---|---:|---:|---:|---:|---:|---|",
        *(
            f"| `{diff.name}` | {diff.rows:,} | {diff.rows_added:,} | {diff.rows_removed:,} "
            f"| {diff.rows_changed:,} | {diff.cells_changed:,} | {_what(diff)} |"
            for diff in changed
        ),
        "",
        f"{unchanged} {marts} unchanged.",
    ]
    return "\n".join(lines) + "\n"


def _what(diff: MartDiff) -> str:
    if diff.is_new:
        return "new mart"
    if diff.is_gone:
        return "mart removed"
    columns = sorted(diff.cells_by_column.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"`{name}` {cells:,}" for name, cells in columns[:SHOWN_COLUMNS]]
    if len(columns) > SHOWN_COLUMNS:
        parts.append(f"{len(columns) - SHOWN_COLUMNS} more columns")
    parts += [f"new column `{name}`" for name in diff.columns_added]
    parts += [f"column `{name}` removed" for name in diff.columns_removed]
    parts += diff.types_changed
    if not diff.key:
        parts.append("no key: a changed row is one removed and one added")
    return ", ".join(parts)


def _diff(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    base: MartRelation | None,
    head: MartRelation | None,
    absolute_tolerance: float,
) -> MartDiff:
    base_columns = _columns(connection, "base_build", base) if base else {}
    head_columns = _columns(connection, "head_build", head) if head else {}
    diff = MartDiff(name, is_new=not base_columns, is_gone=not head_columns)
    if diff.is_gone or diff.is_new:
        present = head if diff.is_new else base
        build = "head_build" if diff.is_new else "base_build"
        rows = _count(connection, _table(build, present)) if base_columns or head_columns else 0
        diff.rows, diff.rows_added = (rows, rows) if diff.is_new else (0, 0)
        diff.rows_removed = rows if diff.is_gone else 0
        return diff
    one, other = _table("base_build", base), _table("head_build", head)
    diff.rows = _count(connection, other)
    diff.columns_added = [column for column in head_columns if column not in base_columns]
    diff.columns_removed = [column for column in base_columns if column not in head_columns]
    shared = [column for column in head_columns if column in base_columns]
    # Values of unlike types cannot be compared; that the type changed is said.
    compared = [
        column for column in shared if _are_alike(base_columns[column], head_columns[column])
    ]
    diff.types_changed = [
        f"`{column}` {base_columns[column]} is now {head_columns[column]}"
        for column in shared
        if base_columns[column] != head_columns[column]
    ]
    for key in (*head.keys, *base.keys):
        if set(key) <= set(compared) and all(
            _is_key(connection, table, key) for table in (one, other)
        ):
            diff.key = key
            break
    if diff.key:
        types = {name: head_columns[name] for name in compared}
        _diff_by_key(connection, diff, one, other, types, absolute_tolerance)
    else:
        listed = ", ".join(map(quoted, compared)) or "1"
        for attribute, first, second in (("rows_added", other, one), ("rows_removed", one, other)):
            rows = f"(select {listed} from {first} except all select {listed} from {second})"
            setattr(diff, attribute, _count(connection, rows))
    return diff


def _diff_by_key(
    connection: duckdb.DuckDBPyConnection,
    diff: MartDiff,
    one: str,
    other: str,
    types: Mapping[str, str],
    absolute_tolerance: float,
) -> None:
    joined = " and ".join(
        f"base.{quoted(column)} is not distinct from head.{quoted(column)}" for column in diff.key
    )
    for attribute, first, second in (
        ("rows_added", f"{other} as head", f"{one} as base"),
        ("rows_removed", f"{one} as base", f"{other} as head"),
    ):
        rows = f"(select 1 from {first} where not exists (select 1 from {second} where {joined}))"
        setattr(diff, attribute, _count(connection, rows))
    compared = {name: kind for name, kind in types.items() if name not in diff.key}
    if not compared:
        return
    changes = [_is_changed(name, kind, absolute_tolerance) for name, kind in compared.items()]
    counts = ", ".join(f"count(*) filter (where {change})" for change in changes)
    row = connection.execute(
        f"select count(*) filter (where {' or '.join(changes)}), {counts}"
        f" from {one} as base inner join {other} as head on {joined}"
    ).fetchone()
    diff.rows_changed = row[0]
    diff.cells_by_column = {
        name: cells for name, cells in zip(compared, row[1:], strict=True) if cells
    }


def _is_changed(column: str, kind: str, absolute_tolerance: float) -> str:
    one, other = f"base.{quoted(column)}", f"head.{quoted(column)}"
    differs = f"{one} is distinct from {other}"
    if not kind.startswith(_FLOATS):
        return f"({differs})"
    # With a null on either side the comparison is null: that is a change.
    scale = f"{RELATIVE_TOLERANCE} * greatest(abs({one}), abs({other}))"
    near = f"abs({one} - {other}) <= greatest({absolute_tolerance}, {scale})"
    return f"({differs} and not coalesce({near}, false))"


def _are_alike(one: str, other: str) -> bool:
    return one == other or (one.startswith(_NUMBERS) and other.startswith(_NUMBERS))


def _columns(
    connection: duckdb.DuckDBPyConnection, build: str, mart: MartRelation
) -> dict[str, str]:
    """Columns and types; none where the build does not have the mart."""
    rows: list[Any] = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = ?"
        " and schema_name = ? and table_name = ? order by column_index",
        [build, mart.schema, mart.name],
    ).fetchall()
    return dict(rows)


def _is_key(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str]) -> bool:
    columns = ", ".join(map(quoted, key))
    groups = f"(select 1 from {table} group by {columns} having count(*) > 1)"
    return bool(key) and not _count(connection, groups)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (rows,) = connection.execute(f"select count(*) from {table} as counted").fetchone()
    return rows


def _table(build: str, mart: MartRelation) -> str:
    return f"{build}.{quoted(mart.schema)}.{quoted(mart.name)}"
