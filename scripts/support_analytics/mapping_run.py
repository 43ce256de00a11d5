"""Run a mapping: the export's tables into a throw-away DuckDB file, then raw columns out of it.

A mapping's SQL sees the export read only: the file is opened again without the right to write it,
without files, network and extensions, and without the right to change that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from support_analytics.errors import UserError, one_line
from support_analytics.mapping_file import TICKETS, Input, MappingFile, Source
from support_analytics.mapping_sql import (
    LINE_COLUMN,
    MALFORMED_COLUMN,
    from_sql,
    instant_sql,
    joins_sql,
    source_sql,
    table_sql,
    trimmed_sql,
)
from support_analytics.quoting import literal, quoted
from support_analytics.raw_files import RawFile, nearest_names
from support_analytics.sources import shown_paths
from support_analytics.table_records import other_sheets_shown

_TABLES = "export_tables"
_BATCH_ROWS = 50_000
_CLOSED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@dataclass(frozen=True)
class MappedInputs:
    """A mapping with the opened files of its inputs; an optional input may have none."""

    mapping: MappingFile
    files: Mapping[str, Sequence[RawFile]]
    raw_columns: Mapping[str, Sequence[str]]
    allowed: Mapping[str, Sequence[str]]

    @property
    def tables(self) -> list[str]:
        """The raw tables that can be filled: those with an input file."""
        return [table for table in self.mapping.tables if self.files.get(table)]

    def check(self) -> None:
        """Try every column and expression on empty tables of the export's columns.

        Raises UserError naming the mapping's key, the missing column and the nearest ones.
        """
        for name, entry in self.mapping.inputs.items():
            if self.files.get(name):
                for column, source in entry.columns.items():
                    self._check_source(source, name, f"inputs.{name}.columns.{column}")
        for table in self.tables:
            for column in self.mapping.tables[table].values():
                self._check_source(column.source, table, column.source.key)
        for join in self.mapping.joins:
            on = Source(f"{join.key}.on", columns=join.on[:1])
            self._check_source(on, TICKETS, on.key)
        with duckdb.connect(config=_CLOSED) as connection:
            connection.execute(f"create schema {_TABLES}")
            for name in self.mapping.inputs:
                self._create_table(connection, name)
            # Before the views, which hold the formats and the zone.
            self._check_formats(connection)
            self._create_views(connection)
            _lock(connection)
            self._check_sql(connection)

    def load(
        self, database: Path, progress: Callable[[RawFile], Callable[[float], None]]
    ) -> list[dict[str, Any]]:
        """Fill the throw-away file at database; returns what was read, for the manifest.

        progress makes the callback for a file, which gets its share read, 0 to 1. Lines of several
        files of one input run on, in the order of the files.
        """
        read = []
        with duckdb.connect(str(database)) as connection:
            connection.execute(f"create schema {_TABLES}")
            for name in self.mapping.inputs:
                self._create_table(connection, name)
                first_line = 0
                for raw in self.files.get(name, ()):
                    self._fill(connection, name, raw, first_line, progress(raw))
                    read.append(
                        {
                            "table": name,
                            "name": raw.path.name,
                            "records": raw.records,
                            "lines_before": first_line,
                            "sha256": raw.sha256,
                        }
                    )
                    first_line += raw.last_line or 0
            self._create_views(connection)
        return read

    @contextlib.contextmanager
    def opened(self, database: Path, settings: Mapping[str, str]) -> Iterator[_MappedTables]:
        """The filled file, read only and closed to the outside."""
        with duckdb.connect(
            str(database), read_only=True, config=_CLOSED | dict(settings)
        ) as connection:
            _lock(connection)
            yield _MappedTables(self, connection)

    def query(self, table: str) -> str:
        """The SQL of a raw table's rows."""
        return table_sql(
            self.mapping, table, self.columns(table), self.raw_columns[table], self.allowed
        )

    def columns(self, name: str) -> list[str]:
        """The columns of an input: those of its files, then those that the mapping names."""
        header = self._header(name)
        known = {column.lower() for column in header}
        named = self.mapping.inputs[name].columns
        return header + [column for column in named if column.lower() not in known]

    def _header(self, name: str) -> list[str]:
        names: dict[str, str] = {}
        for raw in self.files.get(name, ()):
            for column in raw.header:
                names.setdefault(column.lower(), column)
        return list(names.values())

    def _check_source(self, source: Source, name: str, key: str) -> None:
        if not source.columns or source.optional:
            return
        known = self.columns(name) if key == source.key else self._header(name)
        if not source.is_found_in(known):
            wanted = " or ".join(f"'{column}'" for column in source.columns)
            near = nearest_names(source.columns[0], known)
            paths = shown_paths([raw.path for raw in self.files[name]])
            raise UserError(
                f"mapping {self.mapping.name}: {key}: {paths} has no column {wanted}; {near}"
                + other_sheets_shown(self.files[name][0].sheets)
            )

    def _create_table(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        columns = [*(f"{quoted(column)} varchar" for column in self._header(name))]
        columns += [f"{LINE_COLUMN} bigint", f"{MALFORMED_COLUMN} varchar"]
        connection.execute(f"create table {_TABLES}.{quoted(name)} ({', '.join(columns)})")

    def _create_views(self, connection: duckdb.DuckDBPyConnection) -> None:
        text = trimmed_sql("cast(value as varchar)")
        connection.execute(
            f"create macro instant(value) as"
            f" strftime({instant_sql(text, self.mapping.form)}, '%Y-%m-%d %H:%M:%S.%fZ')"
        )
        for name, entry in self.mapping.inputs.items():
            connection.execute(self._view(name, entry))

    def _view(self, name: str, entry: Input) -> str:
        header = {column.lower(): column for column in self._header(name)}
        parts = []
        for column, source in entry.columns.items():
            chosen = source_sql(source, header, "input")
            if chosen != f'"input".{quoted(header.get(column.lower(), ""))}':
                parts.append((column, chosen))
        replaced = [
            quoted(header[column.lower()]) for column, _ in parts if column.lower() in header
        ]
        exclude = f" exclude ({', '.join(replaced)})" if replaced else ""
        shown = ", ".join([f'"input".*{exclude}', *(f"{sql} as {quoted(c)}" for c, sql in parts)])
        return (
            f'create view {quoted(name)} as select {shown} from {_TABLES}.{quoted(name)} as "input"'
        )

    def _fill(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        raw: RawFile,
        first_line: int,
        progress: Callable[[float], None],
    ) -> None:
        target = f"{_TABLES}.{quoted(name)}"
        names = [*(quoted(column) for column in raw.schema.columns), LINE_COLUMN, MALFORMED_COLUMN]
        connection.begin()
        for batch in raw.batches():
            arrays = [pa.array(values, pa.string()) for values in batch.columns.values()]
            lines = [None if line is None else line + first_line for line in batch.line_number]
            arrays += [pa.array(lines, pa.int64()), pa.array(batch.malformed_record, pa.string())]
            labels = [f"c{position}" for position in range(len(arrays))]
            arrow_batch = pa.table(arrays, names=labels)  # noqa: F841 (DuckDB finds it by name)
            connection.execute(
                f"insert into {target} ({', '.join(names)}) select * from arrow_batch"
            )
            progress(min(raw.bytes_read / max(raw.size, 1), 1))
        connection.commit()

    def _check_formats(self, connection: duckdb.DuckDBPyConnection) -> None:
        forms = [("timestamps", "timezone", self.mapping.form)]
        for columns in self.mapping.tables.values():
            forms += [
                (f"{c.source.key}.formats", f"{c.source.key}.timezone", c.form)
                for c in columns.values()
                if c.form
            ]
        for formats_key, zone_key, form in forms:
            for text in form.formats:
                if "%" in text:
                    try:
                        connection.execute(f"select try_strptime('', {literal(text)})").fetchall()
                    except duckdb.Error as error:
                        raise self.problem(formats_key, f"'{text}' is no pattern", error) from None
            try:
                connection.execute(
                    "select timezone('UTC', timezone(?, timestamp '2025-01-01'))", [form.timezone]
                ).fetchall()
            except duckdb.Error:
                raise UserError(
                    f"mapping {self.mapping.name}: {zone_key}: '{form.timezone}' is not a known "
                    "time zone; write an IANA name such as America/Sao_Paulo"
                ) from None

    def _check_sql(self, connection: duckdb.DuckDBPyConnection) -> None:
        joins = self.mapping.joins
        for place, join in enumerate(joins, start=1):
            query = f"with {joins_sql(joins[:place])} select * from {quoted(join.name)}"
            found = self._try(connection, join.sql, query, f"{join.key}.sql")
            if join.on[1].lower() not in map(str.lower, found):
                raise UserError(
                    f"mapping {self.mapping.name}: {join.key}.on: its sql has no column "
                    f"'{join.on[1]}'; {nearest_names(join.on[1], found)}"
                )
        for table in self.tables:
            scope = f"with {joins_sql(joins)} " if joins and table == "tickets" else ""
            for column in self.mapping.tables[table].values():
                if column.source.sql is not None:
                    key = f"{column.source.key}.sql"
                    rows = from_sql(self.mapping, table)
                    # In brackets nothing and two values are one value, too: a row. Without them
                    # the text could go on with a `from` of its own.
                    for value in (f"({column.source.sql}\n)", f"{column.source.sql}\n"):
                        query = f"{scope}select {value} {rows}"
                        if len(self._try(connection, f"select {value}", query, key)) != 1:
                            raise UserError(
                                f"mapping {self.mapping.name}: {key}: must be one value"
                            )
            try:
                connection.execute(f"explain {self.query(table)}").fetchall()
            except duckdb.Error as error:
                raise self.problem(table, "does not make a query", error) from None

    def _try(
        self, connection: duckdb.DuckDBPyConnection, own: str, query: str, key: str
    ) -> list[str]:
        """The names of the query's columns, once the mapping's own part is one query."""
        try:
            statements = connection.extract_statements(own)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise UserError(f"mapping {self.mapping.name}: {key}: must be one query")
            described = connection.execute(f"{query} limit 0").description
            return [name for name, *_ in described]
        except duckdb.Error as error:
            raise self.problem(key, "", error) from None

    def problem(self, key: str, message: str, error: Exception) -> UserError:
        """The line about what DuckDB says of the mapping's key."""
        said = one_line(str(error).split("\n\nLINE")[0].split("LINE 1:")[0], 300)
        return UserError(
            f"mapping {self.mapping.name}: {key}: {message + ': ' if message else ''}{said}"
        )


@dataclass(frozen=True)
class _MappedTables:
    inputs: MappedInputs
    connection: duckdb.DuckDBPyConnection

    def check_joins(self) -> None:
        """Raise UserError where a join would multiply tickets."""
        joins = self.inputs.mapping.joins
        for place, join in enumerate(joins, start=1):
            key = f"cast({quoted(join.on[1])} as varchar)"
            row = self._run(
                f"with {joins_sql(joins[:place])} select {key}, count(*) from {quoted(join.name)}"
                f" where {key} is not null group by 1 having count(*) > 1 order by 1 limit 1",
                join.key,
            ).fetchone()
            if row:
                raise UserError(
                    f"mapping {self.inputs.mapping.name}: {join.key}.sql: {join.on[1]} "
                    f"'{one_line(row[0], 60)}' has {row[1]} rows, which would multiply its ticket; "
                    "group by it"
                )

    def batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """The raw table's rows. Raises UserError where an expression fails on a value."""
        try:
            reader = self.connection.sql(self.inputs.query(table)).to_arrow_reader(_BATCH_ROWS)
            while True:
                try:
                    rows = reader.read_next_batch()
                except StopIteration:
                    return
                yield rows
        except (*_VALUE_ERRORS, pa.ArrowInvalid) as error:
            raise self.inputs.problem(table, _FAILED, error) from None

    def _run(self, query: str, key: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(query)
        except _VALUE_ERRORS as error:
            raise self.inputs.problem(key, _FAILED, error) from None


_VALUE_ERRORS = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
)
_FAILED = "an expression fails on the export's values (try_cast keeps what cannot be read null)"


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set lock_configuration = true")
