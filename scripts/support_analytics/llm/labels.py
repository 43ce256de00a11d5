"""The file of labels that an LLM gave: read, loaded into the warehouse, and added to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import duckdb

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import UserError
from support_analytics.publish import locked, write_whole
from support_analytics.raw_files import RawSchema, open_raw_file
from support_analytics.sources import decoding_errors
from support_analytics.warehouse import RAW_SCHEMA, load_raw_file

LABELS_TABLE = "ai_labels"
LABELS_FILE = PROJECT / "seeds" / "ai_labels.csv"


@dataclass(frozen=True)
class Label:
    """One line of the file. text_hash is the SHA-256 of the text that was read."""

    ticket_id: str
    ai_category: str
    ai_topic: str
    ai_rationale: str
    model: str
    prompt_version: str
    text_hash: str
    labelled_at: str


LABEL_COLUMNS = tuple(field.name for field in fields(Label))
LABELS_SCHEMA = RawSchema(LABELS_TABLE, dict.fromkeys(LABEL_COLUMNS, True))


def load_ai_labels(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Fill raw.ai_labels from the file, as `dbt seed` does, and return its number of records.

    Raises UserError when the file is missing, not CSV, or lacks a column. What is wrong with a
    label is for the models to say.
    """
    connection.execute(f"create schema if not exists {RAW_SCHEMA}")
    with open_raw_file(path, LABELS_SCHEMA) as raw:
        return load_raw_file(connection, raw)


def add_labels(
    path: Path, labels: Sequence[Label], write_first: Callable[[], None] = lambda: None
) -> None:
    """Add labels to the file, which is made where there is none. All are added, or none.

    write_first writes what must not be there without them. Raises UserError, before it, where the
    file is no UTF-8 CSV with commas, which `dbt seed` reads.
    """
    with locked(path, "written"):
        content = _with_labels(path, labels)
        write_first()
        if labels:
            write_whole(path, (part.encode() for part in content))


def _with_labels(path: Path, labels: Sequence[Label]) -> list[str]:
    header, content = list(LABEL_COLUMNS), ""
    if path.exists():
        with open_raw_file(path, LABELS_SCHEMA) as raw:
            header = raw.header
        # Not translated: line breaks inside of quotes stay as they are.
        with decoding_errors(path, "utf-8-sig"):
            content = path.read_bytes().decode("utf-8-sig")
        if len(next(csv.reader(io.StringIO(content)))) != len(header):
            raise UserError(f"{path}: the header has no commas; save the file as CSV with commas")
        content += "" if content.endswith("\n") else "\n"
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    if not content:
        writer.writerow(header)
    for label in labels:
        values = dict(zip(LABEL_COLUMNS, astuple(label), strict=True))
        writer.writerow([values.get(column.lower(), "") for column in header])
    return [content, lines.getvalue()]
