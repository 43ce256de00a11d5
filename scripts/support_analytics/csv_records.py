"""Records of delimited text, line by line, losing nothing: also where quotes or fields are wrong.

macros/raw/seed_raw_text.sql reads the sample the same way for `dbt seed`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from support_analytics.errors import UserError
from support_analytics.sources import OpenedSource, decoding_errors, text_encoding

# A quoted field that runs on past this is a quote that was never closed.
RECORD_CHARACTERS = 16 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
# A line of them is no header.
_BLANKS = " \r\n" + "".join(DELIMITERS)
# The largest that fits a C long on every platform.
_FIELD_SIZE_LIMIT = 2**31 - 1
# Stands for a carriage return that does not end a line, which the csv module would refuse. A lone
# surrogate cannot come out of a text file.
_LONE_CR = "\udc0d"
# Excel's own way to name the delimiter, in a line before the header.
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)


class CsvRecords:
    """The header and the records of a delimited text file.

    wanted are the names by which the delimiter is told, lower case; where none stands in the
    header, the delimiter that makes the most fields is it. Raises UserError for a file without a
    header.
    """

    sheets = ()

    def __init__(
        self, opened: OpenedSource, encoding: str | None, wanted: Collection[str] = ()
    ) -> None:
        self._opened = opened
        codec = text_encoding(opened, encoding)
        start = opened.start.decode(codec, "replace")
        # Records end with \n, \r\n, or, in files without any \n, with \r.
        newline = "\r" if "\r" in start and "\n" not in start else "\n"
        text = io.TextIOWrapper(opened.stream, encoding=codec, newline=newline)
        self._lines = _Lines(opened.path, text, newline, codec)
        self._delimiter, has_separator_line = _delimiter(start, newline, wanted)
        if has_separator_line:
            next(self._lines)
        self.header = self._read_header()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file taken so far."""
        return self._opened.raw.count

    @property
    def last_line(self) -> int:
        """The physical line that was read last."""
        return self._lines.number

    def sha256(self) -> str:
        """Of the bytes taken so far."""
        return self._opened.raw.digest.hexdigest()

    def __iter__(self) -> Iterator[tuple[int, list[str], str | None, int]]:
        width = len(self.header)
        for line_number, fields, written, is_broken in self._read():
            malformed = None
            if is_broken or len(fields) != width:
                malformed = "".join(written).rstrip("\r\n")
                fields = (fields + [""] * width)[:width]
            yield line_number, fields, malformed, self._lines.characters

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
        self._opened.close()

    def _read_header(self) -> list[str]:
        path = self._opened.path
        for _, fields, _, is_broken in self._read():
            if is_broken:
                raise UserError(
                    f"{path}: line {self._lines.number}: a quote in the header is never closed"
                )
            names = [name.lstrip("\ufeff").strip() for name in fields]
            if any(name.strip(_BLANKS) for name in names):
                return names
        raise UserError(f"{path} has only blank lines; a header line was expected")

    def _read(self) -> Iterator[tuple[int, list[str], list[str], bool]]:
        """Yield (first line, fields, lines as written, whether its quotes are broken)."""
        lines = self._lines
        csv.field_size_limit(_FIELD_SIZE_LIMIT)
        # Strict, to notice a quote that was never closed before it swallows the records after it.
        reader = csv.reader(lines, strict=True, delimiter=self._delimiter)
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
                fields = next(csv.reader([body], delimiter=self._delimiter), [])
            if not fields:
                continue
            if lines.has_lone_cr:
                fields = [value.replace(_LONE_CR, "\r") for value in fields]
            yield first_line, fields, lines.of_record, is_broken


class _Lines:
    """Physical lines for the csv module; keeps those of the current record, can take some back."""

    def __init__(self, path: Path, text: io.TextIOWrapper, newline: str, codec: str) -> None:
        self._path = path
        self._text = text
        self._newline = newline
        self._codec = codec
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
            with decoding_errors(self._path, self._codec):
                line = next(self._read)
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


def _delimiter(start: str, newline: str, wanted: Collection[str]) -> tuple[str, bool]:
    """The delimiter, and whether a line before the header names it."""
    lines = [line for line in start.lstrip("\ufeff").split(newline) if line.strip(_BLANKS)]
    if not lines:
        return DELIMITERS[0], False
    if named := _SEPARATOR_LINE.fullmatch(lines[0]):
        return named[1], True

    def score(delimiter: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([lines[0]], delimiter=delimiter), [])
        except csv.Error:
            return (0, 0)
        known = sum(name.strip().lower() in wanted for name in names)
        return known, len(names)

    # Of equals the first: max keeps it.
    return max(DELIMITERS, key=score), False


def _endless_line(path: Path, number: int) -> UserError:
    return UserError(
        f"{path}: line {number} is longer than {RECORD_CHARACTERS // 1024**2} Mi characters; "
        "is this a CSV with one record a line?"
    )
