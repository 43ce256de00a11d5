"""From the user's files to the raw tables: as they are, or through a mapping."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb

from support_analytics import warehouse
from support_analytics.dbt_project import project_vars
from support_analytics.errors import UserError
from support_analytics.mapping_file import USERS, MappingFile, load_mapping
from support_analytics.mapping_run import MappedInputs
from support_analytics.progress import Progress
from support_analytics.raw_files import RawFile, open_raw_file, open_table
from support_analytics.sources import Reading, check_encoding, expand, shown_paths

TICKETS = "tickets"
_RAW_TABLES = {TICKETS: warehouse.TICKETS_TABLE, USERS: warehouse.USERS_TABLE}
_MAPPED_DATABASE = "mapped.duckdb"


@dataclass(frozen=True)
class InputOptions:
    """The user's files. tickets are paths, patterns, or, for a mapping, NAME=FILE or a folder."""

    tickets: Sequence[str]
    users: str | None = None
    mapping: str | None = None
    encoding: str | None = None


@dataclass
class Inputs:
    """Opened input files whose headers fit; `load` fills the raw tables from them."""

    files: dict[str, list[RawFile]]
    project: Path
    mapped: MappedInputs | None = None
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """Every file that is read."""
        return [raw.path for files in self.files.values() for raw in files]

    @property
    def tickets_shown(self) -> str:
        """The ticket files, for an error line."""
        return shown_paths([raw.path for raw in self.files[TICKETS]])

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        work: Path,
        progress: Progress,
        settings: Mapping[str, str],
    ) -> list[dict[str, Any]]:
        """Fill raw.tickets_raw and raw.users_raw; returns what was read, for the manifest.

        work is a scratch folder, settings are DuckDB's. Raises UserError for what cannot be read,
        and for tickets without a row.
        """
        schemas = {
            name: warehouse.raw_schema(self.project, table) for name, table in _RAW_TABLES.items()
        }
        for schema in schemas.values():
            warehouse.create_raw_table(connection, schema)
        if self.mapped is not None:
            read = self._load_mapped(connection, work, progress, settings)
        else:
            read = [
                entry
                for name, files in self.files.items()
                for entry in self._load_plain(connection, files, progress)
            ]
        if not sum(raw.records for raw in self.files[TICKETS]):
            raise UserError(f"{self.tickets_shown} has a header and no tickets below it")
        users = self.files.get(USERS) if self.mapped is None else None
        if users and not sum(raw.records for raw in users):
            raise UserError(
                f"{users[0].path} has a header and no users below it; "
                "give its rows, or leave --users out"
            )
        return read

    def _load_plain(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[RawFile], progress: Progress
    ) -> Iterator[dict[str, Any]]:
        lines = 0
        for raw in files:
            progress.phase(f"reading {raw.path.name}")
            warehouse.append_raw_file(connection, raw, lines, progress.count)
            yield {
                "table": raw.schema.table,
                "name": raw.path.name,
                "records": raw.records,
                "lines_before": lines,
                "sha256": raw.sha256,
            }
            lines += raw.last_line or 0

    def _load_mapped(
        self,
        connection: duckdb.DuckDBPyConnection,
        work: Path,
        progress: Progress,
        settings: Mapping[str, str],
    ) -> list[dict[str, Any]]:
        def reading(raw: RawFile) -> Any:
            progress.phase(f"reading {raw.path.name}")
            return progress.count

        database = work / _MAPPED_DATABASE
        read = self.mapped.load(database, reading)
        progress.phase(f"mapping {self.mapped.mapping.name}")
        with self.mapped.opened(database, settings) as tables:
            tables.check_joins()
            for name in self.mapped.tables:
                warehouse.append_rows(connection, _RAW_TABLES[name], tables.batches(name))
        database.unlink()
        return read


@contextlib.contextmanager
def opened_inputs(options: InputOptions, project: Path) -> Iterator[Inputs]:
    """Open the files and check their headers, or the mapping against them.

    Raises UserError for what the user can put right.
    """
    reading = Reading(check_encoding(options.encoding) if options.encoding else None)
    with contextlib.ExitStack() as cleanup:
        if options.mapping is None:
            yield _plain(options, reading, project, cleanup)
        else:
            yield _mapped(options, options.mapping, reading, project, cleanup)


def _plain(
    options: InputOptions, reading: Reading, project: Path, cleanup: contextlib.ExitStack
) -> Inputs:
    paths = {TICKETS: [path for pattern in options.tickets for path in expand(pattern)]}
    if options.users is not None:
        paths[USERS] = expand(options.users)
        tickets = {path.resolve() for path in paths[TICKETS]}
        for path in paths[USERS]:
            if path.resolve() in tickets:
                raise UserError(
                    f"--users {path} is a file of --tickets, too; "
                    "give a file of creators, or leave --users out"
                )
    files = {}
    for name, found in paths.items():
        schema = warehouse.raw_schema(project, _RAW_TABLES[name])
        files[name] = [
            cleanup.enter_context(open_raw_file(path, schema, reading, True)) for path in found
        ]
    return Inputs(files, project)


def _mapped(
    options: InputOptions,
    name: str,
    reading: Reading,
    project: Path,
    cleanup: contextlib.ExitStack,
) -> Inputs:
    mapping, allowed, columns = project_mapping(name, project)
    files = {}
    for input_name, paths in _mapping_paths(options, mapping).items():
        own = Reading(reading.encoding, mapping.inputs[input_name].sheet)
        files[input_name] = [
            cleanup.enter_context(open_table(path, input_name, own)) for path in paths
        ]
    mapped = MappedInputs(mapping, files, columns, allowed)
    mapped.check()
    variables = {}
    if mapping.extra_channels:
        known = list(allowed["channel"])
        extra = [word for word in mapping.extra_channels if word not in known]
        if extra:
            variables["ticket_channels"] = known + extra
    return Inputs(files, project, mapped, variables)


def project_mapping(
    name: str, project: Path
) -> tuple[MappingFile, dict[str, list[str]], dict[str, list[str]]]:
    """A mapping, with the words that the project allows and the raw columns it may fill."""
    settings = project_vars(project)
    allowed = {
        "status": settings["ticket_statuses"],
        "channel": settings["ticket_channels"],
        "tag": settings["ticket_categories"],
    }
    columns = {
        table: list(warehouse.raw_schema(project, raw).columns)
        for table, raw in _RAW_TABLES.items()
    }
    return load_mapping(name, allowed, columns), allowed, columns


def _mapping_paths(options: InputOptions, mapping: MappingFile) -> dict[str, list[Path]]:
    """The files of each input: named, found in a folder by the mapping's patterns, or tickets."""
    paths: dict[str, list[Path]] = {}
    for given in options.tickets:
        name, separator, pattern = given.partition("=")
        if separator and name in mapping.inputs and not _exists(given):
            paths.setdefault(name, []).extend(expand(pattern))
        elif separator and name.isidentifier() and not _exists(given):
            raise UserError(
                f"--tickets {given}: mapping {mapping.name} has no input '{name}'; it has "
                f"{', '.join(mapping.inputs)}"
            )
        elif Path(given).is_dir():
            for found_name, found in _found_in(Path(given), mapping).items():
                paths.setdefault(found_name, []).extend(found)
        else:
            paths.setdefault(TICKETS, []).extend(expand(given))
    if options.users is not None:
        if USERS not in mapping.inputs:
            raise UserError(f"--users: mapping {mapping.name} has no input 'users'")
        paths.setdefault(USERS, []).extend(expand(options.users))
    for name, entry in mapping.inputs.items():
        if name not in paths and not entry.optional:
            raise UserError(
                f"mapping {mapping.name}: inputs.{name}: no file is given; "
                f"add --tickets {name}=FILE"
            )
    return paths


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _found_in(folder: Path, mapping: MappingFile) -> dict[str, list[Path]]:
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    found: dict[str, list[Path]] = {}
    for name, entry in mapping.inputs.items():
        for pattern in entry.files:
            hits = [file for file in names if fnmatch(file.lower(), pattern.lower())]
            if hits:
                found[name] = [folder / file for file in hits]
                break
    if TICKETS not in found:
        wanted = " or ".join(mapping.inputs[TICKETS].files) or "a file name in the mapping"
        raise UserError(
            f"{folder}: mapping {mapping.name} finds no tickets in it (looked for {wanted}); "
            "give --tickets tickets=FILE"
        )
    return found
