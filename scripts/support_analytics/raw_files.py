"""Read tables of the user as what they are: text, record by record, losing nothing.

Every record becomes one row: the declared columns as text (only the empty string is null), the
physical line on which the record starts (the header being 1; null where the input has no lines),
and, when it has more or fewer fields than the header or cannot be parsed, the record as written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from support_analytics.csv_records import CsvRecords
from support_analytics.errors import UserError
from support_analytics.json_records import JsonRecords, looks_like_json
from support_analytics.sources import OpenedSource, Reading, open_source
from support_analytics.table_records import (
    ParquetRecords,
    WorkbookRecords,
    other_sheets_shown,
)

# Bounds of one batch, in records and in characters, and with them the reader's memory.
BATCH_RECORDS = 50_000
BATCH_CHARACTERS = 64 * 1024 * 1024
SHOWN_NAMES = 12


@dataclass(frozen=True)
class RawSchema:
    """Columns of a raw table, in order; True where the file must have the column."""

    table: str
    columns: Mapping[str, bool]


@dataclass
class RawBatch:
    """Some records, column by column; all lists have the same length."""

    columns: dict[str, list[str | None]]
    line_number: list[int | None]
    malformed_record: list[str | None]

    def __len__(self) -> int:
        return len(self.line_number)


class Records(Protocol):
    """A file of some format: its header, and records as (line, fields, malformed, characters).

    sheets are those of a workbook, the one that is read first.
    """

    header: list[str]
    sheets: Sequence[str]
    last_line: int | None
    bytes_read: int

    def __iter__(self) -> Iterator[tuple[int | None, list[str], str | None, int]]: ...

    def sha256(self) -> str: ...

    def close(self) -> None: ...


@dataclass
class RawFile:
    """An opened raw table. `records`, `bytes_read` and `sha256` are complete after `batches()`."""

    path: Path
    schema: RawSchema
    header: list[str]
    size: int
    records: int = 0
    _source: Records = field(repr=False, default=None)

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file so far, for progress."""
        return self._source.bytes_read

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes read so far."""
        return self._source.sha256()

    @property
    def last_line(self) -> int | None:
        """The line that was read last; None where the file has no lines."""
        return self._source.last_line

    @property
    def sheets(self) -> Sequence[str]:
        """The sheets of a workbook, the one that is read first; none of other files."""
        return self._source.sheets

    def batches(self) -> Iterator[RawBatch]:
        """Yield the records in file order. Raises UserError naming the line that is not text."""
        rows: list[list[str]] = []
        line_numbers: list[int | None] = []
        malformed: list[str | None] = []
        characters = 0
        for line_number, fields, written, length in self._source:
            rows.append(fields)
            line_numbers.append(line_number)
            malformed.append(written)
            characters += length
            if len(rows) >= BATCH_RECORDS or characters >= BATCH_CHARACTERS:
                yield self._batch(rows, line_numbers, malformed)
                rows, line_numbers, malformed, characters = [], [], [], 0
        if rows:
            yield self._batch(rows, line_numbers, malformed)

    def arrow_tables(self, lines_before: int = 0) -> Iterator[pa.Table]:
        """The records in file order, as columns of text, line_number and malformed_record.

        lines_before is added to the line numbers. Raises UserError as `batches` does.
        """
        if isinstance(self._source, ParquetRecords):
            for columns in self._source.columns():
                self.records += columns.num_rows
                yield self._of_columns(columns)
        else:
            for batch in self.batches():
                yield _arrow_table(batch, lines_before)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> RawFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _of_columns(self, columns: pa.Table) -> pa.Table:
        names = [name.lower() for name in self.header]
        found = {
            column: columns.column(names.index(column.lower()))
            if column.lower() in names
            else pa.nulls(columns.num_rows, pa.string())
            for column in self.schema.columns
        }
        found["line_number"] = pa.nulls(columns.num_rows, pa.int64())
        found["malformed_record"] = pa.nulls(columns.num_rows, pa.string())
        return pa.table(found)

    def _batch(
        self,
        rows: list[list[str]],
        line_numbers: list[int | None],
        malformed: list[str | None],
    ) -> RawBatch:
        self.records += len(rows)
        by_position = list(zip(*rows, strict=True))
        names = [name.lower() for name in self.header]
        columns = {
            column: [value or None for value in by_position[names.index(column.lower())]]
            if column.lower() in names
            else [None] * len(rows)
            for column in self.schema.columns
        }
        return RawBatch(columns, line_numbers, malformed)


def open_raw_file(
    path: Path, schema: RawSchema, reading: Reading | None = None, can_be_mapped: bool = False
) -> RawFile:
    """Open path and check its header against schema. can_be_mapped: a --mapping may fill it.

    Raises UserError, in one line with the remedy, when the file is missing, a folder, unreadable,
    empty, not of a readable kind, or its header lacks a required column or names one twice.
    """
    source, size = _open_records(path, reading or Reading(), list(schema.columns))
    try:
        _check_header(path, source, schema, can_be_mapped)
    except BaseException:
        source.close()
        raise
    return RawFile(path, schema, source.header, size, _source=source)


def open_table(path: Path, table: str, reading: Reading | None = None) -> RawFile:
    """Open path with all of its columns. A name that stands again in the header gets a number.

    Raises UserError as open_raw_file does, but for the columns.
    """
    source, size = _open_records(path, reading or Reading(), ())
    header = _distinct(source.header)
    return RawFile(
        path, RawSchema(table, dict.fromkeys(header, True)), header, size, _source=source
    )


def read_rows(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str | None]]]:
    """Read a small CSV of the user's whole, as (line number, values by column).

    All columns are required. Raises UserError as open_raw_file does, and for a record with more or
    fewer fields than the header.
    """
    schema = RawSchema(path.stem, dict.fromkeys(columns, True))
    rows = []
    with open_raw_file(path, schema) as raw:
        for batch in raw.batches():
            for position, line_number in enumerate(batch.line_number):
                if batch.malformed_record[position] is not None:
                    raise UserError(
                        f"{path}: line {line_number} has more or fewer fields than the header's "
                        f"{len(raw.header)}: {batch.malformed_record[position][:100]!r}"
                    )
                rows.append(
                    (line_number, {name: batch.columns[name][position] for name in columns})
                )
    return rows


def _open_records(path: Path, reading: Reading, wanted: Sequence[str]) -> tuple[Records, int]:
    opened = open_source(path)
    try:
        size = path.stat().st_size
        return _records_of(opened, reading, wanted), size
    except BaseException:
        opened.close()
        raise


def _records_of(opened: OpenedSource, reading: Reading, wanted: Sequence[str]) -> Records:
    if opened.kind != "text" and opened.is_packed:
        raise UserError(f"{opened.path} is a gzip file of a {opened.kind} file; unpack it first")
    if opened.kind == "parquet":
        return ParquetRecords(opened)
    if opened.kind == "zip":
        return WorkbookRecords(opened, reading.sheet)
    if looks_like_json(opened.start):
        return JsonRecords(opened, reading.encoding)
    return CsvRecords(opened, reading.encoding, {name.lower() for name in wanted})


def _arrow_table(batch: RawBatch, lines_before: int) -> pa.Table:
    columns = {name: pa.array(values, pa.string()) for name, values in batch.columns.items()}
    lines = [None if line is None else line + lines_before for line in batch.line_number]
    columns["line_number"] = pa.array(lines, pa.int64())
    columns["malformed_record"] = pa.array(batch.malformed_record, pa.string())
    return pa.table(columns)


def _distinct(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for position, name in enumerate(header, start=1):
        plain = name or f"column_{position}"
        shown, number = plain, 1
        while shown.lower() in taken:
            number += 1
            shown = f"{plain}_{number}"
        taken.add(shown.lower())
        names.append(shown)
    return names


def _check_header(path: Path, source: Records, schema: RawSchema, can_be_mapped: bool) -> None:
    names = [name.lower() for name in source.header]
    missing = [name for name, required in schema.columns.items() if required and name not in names]
    if missing:
        columns = "column" if len(missing) == 1 else "columns"
        verb = "is" if len(missing) == 1 else "are"
        quoted = ", ".join(f"'{name}'" for name in missing)
        if can_be_mapped:
            remedy = (
                f"{other_sheets_shown(source.sheets)}; for an export with other columns give a "
                "--mapping (suggest-mapping writes a first one)"
            )
        else:
            remedy = "; give a file that has them"
        raise UserError(
            f"{path}: required {columns} {quoted} {verb} missing; the header has "
            f"{shown_names(source.header)}{remedy}"
        )
    for name in schema.columns:
        if names.count(name) > 1:
            raise UserError(
                f"{path}: column '{name}' stands {names.count(name)} times in the header; "
                "keep one of them"
            )


def shown_names(names: Sequence[str]) -> str:
    """The first names of a header."""
    rest = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f", and {rest} more" if rest > 0 else "")


def nearest_names(name: str, names: Sequence[str]) -> str:
    """Up to three names that are like the wanted one, or the first of all, for an error line."""
    by_plain = {other.lower().replace(" ", "_"): other for other in names}
    close = get_close_matches(name.lower().replace(" ", "_"), by_plain, 3, 0.5)
    if close:
        return "nearest: " + ", ".join(f"'{by_plain[plain]}'" for plain in close)
    return "it has " + shown_names(names)
