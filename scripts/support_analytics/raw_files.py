"""Read raw CSV exports as what they are: text, line by line, losing nothing.

Every record of the file becomes one row: the declared columns as text (only the empty string is
null), the physical line on which the record starts (the header being 1), and, when the record has
more or fewer fields than the header, the record as written. macros/raw/seed_raw_text.sql reads the
sample the same way for `dbt seed`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from support_analytics.errors import UserError

# Bounds of one batch, in records and in characters, and with them the reader's memory.
BATCH_RECORDS = 50_000
BATCH_CHARACTERS = 64 * 1024 * 1024
# A quoted field that runs on past this is a quote that was never closed.
RECORD_CHARACTERS = 16 * 1024 * 1024
# The largest that fits a C long on every platform.
_FIELD_SIZE_LIMIT = 2**31 - 1
# Stands for a carriage return that does not end a line, which the csv module would refuse. A lone
# surrogate cannot come out of a UTF-8 file.
_LONE_CR = "\udc0d"

_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or Excel workbook; save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as 'CSV UTF-8'",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"PAR1": "a Parquet file; write it as CSV first",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"%PDF": "a PDF document, not a CSV",
}
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class RawSchema:
    """Columns of a raw table, in order; True where the file must have the column."""

    table: str
    columns: Mapping[str, bool]


@dataclass
class RawBatch:
    """Some records, column by column; all lists have the same length."""

    columns: dict[str, list[str | None]]
    line_number: list[int]
    malformed_record: list[str | None]

    def __len__(self) -> int:
        return len(self.line_number)


@dataclass
class RawFile:
    """An opened raw CSV. `records`, `bytes_read` and `sha256` are complete after `batches()`."""

    path: Path
    schema: RawSchema
    header: list[str]
    size: int
    records: int = 0
    _lines: _Lines = field(repr=False, default=None)
    _source: _HashingSource = field(repr=False, default=None)

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file so far, for progress."""
        return self._source.count

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes read so far."""
        return self._source.digest.hexdigest()

    def batches(self) -> Iterator[RawBatch]:
        """Yield the records in file order. Raises UserError naming the line that is not text."""
        width = len(self.header)
        rows: list[list[str]] = []
        line_numbers: list[int] = []
        malformed: list[str | None] = []
        characters = 0
        for line_number, fields, written, is_broken in _records(self._lines):
            if is_broken or len(fields) != width:
                malformed.append("".join(written).rstrip("\r\n"))
                fields = (fields + [""] * width)[:width]
            else:
                malformed.append(None)
            rows.append(fields)
            line_numbers.append(line_number)
            characters += self._lines.characters
            if len(rows) >= BATCH_RECORDS or characters >= BATCH_CHARACTERS:
                yield self._batch(rows, line_numbers, malformed)
                rows, line_numbers, malformed, characters = [], [], [], 0
        if rows:
            yield self._batch(rows, line_numbers, malformed)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def __enter__(self) -> RawFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batch(
        self, rows: list[list[str]], line_numbers: list[int], malformed: list[str | None]
    ) -> RawBatch:
        self.records += len(rows)
        by_position = list(zip(*rows, strict=True))
        columns = {
            column: [value or None for value in by_position[self.header.index(column)]]
            if column in self.header
            else [None] * len(rows)
            for column in self.schema.columns
        }
        return RawBatch(columns, line_numbers, malformed)


def open_raw_file(path: Path, schema: RawSchema) -> RawFile:
    """Open path and check its header against schema.

    Raises UserError, in one line with the remedy, when the file is missing, a folder, unreadable,
    empty, not UTF-8 text, or its header lacks a required column or names a column twice.
    """
    source = _open_source(path)
    try:
        size = path.stat().st_size
        start = source.peek()
        _check_signature(path, start)
        # Records end with \n, \r\n, or, in files without any \n, with \r.
        newline = "\r" if b"\r" in start and b"\n" not in start else "\n"
        text = io.TextIOWrapper(
            io.BufferedReader(source, 1 << 20), encoding="utf-8-sig", newline=newline
        )
        lines = _Lines(path, text, newline)
        header = _read_header(path, lines)
        _check_header(path, header, schema)
        return RawFile(path, schema, header, size, _lines=lines, _source=source)
    except BaseException:
        source.close()
        raise


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


class _HashingSource(io.RawIOBase):
    """The file's bytes, counted and hashed as they pass."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = b""
        self.count = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def peek(self, size: int = 1 << 16) -> bytes:
        """The first bytes, which later reads deliver again."""
        while len(self._start) < size and (more := self._file.read(size - len(self._start))):
            self._start += more
        return self._start

    def readinto(self, buffer: memoryview) -> int:
        if self._start:
            piece, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
            buffer[: len(piece)] = piece
            length = len(piece)
        else:
            length = self._file.readinto(buffer)
        self.count += length
        self.digest.update(buffer[:length])
        return length

    def close(self) -> None:
        self._file.close()
        super().close()


class _Lines:
    """Physical lines for the csv module; keeps those of the current record, can take some back."""

    def __init__(self, path: Path, text: io.TextIOWrapper, newline: str) -> None:
        self._path = path
        self._text = text
        self._newline = newline
        self._read = iter(partial(text.readline, RECORD_CHARACTERS), "")
        self._returned: deque[str] = deque()
        self.number = 0
        self.of_record: list[str] = []
        self.characters = 0
        self.has_lone_cr = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._returned:
            line = self._returned.popleft()
        else:
            try:
                line = next(self._read)
            except UnicodeDecodeError:
                raise _not_utf8(self._path) from None
        self.number += 1
        if len(line) >= RECORD_CHARACTERS:
            raise _endless_line(self._path, self.number)
        self.of_record.append(line)
        self.characters += len(line)
        if self.characters > RECORD_CHARACTERS:
            raise csv.Error("record too long")
        if self._newline == "\r":
            return line.replace("\r", "\n")
        cr = line.find("\r")
        if cr != -1 and cr != len(line) - 2:
            ending = "\r\n" if line.endswith("\r\n") else ""
            body = line.removesuffix(ending)
            self.has_lone_cr = True
            return body.replace("\r", _LONE_CR) + ending
        return line

    def begin_record(self) -> None:
        self.of_record = []
        self.characters = 0
        self.has_lone_cr = False

    def give_back_all_but_first(self) -> None:
        """The record ends with its first line; the others are read again."""
        self._returned.extendleft(reversed(self.of_record[1:]))
        self.number -= len(self.of_record) - 1
        del self.of_record[1:]

    def close(self) -> None:
        self._text.close()


def _records(lines: _Lines) -> Iterator[tuple[int, list[str], list[str], bool]]:
    """Yield (first line, fields, lines as written, whether its quotes are broken)."""
    csv.field_size_limit(_FIELD_SIZE_LIMIT)
    # Strict, to notice a quote that was never closed before it swallows the records after it.
    reader = csv.reader(lines, strict=True)
    while True:
        lines.begin_record()
        first_line = lines.number + 1
        is_broken = False
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            is_broken = len(lines.of_record) > 1 or "unexpected end" in str(error)
            lines.give_back_all_but_first()
            line = lines.of_record[0]
            lines.has_lone_cr = True
            body = line.rstrip("\r\n").replace("\r", _LONE_CR)
            fields = next(csv.reader([body]), [])
        if not fields:
            continue
        if lines.has_lone_cr:
            fields = [value.replace(_LONE_CR, "\r") for value in fields]
        yield first_line, fields, lines.of_record, is_broken


def _open_source(path: Path) -> _HashingSource:
    try:
        return _HashingSource(path.open("rb", buffering=0))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder; give the CSV file in it") from None
    except OSError as error:
        if path.is_dir():
            raise UserError(f"{path} is a folder; give the CSV file in it") from None
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None


def _check_signature(path: Path, start: bytes) -> None:
    if not start:
        raise UserError(f"{path} is empty; a header line was expected")
    for signature, advice in _SIGNATURES.items():
        if start.startswith(signature):
            raise UserError(f"{path} is {advice}")


def _read_header(path: Path, lines: _Lines) -> list[str]:
    for _, fields, _, is_broken in _records(lines):
        if is_broken:
            raise UserError(f"{path}: line {lines.number}: a quote in the header is never closed")
        return [name.strip().lower() for name in fields]
    raise UserError(f"{path} has only blank lines; a header line was expected")


def _check_header(path: Path, header: Sequence[str], schema: RawSchema) -> None:
    shown = ", ".join(header)
    missing = [name for name, required in schema.columns.items() if required and name not in header]
    if missing:
        advice = ""
        if len(header) == 1:
            for delimiter, name in _OTHER_DELIMITERS.items():
                if delimiter in header[0]:
                    advice = f" (fields separated by {name}? save it with commas)"
        columns = "column" if len(missing) == 1 else "columns"
        verb = "is" if len(missing) == 1 else "are"
        names = ", ".join(f"'{name}'" for name in missing)
        raise UserError(
            f"{path}: required {columns} {names} {verb} missing; the header has {shown}{advice}"
        )
    for name in schema.columns:
        if header.count(name) > 1:
            raise UserError(
                f"{path}: column '{name}' stands {header.count(name)} times in the header; "
                "keep one of them"
            )


def _not_utf8(path: Path) -> UserError:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return UserError(
                    f"{path}: line {number} is not UTF-8 text "
                    f"(byte 0x{line[error.start]:02x} at position {error.start + 1}); "
                    "save the file as 'CSV UTF-8'"
                )
    return UserError(f"{path} is not UTF-8 text; save the file as 'CSV UTF-8'")


def _endless_line(path: Path, number: int) -> UserError:
    return UserError(
        f"{path}: line {number} is longer than {RECORD_CHARACTERS // 1024**2} Mi characters; "
        "is this a CSV with one record a line?"
    )
