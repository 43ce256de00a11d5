"""One size after the other: every step of it, measured, and what was measured as plain data."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_analytics.bench.data import data_of
from support_analytics.bench.processes import measure_task, median_of
from support_analytics.bench.refresh import make_second_day

HANDWRITTEN = "handwritten"
PANDAS = "pandas"
BASELINES = (HANDWRITTEN, PANDAS)
FORMATS = ("csv", "parquet")
# What the day after comes in.
REFRESHED = "parquet"
Say = Callable[[str], None]


@dataclass(frozen=True)
class BenchOptions:
    """What is measured. memory_limit is DuckDB's; threads are those of DuckDB and of dbt."""

    sizes: Sequence[int]
    formats: Sequence[str]
    baselines: Sequence[str]
    folder: Path
    runs: int
    threads: int
    pandas_up_to: int
    csv_up_to: int
    memory_limit: str | None = None
    keep: bool = False


def measure_sizes(options: BenchOptions, say: Say) -> Iterator[dict[str, Any]]:
    """Every size, smallest first. Raises BuildError for a step that fails."""
    redacting_sql = measure_task("redaction").answer["sql"]
    for size in sorted(options.sizes):
        yield _Size(options, size, redacting_sql, say).measure()


class _Size:
    """The steps of one size, and the files between them."""

    def __init__(self, options: BenchOptions, tickets: int, redacting_sql: str, say: Say) -> None:
        self.options = options
        self.tickets = tickets
        self.redacting_sql = redacting_sql
        self.data = data_of(options.folder, tickets)
        self.work = options.folder / f"work_{tickets}"
        self.raw_database = self.work / "raw_tables.duckdb"
        self.raw_folder = self.work / "raw"
        self._say = say

    def measure(self) -> dict[str, Any]:
        self._make_data()
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        try:
            measured: dict[str, Any] = {
                "tickets": self.tickets,
                "files": {
                    suffix: self.data.files[suffix]["tickets"].stat().st_size for suffix in FORMATS
                },
                "builds": {suffix: self._build(suffix) for suffix in self._formats()},
            }
            if REFRESHED in self.options.formats:
                measured["refresh"] = self._refresh()
            measured |= self._models()
            if HANDWRITTEN in self.options.baselines:
                measured[HANDWRITTEN] = self._handwritten()
            if PANDAS in self.options.baselines and self.tickets <= self.options.pandas_up_to:
                measured[PANDAS] = self._pandas()
        finally:
            if not self.options.keep:
                shutil.rmtree(self.work, ignore_errors=True)
        return measured

    def say(self, what: str) -> None:
        self._say(f"{self.tickets:,} tickets: {what}")

    def _formats(self) -> list[str]:
        reads_csv = self.tickets <= self.options.csv_up_to
        return [suffix for suffix in self.options.formats if suffix != "csv" or reads_csv]

    def _make_data(self) -> None:
        if not self.data.is_made():
            self.say("generating")
            measure_task("make_data", folder=str(self.options.folder), tickets=self.tickets)

    def _repeated(self, what: str, task: str, **arguments: Any) -> dict[str, Any]:
        self.say(what)
        runs = [measure_task(task, **arguments) for _ in range(self.options.runs)]
        return median_of(runs).as_dict()

    def _build(self, suffix: str) -> dict[str, Any]:
        out = self.work / f"out_{suffix}"
        files = self.data.files[suffix]
        built = self._repeated(
            f"full build from {suffix}",
            "full_build",
            tickets=str(files["tickets"]),
            users=str(files["users"]),
            out=str(out),
            file_format=suffix,
            threads=self.options.threads,
            memory_limit=self.options.memory_limit,
        )
        if not self.raw_database.exists():
            # The rows that this build read are what models and baselines start from.
            measure_task(
                "take_raw",
                database=str(out / "support_analytics.duckdb"),
                raw_database=str(self.raw_database),
                parquet_folder=str(self.raw_folder),
            )
        if suffix != REFRESHED:
            shutil.rmtree(out)
        return built

    def _refresh(self) -> dict[str, Any]:
        """The day after the full build: once, as it replaces what it starts from."""
        self.say("generating the day after")
        day = make_second_day(self.data, self.work / "second_day")
        self.say("refresh with 1% new or changed tickets")
        out = self.work / f"out_{REFRESHED}"
        refreshed = measure_task(
            "full_build",
            tickets=str(day.tickets),
            users=str(day.users),
            out=str(out),
            file_format=REFRESHED,
            threads=self.options.threads,
            memory_limit=self.options.memory_limit,
            refresh=True,
        )
        shutil.rmtree(out)
        rows = {"new": day.new, "status_changed": day.status_changed, "late": day.late}
        rows |= {"message_changed": day.message_changed, "vanished": day.vanished}
        return refreshed.as_dict() | {"rows": rows}

    def _models(self) -> dict[str, Any]:
        database = self.work / "models.duckdb"
        measured = {}
        for name, what, only_published in (
            ("models_published", "dbt, the published marts", True),
            ("models_all", "dbt, every model", False),
        ):
            self.say(what)
            runs = []
            for _ in range(self.options.runs):
                shutil.copyfile(self.raw_database, database)
                runs.append(
                    measure_task(
                        "models",
                        database=str(database),
                        threads=self.options.threads,
                        memory_limit=self.options.memory_limit,
                        only_published=only_published,
                    )
                )
            measured[name] = median_of(runs).as_dict()
        measured["data_tests"] = self._repeated(
            "dbt, data tests",
            "data_tests",
            database=str(database),
            threads=self.options.threads,
            memory_limit=self.options.memory_limit,
        )
        database.unlink()
        return measured

    def _handwritten(self) -> dict[str, Any]:
        return self._repeated(
            "hand-written script",
            HANDWRITTEN,
            raw_database=str(self.raw_database),
            database=str(self.work / "handwritten.duckdb"),
            redacting_sql=self.redacting_sql,
            threads=self.options.threads,
            memory_limit=self.options.memory_limit,
        )

    def _pandas(self) -> dict[str, Any]:
        return self._repeated(
            PANDAS,
            PANDAS,
            raw_folder=str(self.raw_folder),
            out=str(self.work / PANDAS),
            redacting_sql=self.redacting_sql,
        )
