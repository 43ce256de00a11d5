"""One build: raw files in, tested marts out, through the same dbt models as `dbt build`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb

from support_analytics import exports, interruption, packages, publish, rejections, warehouse
from support_analytics.dbt_project import PROJECT, project_vars
from support_analytics.dbt_runner import DATABASE_NAME, DbtSession, Outcome, log_folder
from support_analytics.engine import check_memory_limit, engine_settings
from support_analytics.errors import BuildError, UserError
from support_analytics.inputs import InputOptions, opened_inputs
from support_analytics.progress import Progress

DASHBOARD_NAME = "support_health.html"
SHOWN_FAILURES = 3
_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[ T](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class BuildOptions:
    """What a build is asked for. Options left out keep the project's defaults.

    tickets, users, mapping and encoding are as in InputOptions. max_rejected_rate is a share of the
    tickets, 0 to 1. memory_limit and spill_dir are DuckDB's: a size such as 2GB, and the folder for
    what does not fit into it. dashboard and report ask for those pages beside the marts.
    refresh starts from the database of the last build and makes anew what is new or changed;
    everything, when the models are others by now.
    redact and keep_text are about texts in what people see.
    """

    tickets: Path | str | Sequence[str]
    out: Path
    users: Path | str | None = None
    mapping: str | None = None
    encoding: str | None = None
    max_rejected_rate: float = 0.05
    memory_limit: str | None = None
    spill_dir: Path | None = None
    redact: bool = True
    keep_text: bool = True
    as_of: str | None = None
    timezone: str | None = None
    sla_targets: Path | None = None
    database: Path | None = None
    file_format: str = "csv"
    threads: int | None = None
    dashboard: bool = False
    report: bool = False
    refresh: bool = False

    @property
    def database_path(self) -> Path:
        """The DuckDB file of the build."""
        return self.database or self.out / DATABASE_NAME

    @property
    def inputs(self) -> InputOptions:
        """The part about the user's files."""
        tickets = [self.tickets] if isinstance(self.tickets, str | Path) else self.tickets
        return InputOptions(
            tickets=[str(given) for given in tickets],
            users=None if self.users is None else str(self.users),
            mapping=self.mapping,
            encoding=self.encoding,
        )


@dataclass
class BuildReport:
    """What a build did."""

    out: Path
    database: Path
    accepted_tickets: int
    rejected_tickets: int
    rejection_reasons: dict[str, int]
    as_of_at: str
    joined_tickets: int | None
    files: list[exports.ExportedFile] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    models_count: int = 0
    tests_count: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0


def build(
    options: BuildOptions, progress: Progress | None = None, project: Path = PROJECT
) -> BuildReport:
    """Build every mart from the options' files and replace the outputs as a whole.

    Raises UserError for what the user can put right and BuildError when a model or a data test
    fails; outputs of earlier builds are then as they were.
    """
    progress = progress or Progress(stream=None)
    variables = _variables(options)
    if options.memory_limit is not None:
        check_memory_limit(options.memory_limit)
    warehouse.check_database_path(options.database_path)
    if options.refresh:
        warehouse.check_can_be_refreshed(options.database_path)
    with contextlib.ExitStack() as cleanup:
        # Headers are checked before anything is locked or made.
        inputs = cleanup.enter_context(opened_inputs(options.inputs, project))
        variables |= inputs.variables
        sla_targets = _sla_targets(options.sla_targets, project_vars(project) | inputs.variables)
        stage = cleanup.enter_context(
            publish.staged_build(options.out, options.database_path, project, inputs.paths)
        )
        settings = cleanup.enter_context(
            engine_settings(options.memory_limit, options.spill_dir, stage.out)
        )
        digest = warehouse.models_digest(project)
        if options.refresh and warehouse.was_built_by(stage.database, digest):
            progress.phase("copying the last database")
            warehouse.copy_database(stage.database, stage.staged_database)
        elif options.refresh:
            progress.note("other models than those of the last build: everything is made anew")
        with warehouse.open_database(stage.staged_database, settings) as connection:
            read = inputs.load(connection, stage.work, progress, settings)
            warehouse.note_models(connection, digest)
            if sla_targets:
                warehouse.load_sla_targets(connection, sla_targets)
        session = DbtSession(
            project=project,
            database=stage.staged_database,
            work=stage.work,
            variables=variables,
            threads=options.threads or min(4, os.cpu_count() or 1),
            log_folder=log_folder(project, stage.work),
            settings=settings,
        )
        outcome, rules = _run_models(session, bool(sla_targets), options.keep_text, progress)
        with duckdb.connect(str(stage.staged_database), config=settings) as connection:
            judged = rejections.count(connection, outcome)
            rejections.check(
                connection,
                judged,
                outcome,
                rules,
                stage,
                limit=options.max_rejected_rate,
                file_format=options.file_format,
                tickets=inputs.tickets_shown,
            )
            _check_as_of(outcome)
            if outcome.failures:
                line = _failure_line(outcome.failures, session.log_folder)
                raise BuildError(line + ("; or build without --refresh" if options.refresh else ""))
            report = _report(connection, options, judged, outcome)
            progress.phase("writing exports")
            report.files = exports.export_marts(
                connection,
                outcome.marts,
                stage.exports,
                options.file_format,
                rules,
                progress.count_of,
            )
        report.pages = _write_pages(options, stage, rules, progress)
        own_files = _write_manifest(stage, report, read, variables)
        warehouse.check_not_written(stage.database)
        stage.publish(own_files)
        interruption.settle()
    progress.end()
    report.seconds = progress.seconds
    return report


def parse_as_of(text: str) -> str:
    """Return the instant as `YYYY-MM-DD HH:MM:SS[.f]` in UTC; without an offset text is UTC.

    Raises UserError for what is not such a timestamp of the years 2000 to 2099.
    """
    problem = UserError(
        f"--as-of '{text}' is not a timestamp; write it as 2025-11-04 or 2025-11-04T01:30:00-03:00"
    )
    match = _INSTANT.fullmatch(text.strip())
    if not match:
        raise problem
    *numbers, fraction, sign, hours, minutes = match.groups()
    try:
        instant = datetime(*(int(number or 0) for number in numbers))
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        utc = instant.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise problem from None
    if not 2000 <= utc.year <= 2099:
        raise UserError(f"--as-of '{text}' is outside the years 2000 to 2099")
    return f"{utc:%Y-%m-%d %H:%M:%S}{fraction or ''}"


def check_time_zone(name: str) -> str:
    """Return the name. Raises UserError when Python or DuckDB do not know the time zone."""
    has_data = bool(zoneinfo.available_timezones())
    if (has_data and name not in zoneinfo.available_timezones()) or not (
        warehouse.time_zone_is_known(name)
    ):
        raise UserError(
            f"--timezone '{name}' is not a known time zone; write an IANA name such as "
            "America/Sao_Paulo"
        )
    return name


def _variables(options: BuildOptions) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    if not options.redact:
        variables["redact"] = False
    if options.as_of is not None:
        variables["as_of_at"] = parse_as_of(options.as_of)
    if options.timezone is not None:
        variables["reporting_timezone"] = check_time_zone(options.timezone)
    return variables


def _sla_targets(
    path: Path | None, variables: dict[str, Any]
) -> list[tuple[str, float | None, float | None]]:
    return [] if path is None else warehouse.read_sla_targets(path, variables["ticket_channels"])


def _run_models(
    session: DbtSession, has_sla_targets: bool, keep_text: bool, progress: Progress
) -> tuple[Outcome, exports.CellRules]:
    progress.phase("preparing dbt")
    _install_packages(session.project, progress)
    loaded = [warehouse.TICKETS_TABLE, warehouse.USERS_TABLE]
    if has_sla_targets:
        loaded.append(warehouse.SLA_TABLE)
    try:
        session.parse()
        rules = exports.cell_rules(session, keep_text)
        progress.phase("building and testing models")
        outcome = session.build(loaded, progress.count_of)
    finally:
        session.close()
    return outcome, rules


def _write_pages(
    options: BuildOptions, stage: publish.Stage, rules: exports.CellRules, progress: Progress
) -> list[str]:
    """Write what was asked for of page and report; returns the files, relative to the exports."""
    written = []
    if options.dashboard:
        # Imported late: charts take a second to import, and most builds have none.
        from support_analytics.dashboard import write_dashboard

        progress.phase("writing the Support Health page")
        page = stage.exports / DASHBOARD_NAME
        write_dashboard(
            stage.staged_database, page, with_text=options.keep_text, redact=rules.redact
        )
        written.append(page)
    if options.report:
        from support_analytics.report import write_report

        progress.phase("writing the executive report")
        written += write_report(
            stage.staged_database,
            stage.exports,
            with_text=options.keep_text,
            redact=rules.redact,
        )
    return [path.relative_to(stage.exports).as_posix() for path in written]


def _install_packages(project: Path, progress: Progress) -> None:
    """Put the dbt packages in place where one is missing, and stand-ins where they are older."""
    folder = project / packages.INSTALL_FOLDER
    try:
        pins = packages.read_pins(project / packages.PACKAGES_FILE)
        if packages.holds_real_packages(folder, [pin.name for pin in pins]):
            return
        report = packages.install(project)
    except (packages.PackagesError, OSError) as error:
        raise BuildError(str(error)) from None
    if "nothing to do" not in report:
        progress.note(report)


def _check_as_of(outcome: Outcome) -> None:
    early = [line for line in outcome.failures if "as_of_at" in line and "is before" in line]
    if early:
        message = early[0].partition(": ")[2]
        raise UserError(f"--as-of: {message}; give a later one, or none for the latest instant")


def _report(
    connection: duckdb.DuckDBPyConnection,
    options: BuildOptions,
    judged: rejections.Judged,
    outcome: Outcome,
) -> BuildReport:
    as_of_at = connection.execute(
        "select replace(cast(as_of_at as varchar), ' ', 'T') from intermediate.int_clock_derived"
    ).fetchone()[0]
    joined = connection.execute(
        "select rows_checked - rows_failed from marts.fct_data_quality"
        " where check_name = 'joinability_to_users' and rows_checked > 0"
    ).fetchone()
    return BuildReport(
        out=options.out,
        database=options.database_path,
        accepted_tickets=judged.accepted,
        rejected_tickets=judged.rejected,
        rejection_reasons=dict(judged.reasons),
        as_of_at=as_of_at,
        joined_tickets=joined[0] if joined else None,
        models_count=outcome.models_count,
        tests_count=outcome.tests_count,
        warnings=outcome.warnings,
    )


def _failure_line(failures: Sequence[str], log: Path | None) -> str:
    shown = "; ".join(failures[:SHOWN_FAILURES])
    more = len(failures) - SHOWN_FAILURES
    rest = f"; and {more} more" if more > 0 else ""
    return f"{shown}{rest}" + (f" (see {log / 'dbt.log'})" if log else "")


def _write_manifest(
    stage: publish.Stage,
    report: BuildReport,
    inputs: Sequence[Mapping[str, Any]],
    variables: Mapping[str, Any],
) -> list[str]:
    """Write what the build read and wrote; returns its files, relative to the output folder."""
    files: list[dict[str, Any]] = [{"name": file.name, "rows": file.rows} for file in report.files]
    files += [{"name": name} for name in report.pages]
    if stage.staged_database.is_relative_to(stage.exports):
        files.append({"name": stage.staged_database.relative_to(stage.exports).as_posix()})
    manifest = {
        "written_by": publish.MANIFEST_AUTHOR,
        "as_of_at": report.as_of_at,
        "variables": dict(variables),
        "inputs": list(inputs),
        "accepted_tickets": report.accepted_tickets,
        "rejected_tickets": report.rejected_tickets,
        "rejection_reasons": report.rejection_reasons,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (stage.exports / publish.MANIFEST_FILE).write_text(text, encoding="utf-8")
    return [publish.MANIFEST_FILE, *(file["name"] for file in files)]
