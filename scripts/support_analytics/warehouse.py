"""The DuckDB file: its raw tables filled from the user's files, and small questions to it.

The raw tables stand where `dbt seed` puts the sample, so that the models cannot tell them apart.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from support_analytics.errors import UserError, one_line
from support_analytics.quoting import literal, quoted
from support_analytics.raw_files import RawFile, RawSchema, read_rows
from support_analytics.sources import digest_of_files

RAW_SCHEMA = "raw"
TICKETS_TABLE = "tickets_raw"
USERS_TABLE = "users_raw"
SLA_TABLE = "sla_targets"
# Has the tickets that a refresh keeps.
KEPT_TABLE = "staging.base_tickets_parsed"
SLA_COLUMNS = ("channel", "frt_target_minutes", "resolution_target_minutes")
# Catalog names that DuckDB keeps for itself, or that would hide a schema of the project.
_RESERVED_NAMES = {"system", "temp", "memory", "main", "raw", "staging", "intermediate", "marts"}
# Where models and raw rows stand. A file with anything else in it is not the build's alone.
_OWN_SCHEMAS = {"raw", "staging", "intermediate", "marts", "semantic", "history", "dbt_test__audit"}
# Endings of the other outputs.
_OTHER_ENDINGS = {".csv", ".parquet", ".html", ".json", ".md", ".svg"}
# dbt-duckdb takes a path for a URL and cuts it there.
_URL_MARKS = "?#"
_DUCKDB_MAGIC = b"DUCK"
_ARROW_ROWS = "arrow_rows"
_MODELS_NOTE = "Read by build_metrics.py, for the models with the digest "


def raw_schema(project: Path, table: str) -> RawSchema:
    """Columns of a raw table as seeds/_seeds.yml declares them, which `dbt seed` reads too."""
    seeds = yaml.safe_load((project / "seeds" / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    declared = next(seed for seed in seeds if seed["name"] == table)["config"]["meta"]
    return RawSchema(
        table, {name: rule == "required" for name, rule in declared["raw_columns"].items()}
    )


def check_database_path(path: Path) -> None:
    """Raise UserError when path cannot become the build's DuckDB file."""
    name = path.name.lstrip(".").split(".")[0]
    if not name or name.lower() in _RESERVED_NAMES:
        raise UserError(f"--db {path}: DuckDB cannot hold a database named '{name}'; rename it")
    if any(mark in str(path) for mark in _URL_MARKS):
        raise UserError(f"{path}: a DuckDB file cannot stand below a name with '?' or '#'")
    if "'" in name:
        raise UserError(f"--db {path}: dbt cannot use a database with an apostrophe; rename it")
    if path.is_dir():
        raise UserError(f"--db {path} is a folder; give a file name in it")
    if not path.exists():
        if path.suffix.lower() in _OTHER_ENDINGS:
            raise UserError(f"--db {path} has the ending of another output; call it NAME.duckdb")
        return
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise UserError(f"--db {path} cannot be read: {error.strerror or error}") from None
    if head and head[8:12] != _DUCKDB_MAGIC:
        raise UserError(f"--db {path} exists and is not a DuckDB file; it would be overwritten")
    check_not_written(path)
    _check_holds_a_build(path)


def _check_holds_a_build(path: Path) -> None:
    """Raise UserError when the DuckDB file holds tables that no build made."""
    with contextlib.suppress(duckdb.Error), duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select table_schema, table_name from information_schema.tables order by 1, 2"
        ).fetchall()
        others = [f"{schema}.{name}" for schema, name in found if schema not in _OWN_SCHEMAS]
        if others:
            raise UserError(
                f"--db {path} holds {others[0]}, which no build made, and would be replaced as a "
                "whole; give another file"
            )


def check_not_written(path: Path) -> None:
    """Raise UserError when another process has the DuckDB file open for writing."""
    if not path.exists():
        return
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        # A file that DuckDB cannot read is replaced like any other.
        _check_not_locked(path, error)


def _check_not_locked(path: Path, error: duckdb.Error) -> None:
    """Raise UserError when DuckDB could not open the file because another process writes to it."""
    if isinstance(error, duckdb.IOException) and "lock" in str(error).lower():
        holder = str(error).partition("Conflicting lock is held in")[2].partition(". See")[0]
        raise UserError(
            f"{path} is open for writing in another process{':' + holder if holder else ''}; "
            "close it first"
        ) from None


def open_built(
    path: Path,
    tables: Iterable[str],
    catalog: str = "built",
    settings: Mapping[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection in memory to which the database of a build is attached read-only, and in use.

    tables are those that the caller reads, as schema.table; settings are DuckDB's. Raises UserError
    where path is no file, no DuckDB file, written to by another process, or lacks one of tables.
    """
    if not path.is_file():
        raise UserError(f"--db {path}: no such file; build it first with scripts/build_metrics.py")
    connection = duckdb.connect(config=dict(settings or {}))
    try:
        connection.execute(f"attach {literal(path)} as {quoted(catalog)} (read_only)")
    except duckdb.Error as error:
        connection.close()
        _check_not_locked(path, error)
        raise UserError(
            f"--db {path} is not a DuckDB file that can be read ({one_line(str(error), 200)}); "
            "give the database of a build"
        ) from None
    connection.execute(f"use {quoted(catalog)}")
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    missing = [table for table in tables if (table,) not in found]
    if missing:
        connection.close()
        raise UserError(f"--db {path} has no {missing[0]}; build it with this version first")
    return connection


def check_can_be_refreshed(path: Path) -> None:
    """Raise UserError unless path is the database of an earlier build."""
    remedy = "; build it once without --refresh"
    if not path.is_file():
        raise UserError(f"--refresh: {path} does not exist{remedy}")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute(f"select row_fingerprint from {KEPT_TABLE} limit 0")
    except duckdb.Error:
        raise UserError(f"--refresh: {path} is no database of a build{remedy}") from None


def models_digest(project: Path) -> str:
    """SHA-256 of the code that makes the rows of a build: models, macros, and their settings."""
    files = [project / "dbt_project.yml"]
    for folder in ("models", "macros"):
        files += (project / folder).rglob("*.sql")
    return digest_of_files(project, files)


def note_models(connection: duckdb.DuckDBPyConnection, digest: str) -> None:
    """Keep in the database which models it is built by."""
    note = literal(f"{_MODELS_NOTE}{digest}")
    connection.execute(f"comment on table {RAW_SCHEMA}.{TICKETS_TABLE} is {note}")


def was_built_by(path: Path, digest: str) -> bool:
    """Whether the database at path was built by the models with this digest."""
    with duckdb.connect(str(path), read_only=True) as connection:
        noted = connection.execute(
            "select comment from duckdb_tables() where schema_name = ? and table_name = ?",
            [RAW_SCHEMA, TICKETS_TABLE],
        ).fetchone()
    return noted == (f"{_MODELS_NOTE}{digest}",)


def copy_database(source: Path, target: Path) -> None:
    """Copy a DuckDB file, and what its write-ahead log holds."""
    shutil.copyfile(source, target)
    log = source.with_name(f"{source.name}.wal")
    if log.exists():
        shutil.copyfile(log, target.with_name(f"{target.name}.wal"))


def open_database(
    path: Path, settings: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open or create the DuckDB file at path, with the schema of the raw tables in it."""
    connection = duckdb.connect(str(path), config=dict(settings or {}))
    connection.execute(f"create schema if not exists {RAW_SCHEMA}")
    return connection


def load_raw_file(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Fill the raw table of raw.schema from the file alone and return its number of records."""
    create_raw_table(connection, raw.schema)
    return append_raw_file(connection, raw, 0, progress)


def append_raw_file(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    lines_before: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Add the file's records to the raw table of raw.schema and return their number.

    Piece by piece, so that memory does not grow with the file. lines_before is added to the line
    numbers. progress gets the share of the file read, 0 to 1. Raises UserError for what cannot be
    read; no record is added then.
    """

    def pieces() -> Iterator[pa.Table]:
        for rows in raw.arrow_tables(lines_before):
            progress(min(raw.bytes_read / max(raw.size, 1), 1))
            yield rows

    append_rows(connection, raw.schema.table, pieces())
    return raw.records


def append_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    pieces: Iterator[pa.Table | pa.RecordBatch],
) -> None:
    """Add rows, in the columns of the raw table, to it: all or, when taking one raises, none.

    DuckDB takes each piece when it has room for it, and stores the one before meanwhile. Raises
    what taking a piece raises.
    """
    raised: list[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for rows in itertools.chain([first], pieces):
                yield from rows.to_batches() if isinstance(rows, pa.Table) else [rows]
        except BaseException as error:
            raised.append(error)
            raise

    first = next(pieces, None)
    if first is None:
        return
    connection.register(_ARROW_ROWS, pa.RecordBatchReader.from_batches(first.schema, batches()))
    insert = f"insert into {RAW_SCHEMA}.{quoted(table)} select * from {_ARROW_ROWS}"
    # In a thread of its own: a signal reaches Python's main thread only while that runs Python.
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(connection.execute, insert).result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise
        except duckdb.Error:
            if raised:
                raise raised[0] from None
            raise
    connection.unregister(_ARROW_ROWS)


def create_raw_table(connection: duckdb.DuckDBPyConnection, schema: RawSchema) -> str:
    """Create the raw table, empty, and return its name in SQL."""
    table = f"{RAW_SCHEMA}.{quoted(schema.table)}"
    columns = ", ".join(f"{quoted(column)} varchar" for column in schema.columns)
    connection.execute(
        f"create or replace table {table} ({columns}, line_number bigint, malformed_record varchar)"
    )
    return table


def read_sla_targets(
    path: Path, channels: Sequence[str]
) -> list[tuple[str, float | None, float | None]]:
    """Read channel and its two targets in minutes; an empty target is None: no SLA.

    Raises UserError naming file, line and value for a channel that is unknown or stands twice, and
    for a target that is not a positive number.
    """
    rows: list[tuple[str, float | None, float | None]] = []
    lines: dict[str, int] = {}
    for line_number, values in read_rows(path, SLA_COLUMNS):
        where = f"{path}: line {line_number}"
        channel = (values["channel"] or "").strip().lower()
        if channel not in channels:
            raise UserError(
                f"{where}: channel '{channel}' is unknown; known are {', '.join(channels)}"
            )
        if channel in lines:
            raise UserError(
                f"{where}: channel '{channel}' stands in line {lines[channel]} already; keep one"
            )
        lines[channel] = line_number
        targets = [_target(where, column, values[column]) for column in SLA_COLUMNS[1:]]
        rows.append((channel, *targets))
    if not rows:
        raise UserError(f"{path} has no targets below its header; give one line a channel")
    return rows


def load_sla_targets(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[tuple[str, float | None, float | None]],
) -> None:
    """Fill raw.sla_targets, typed as the seed of the same name."""
    table = f"{RAW_SCHEMA}.{SLA_TABLE}"
    channel, *targets = SLA_COLUMNS
    columns = ", ".join([f"{channel} varchar", *(f"{target} double" for target in targets)])
    connection.execute(f"create or replace table {table} ({columns})")
    connection.executemany(f"insert into {table} values (?, ?, ?)", list(rows))


def time_zone_is_known(name: str) -> bool:
    """Whether DuckDB can cut days in the named time zone."""
    with duckdb.connect() as connection:
        zone = connection.execute(
            "select 1 from pg_timezone_names() where lower(name) = lower(?)", [name]
        ).fetchone()
    return zone is not None


def _target(where: str, column: str, text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not (0 < minutes < math.inf):
        raise UserError(
            f"{where}: {column} '{one_line(text, 40)}' is not a positive number of minutes; "
            "leave it empty for no target"
        )
    return minutes
