"""Records of Parquet files and Excel sheets, every value as the text that a CSV would hold."""

from __future__ import annotations

import datetime
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support_analytics.errors import UserError, one_line
from support_analytics.sources import OpenedSource, sha256_of

PARQUET_BATCH_ROWS = 50_000
# A sheet's area counts, not its filled cells: the library holds all of it.
SHEET_CELLS = 50_000_000
# Above it, floats are too coarse for ids.
WHOLE_FLOATS_BELOW = 1e15
UNPACKED_BYTES = 4 * 1024**3
_SHOWN_SHEETS = 5
# What a broken archive makes zipfile raise.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')


class ParquetRecords:
    """Rows of a Parquet file; they have no line. Raises UserError for a damaged file."""

    last_line = None
    sheets = ()

    def __init__(self, opened: OpenedSource) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        opened.close()
        self._path = opened.path
        try:
            self._file = pq.ParquetFile(opened.path)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(opened.path, "Parquet file", error) from None
        self.header = [name.strip() for name in self._file.schema_arrow.names]
        self._size = opened.path.stat().st_size
        self._sha256 = sha256_of(opened.path)
        self.bytes_read = 0

    def sha256(self) -> str:
        """Of the file."""
        return self._sha256

    def __iter__(self) -> Iterator[tuple[None, list[str], None, int]]:
        for batch in self._batches():
            columns = [_column_texts(column) for column in batch.columns]
            for fields in zip(*columns, strict=True):
                yield None, list(fields), None, sum(map(len, fields))

    def columns(self) -> Iterator[Any]:
        """The rows as Arrow tables of text, the empty text null: no row passes through Python."""
        import pyarrow as pa

        for batch in self._batches():
            columns = [_text_column(column) for column in batch.columns]
            yield pa.table(columns, names=[str(place) for place in range(len(columns))])

    def _batches(self) -> Iterator[Any]:
        import pyarrow as pa

        done, rows = 0, max(self._file.metadata.num_rows, 1)
        try:
            for batch in self._file.iter_batches(PARQUET_BATCH_ROWS):
                yield batch
                done += batch.num_rows
                self.bytes_read = self._size * done // rows
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, "Parquet file", error) from None
        self.bytes_read = self._size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class WorkbookRecords:
    """Rows of one sheet of an .xlsx workbook, the row number as the line; empty rows are none.

    Raises UserError for a zip archive of another kind, a damaged workbook, an unknown sheet, and a
    sheet whose area is too large to hold.
    """

    def __init__(self, opened: OpenedSource, sheet: str | None) -> None:
        from python_calamine import CalamineError, CalamineWorkbook

        opened.close()
        path = opened.path
        _check_workbook(path)
        try:
            book = CalamineWorkbook.from_path(path)
            name = _sheet_name(path, book.sheet_names, sheet)
            self.sheets = [name, *(other for other in book.sheet_names if other != name)]
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise _damaged(path, "Excel workbook", error) from None
        numbered = [
            (number, [_text(value) for value in row]) for number, row in enumerate(rows, start=1)
        ]
        filled = [(number, fields) for number, fields in numbered if any(fields)]
        if not filled:
            raise UserError(
                f"{path}: sheet '{name}' is empty; a header row was expected"
                + other_sheets_shown(self.sheets)
            )
        self.header = [field.strip() for field in filled[0][1]]
        self._rows = filled[1:]
        self._size = path.stat().st_size
        self._sha256 = sha256_of(path)
        self.bytes_read = 0
        self.last_line = numbered[-1][0]

    def sha256(self) -> str:
        """Of the file."""
        return self._sha256

    def __iter__(self) -> Iterator[tuple[int, list[str], None, int]]:
        for number, fields in self._rows:
            yield number, fields, None, sum(map(len, fields))
        self.bytes_read = self._size

    def close(self) -> None:
        """The file is closed already."""


def other_sheets_shown(sheets: Sequence[str]) -> str:
    """The end of an error line about a sheet, the first, where a workbook has others, too."""
    others = ", ".join(sheets[1 : _SHOWN_SHEETS + 1]) + ", …" * (len(sheets) > _SHOWN_SHEETS + 1)
    return f"; other sheets are {others}: a mapping's inputs.NAME.sheet reads one" if others else ""


def _check_workbook(path: Path) -> None:
    """Look into the archive before the library unpacks it. Raises UserError."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise UserError(f"{path} is a zip archive, not an Excel workbook; unpack it first")
            if sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
                raise UserError(f"{path} is too large when unpacked; save the sheet as CSV")
            for entry in entries:
                if entry.filename.startswith("xl/worksheets/") and _area(archive, entry) > (
                    SHEET_CELLS
                ):
                    raise UserError(
                        f"{path} has a sheet of more than {SHEET_CELLS // 10**6} million cells; "
                        "save it as CSV"
                    )
    except _DAMAGE as error:
        raise _damaged(path, "Excel workbook", error) from None


def _area(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    widest = lowest = 0
    rest = b""
    with archive.open(entry) as sheet:
        while piece := sheet.read(1 << 20):
            text = rest + piece
            for letters, row in _CELL.findall(text):
                column = 0
                for letter in letters:
                    column = column * 26 + letter - 64
                widest, lowest = max(widest, column), max(lowest, int(row))
            rest = text[-200:]
    return widest * lowest


def _sheet_name(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None:
        return names[0]
    if wanted not in names:
        raise UserError(f"{path} has no sheet '{wanted}'; it has {', '.join(names)}")
    return wanted


def _text_column(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.cast(column, pa.string())
    else:
        column = pa.array(_column_texts(column), pa.string())
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _column_texts(column: Any) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz:
        # Offsets without a colon, as Arrow writes them, are no ISO 8601.
        column = pc.cast(column, pa.timestamp(kind.unit, "UTC"))
    if pa.types.is_floating(kind):
        return _float_texts(column)
    # Arrow writes a duration as a bare number of its unit.
    needs_python = (
        *(pa.types.is_nested, pa.types.is_binary, pa.types.is_time),
        pa.types.is_duration,
    )
    if not any(is_kind(kind) for is_kind in needs_python):
        try:
            return [value or "" for value in pc.cast(column, pa.string()).to_pylist()]
        except pa.ArrowException:
            pass
    return [_text(value) for value in column.to_pylist()]


def _float_texts(column: Any) -> list[str]:
    """Whole numbers as such: an id that pandas made a float, as some are missing, stays an id."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_float16(column.type):
        column = pc.cast(column, pa.float32())
    is_whole = pc.and_(
        pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), WHOLE_FLOATS_BELOW)
    )
    whole = pc.cast(pc.if_else(is_whole, column, None), pa.int64())
    texts = pc.if_else(is_whole, pc.cast(whole, pa.string()), pc.cast(column, pa.string()))
    return [value or "" for value in texts.to_pylist()]


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Excel knows no integers.
        is_whole = value.is_integer() and abs(value) < WHOLE_FLOATS_BELOW
        return str(int(value)) if is_whole else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, datetime.timedelta):
        total = round(value.total_seconds())
        minutes, seconds = divmod(abs(total), 60)
        return f"{'-' * (total < 0)}{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _damaged(path: Path, kind: str, error: Exception) -> UserError:
    return UserError(f"{path} is a damaged {kind} ({one_line(str(error), 120)}); export it again")
