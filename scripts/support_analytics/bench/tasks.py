"""What the benchmark measures, each in a process of its own: `python -m ...tasks < request`."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.bench import data
from support_analytics.bench.handwritten import run, script
from support_analytics.bench.marts import MARTS
from support_analytics.bench.processes import Clock
from support_analytics.bench.settings import read_settings, read_sla_targets
from support_analytics.build import BuildOptions, build
from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import SupportAnalyticsError, reported
from support_analytics.progress import Progress
from support_analytics.quoting import literal

RULES = PROJECT / "seeds" / "category_rules.csv"
_RAW_TABLES = ("tickets_raw", "users_raw")


class PhaseRecorder(Progress):
    """Progress that keeps when each phase began instead of showing it."""

    def __init__(self) -> None:
        super().__init__(stream=None)
        self.marks: list[tuple[str, dict[str, float]]] = []
        self._clock = Clock()

    def phase(self, name: str) -> None:
        """Begin a phase."""
        self.marks.append((name, self._clock.seconds()))
        super().phase(name)

    def phases(self) -> dict[str, dict[str, float]]:
        """Seconds of each phase, all reading as one."""
        spent: dict[str, dict[str, float]] = {}
        ends = [mark for _, mark in self.marks[1:]] + [self._clock.seconds()]
        for (name, start), end in zip(self.marks, ends, strict=True):
            total = spent.setdefault("reading" if name.startswith("reading ") else name, {})
            for unit, seconds in end.items():
                total[unit] = total.get(unit, 0.0) + seconds - start[unit]
        return spent


def make_data(folder: str, tickets: int) -> dict[str, Any]:
    """Generate the files of a size."""
    data.make(data.data_of(Path(folder), tickets))
    return {}


def full_build(
    tickets: str,
    users: str,
    out: str,
    file_format: str,
    threads: int,
    memory_limit: str | None,
    refresh: bool = False,
) -> dict[str, Any]:
    """A build or a refresh as the command line makes it: read, models, data tests, exports."""
    progress = PhaseRecorder()
    report = build(
        BuildOptions(
            tickets=tickets,
            users=users,
            out=Path(out),
            file_format=file_format,
            threads=threads,
            memory_limit=memory_limit,
            refresh=refresh,
        ),
        progress,
    )
    return {
        "phases": progress.phases(),
        "accepted_tickets": report.accepted_tickets,
        "rejected_tickets": report.rejected_tickets,
        "models_count": report.models_count,
        "tests_count": report.tests_count,
        "database_bytes": report.database.stat().st_size,
    }


def take_raw(database: str, raw_database: str, parquet_folder: str) -> dict[str, Any]:
    """Copy the raw tables that a build read, for the models alone and for the two baselines."""
    target = Path(raw_database)
    target.unlink(missing_ok=True)
    folder = Path(parquet_folder)
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(raw_database) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema raw")
        connection.execute(f"attach {literal(database)} as built (read_only)")
        for table in _RAW_TABLES:
            connection.execute(f"create table raw.{table} as from built.raw.{table}")
            connection.execute(
                f"copy raw.{table} to {literal(folder / f'{table}.parquet')}"
                " (format parquet, compression zstd)"
            )
    return {}


def models(
    database: str, threads: int, memory_limit: str | None, only_published: bool
) -> dict[str, Any]:
    """dbt's models on raw tables that are there: those of the shared marts, or all of them."""
    with _session(database, threads, memory_limit) as session:
        clock = Clock()
        session.parse()
        parsing = clock.seconds()
        seeds = [path.stem for path in (PROJECT / "seeds").glob("*.csv")]
        session.run(*(seed for seed in seeds if seed not in _RAW_TABLES))
        nodes = [f"+{mart},resource_type:model" for mart in MARTS]
        clock = Clock()
        node_seconds = session.run(*(nodes if only_published else ["resource_type:model"]))
        running = clock.seconds()
    return {
        "parsing": parsing,
        "running": running,
        "node_seconds": node_seconds,
        "database_bytes": Path(database).stat().st_size,
    }


def data_tests(database: str, threads: int, memory_limit: str | None) -> dict[str, Any]:
    """dbt's data tests on a database whose models are made."""
    with _session(database, threads, memory_limit) as session:
        session.parse()
        clock = Clock()
        node_seconds = session.test()
        running = clock.seconds()
    return {"running": running, "node_seconds": node_seconds}


def redaction() -> dict[str, Any]:
    """The SQL that redacts a column, as the project's macro writes it."""
    with (
        tempfile.TemporaryDirectory(prefix="bench_redaction_") as folder,
        _session(str(Path(folder) / "scratch.duckdb"), 1, None) as session,
    ):
        session.parse()
        sql = session.render("{{ redact_text('column_placeholder') }}").strip()
    return {"sql": sql}


def handwritten(
    raw_database: str,
    database: str,
    redacting_sql: str,
    threads: int,
    memory_limit: str | None,
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The hand-written script on the raw tables, into a database of its own."""
    Path(database).unlink(missing_ok=True)
    statements = script(
        "raw_build.raw.tickets_raw",
        "raw_build.raw.users_raw",
        RULES,
        read_sla_targets(PROJECT),
        read_settings(PROJECT, variables),
        lambda column: redacting_sql.replace("column_placeholder", column),
    )
    # As the project's profile: order is only kept by those who ask for it.
    settings: dict[str, Any] = {"threads": threads, "preserve_insertion_order": False}
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    with duckdb.connect(database, config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {literal(raw_database)} as raw_build (read_only)")
        clock = Clock()
        statement_seconds = run(connection, statements)
        connection.execute("checkpoint")
        running = clock.seconds()
    return {
        "running": running,
        "statement_seconds": statement_seconds,
        "database_bytes": Path(database).stat().st_size,
    }


def pandas(
    raw_folder: str,
    out: str,
    redacting_sql: str,
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The marts by pandas, from Parquet of the raw tables to a Parquet file each."""
    from support_analytics.bench.pandas_marts import make_marts, read_raw

    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock()
    tickets, users = read_raw(Path(raw_folder))
    reading = clock.seconds()
    marts = make_marts(
        tickets,
        users,
        RULES,
        read_sla_targets(PROJECT),
        read_settings(PROJECT, variables),
        lambda texts: redact_texts(texts, redacting_sql),
    )
    for name, frame in marts.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return {"reading": reading, "running": clock.seconds()}


def redact_texts(texts: list[str | None], redacting_sql: str) -> list[str | None]:
    """The few texts that a mart shows, redacted by the project's macro."""
    with duckdb.connect() as connection:
        connection.execute("create table texts (position integer, text varchar)")
        if texts:
            connection.executemany("insert into texts values (?, ?)", list(enumerate(texts)))
        redacted = redacting_sql.replace("column_placeholder", "text")
        rows = connection.execute(f"select {redacted} from texts order by position").fetchall()
    return [text for (text,) in rows]


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        make_data,
        full_build,
        take_raw,
        models,
        data_tests,
        redaction,
        handwritten,
        pandas,
    )
}


@contextlib.contextmanager
def _session(database: str, threads: int, memory_limit: str | None) -> Iterator[DbtSession]:
    settings = {"threads": str(threads)}
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    with tempfile.TemporaryDirectory(prefix="bench_dbt_") as work:
        session = DbtSession(
            project=PROJECT,
            database=Path(database),
            work=Path(work),
            variables={},
            threads=threads,
            log_folder=Path(work),
            settings=settings,
        )
        try:
            yield session
        finally:
            session.close()


def main() -> int:
    """Run the task that stdin asks for and write its answer."""
    request = json.load(sys.stdin)
    try:
        answer = TASKS[request["task"]](**request["arguments"])
    except SupportAnalyticsError as error:
        return reported(error)
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
