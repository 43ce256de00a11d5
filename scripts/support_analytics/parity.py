"""The same rows through the same models on DuckDB and on Spark, and every mart compared."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import DbtSession
from support_analytics.mart_diff import RELATIVE_TOLERANCE, MartDiff, diff_marts, summary_table
from support_analytics.progress import Progress
from support_analytics.quoting import literal
from support_analytics.spark_runner import SparkBuild

WORK = Path("target") / "parity"
# A difference of nearly equal figures has lost the digits that a relative tolerance asks for.
ABSOLUTE_TOLERANCE = 1e-9
_RAW_SEEDS = ("tickets_raw", "users_raw")
_VERSIONED = ("dbt-core", "dbt-duckdb", "duckdb", "dbt-spark", "pyspark")


@dataclass(frozen=True)
class Dataset:
    """Raw rows and settings of one comparison: the vars with which DuckDB builds them.

    Without tickets_path they are the seeds, which both engines read from their CSV files. With it,
    Spark reads the raw tables that DuckDB made of the files, as Parquet.
    """

    name: str
    about: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """One mart of one dataset: what was compared and what differs."""

    rows: int
    cells: int
    diff: MartDiff

    @property
    def differences(self) -> int:
        """Cells that differ, rows that one side lacks, columns and types that differ."""
        diff = self.diff
        others = (diff.columns_added, diff.columns_removed, diff.types_changed)
        counted = diff.cells_changed + diff.rows_added + diff.rows_removed
        return counted + sum(map(len, others)) + diff.is_new + diff.is_gone


@dataclass
class ParityReport:
    """Comparisons by dataset and mart, in their order."""

    datasets: Sequence[Dataset]
    compared: dict[str, dict[str, Comparison]]
    seconds: float = 0.0

    @property
    def differences(self) -> int:
        """How many differences there are in all."""
        return sum(one.differences for marts in self.compared.values() for one in marts.values())

    @property
    def cells(self) -> int:
        """How many cells were compared in all."""
        return sum(one.cells for marts in self.compared.values() for one in marts.values())


def compare(
    datasets: Sequence[Dataset], progress: Progress | None = None, project: Path = PROJECT
) -> ParityReport:
    """Build each dataset on both engines, in target/parity, and compare their marts.

    Raises UserError where Spark or Java is missing and BuildError when an engine fails.
    """
    progress = progress or Progress(stream=None)
    work = project / WORK
    spark = SparkBuild(project, work / "spark")
    shutil.rmtree(work / "duckdb", ignore_errors=True)
    databases = _build_on_duckdb(datasets, work / "duckdb", project, progress)
    compared = {}
    try:
        for dataset in datasets:
            progress.phase(f"{dataset.name}: Spark")
            folder = work / "duckdb" / dataset.name
            spark.build(_spark_variables(dataset, databases[dataset.name], folder))
            spark.copy_marts(folder / "spark_marts.duckdb")
            progress.phase(f"{dataset.name}: comparing")
            compared[dataset.name] = compare_files(
                databases[dataset.name], folder / "spark_marts.duckdb", spark
            )
    finally:
        spark.close()
    progress.end()
    return ParityReport(datasets, compared, progress.seconds)


def compare_files(database: Path, spark_database: Path, spark: Any) -> dict[str, Comparison]:
    """The marts that `spark.marts` names, of DuckDB's file and of the one made on Spark."""
    diffs = diff_marts(database, spark_database, spark.marts, spark.marts, ABSOLUTE_TOLERANCE)
    with duckdb.connect(str(database), read_only=True) as connection:
        sizes = {
            name: connection.execute(
                "select (select count(*) from duckdb_columns()"
                " where schema_name = ? and table_name = ?),"
                f' (select count(*) from "{mart.schema}"."{name}")',
                [mart.schema, name],
            ).fetchone()
            for name, mart in spark.marts.items()
        }
    return {
        diff.name: Comparison(
            rows=sizes[diff.name][1], cells=sizes[diff.name][0] * sizes[diff.name][1], diff=diff
        )
        for diff in diffs
    }


def markdown(report: ParityReport, command: str = "make parity") -> str:
    """The report as a page, with the command that made it. The same marts give the same page."""
    lines = [
        "# DuckDB and Spark, cell by cell",
        "",
        f"Made by `{command}`: the same rows through the same models on both engines, and every "
        "cell of every mart compared.",
        f"Floats are equal within {RELATIVE_TOLERANCE:g}, relative or absolute; everything else "
        "exactly, types too.",
        "",
        f"**{report.cells:,} cells compared, {report.differences:,} differences.** "
        f"{', '.join(f'{name} {version(name)}' for name in _VERSIONED)}.",
        "",
        "| dataset | rows | cells | differences | what it is |",
        "|---|---:|---:|---:|---|",
    ]
    for dataset in report.datasets:
        marts = report.compared[dataset.name].values()
        lines.append(
            f"| {dataset.name} | {sum(one.rows for one in marts):,} "
            f"| {sum(one.cells for one in marts):,} "
            f"| {sum(one.differences for one in marts):,} | {dataset.about} |"
        )
    names = [dataset.name for dataset in report.datasets]
    lines += ["", f"| mart | {' | '.join(f'cells, {name}' for name in names)} | differences |"]
    lines.append(f"|---|{'---:|' * len(names)}---:|")
    for mart in report.compared[names[0]]:
        compared = [report.compared[name][mart] for name in names]
        cells = " | ".join(f"{one.cells:,}" for one in compared)
        lines.append(f"| `{mart}` | {cells} | {sum(one.differences for one in compared):,} |")
    for dataset in report.datasets:
        diffs = [one.diff for one in report.compared[dataset.name].values()]
        if not all(diff.is_same for diff in diffs):
            lines += ["", f"## What differs: {dataset.name}", "", summary_table(diffs).rstrip()]
    return "\n".join(lines) + "\n"


def _build_on_duckdb(
    datasets: Sequence[Dataset], folder: Path, project: Path, progress: Progress
) -> dict[str, Path]:
    """The DuckDB files by dataset. The project is parsed once: vars are read when models run."""
    folder.mkdir(parents=True)
    session = DbtSession(project, folder, folder, {}, threads=2, log_folder=folder / "logs")
    try:
        session.parse()
        for dataset in datasets:
            progress.phase(f"{dataset.name}: DuckDB")
            session.database = folder / dataset.name / "duckdb.duckdb"
            session.database.parent.mkdir()
            session.variables = dataset.variables
            session.run("fqn:*")
            session.close()
    finally:
        session.close()
    return {dataset.name: folder / dataset.name / "duckdb.duckdb" for dataset in datasets}


def _spark_variables(dataset: Dataset, database: Path, folder: Path) -> dict[str, Any]:
    if "tickets_path" not in dataset.variables:
        return dict(dataset.variables)
    sources = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for seed in _RAW_SEEDS:
            path = folder / f"{seed}.parquet"
            connection.execute(f"copy raw.{seed} to {literal(path)} (format parquet)")
            sources[f"{seed.removesuffix('_raw')}_path"] = str(path)
    kept = {k: v for k, v in dataset.variables.items() if k != "users_relation"}
    return kept | sources
