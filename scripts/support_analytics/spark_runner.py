"""Run the project's models on Spark in this process, and read what they made with DuckDB."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import yaml

from support_analytics.dbt_runner import PROFILE, plain_message
from support_analytics.errors import BuildError, UserError
from support_analytics.mart_diff import MartRelation, mart_relations
from support_analytics.quoting import literal, quoted

TARGET = "spark"
REQUIREMENTS = "requirements-spark.txt"
# Tables live as long as the process does, so that no metastore has to be made; little is said.
# Compiling a hundred small queries would take longer than interpreting them.
_SETTINGS = {
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.wholeStage": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_METASTORE = "spark.hadoop.javax.jdo.option.ConnectionURL"


class SparkBuild:
    """The project on Spark, with warehouse, profile, dbt's target and logs in the folder work."""

    def __init__(self, project: Path, work: Path) -> None:
        """Write the profile. Raises UserError where Spark or Java is not installed."""
        check_installed()
        self.project = project
        self.work = work
        self.warehouse = work / "warehouse"
        self._manifest: Any = None
        # Spark refuses to make a table over files of an earlier process.
        shutil.rmtree(self.warehouse, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        profiles = yaml.safe_load((project / "profiles.example.yml").read_text(encoding="utf-8"))
        output = profiles[PROFILE]["outputs"][TARGET]
        settings = output["server_side_parameters"]
        settings.pop(_METASTORE, None)
        settings |= _SETTINGS | {
            "spark.sql.warehouse.dir": str(self.warehouse),
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={work}",
        }
        profile = {PROFILE: {"target": TARGET, "outputs": {TARGET: output}}}
        (work / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")

    @property
    def marts(self) -> dict[str, MartRelation]:
        """The marts of the last build."""
        return mart_relations(self.work / "target" / "manifest.json")

    def build(self, variables: Mapping[str, Any], *arguments: str) -> None:
        """Load seeds and run all models, without tests. Raises BuildError."""
        self.run("build", variables, "--exclude-resource-types", "test", "unit_test", *arguments)

    def run(self, command: str, variables: Mapping[str, Any], *arguments: str) -> Sequence[Any]:
        """Run a dbt command and return its results. Raises BuildError where a node fails."""
        from dbt.cli.main import dbtRunner

        def invoke(*words: str) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                quiet = ("--log-level=none", "--log-level-file=info", "--no-print")
                return dbtRunner(manifest=self._manifest).invoke([*quiet, *words, *options])

        options = [
            f"--project-dir={self.project}",
            f"--profiles-dir={self.work}",
            f"--target-path={self.work / 'target'}",
            f"--log-path={self.work / 'logs'}",
            f"--vars={yaml.safe_dump(dict(variables), default_flow_style=True, width=10**6)}",
        ]
        kept = {name: os.environ.pop(name) for name in list(os.environ) if name[:4] == "DBT_"}
        folder = Path.cwd()
        try:
            if self._manifest is None:
                # Parsed once: vars are read when models run.
                self._manifest = invoke("parse").result
            run = invoke(command, *arguments)
        finally:
            os.environ.update(kept)
            os.chdir(folder)
        if isinstance(run.exception, KeyboardInterrupt | SystemExit):
            raise run.exception
        results = getattr(run.result, "results", None)
        if results is None:
            raise BuildError(f"dbt {command} on Spark failed: {run.exception}")
        failed = [
            f"{result.node.name}: {plain_message(result.message or str(result.status))}"
            for result in results
            if str(result.status) in ("error", "fail")
        ]
        if failed:
            raise BuildError(f"on Spark, {failed[0]}; {len(failed)} failed in all")
        return results

    def copy_marts(self, database: Path) -> None:
        """Write the marts of the last build into a new DuckDB file, under the same names."""
        database.unlink(missing_ok=True)
        with duckdb.connect(str(database)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for mart in self.marts.values():
                files = self.warehouse / f"{mart.schema}.db" / mart.name / "*.parquet"
                rows = f"read_parquet({literal(files)})"
                described = connection.execute(f"describe select * from {rows}").fetchall()
                # Spark's timestamps are instants, which the session's zone shows: UTC.
                columns = ", ".join(
                    f"cast({quoted(name)} as timestamp) as {quoted(name)}"
                    if kind == "TIMESTAMP WITH TIME ZONE"
                    else quoted(name)
                    for name, kind, *_ in described
                )
                schema, name = quoted(mart.schema), quoted(mart.name)
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(f"create table {schema}.{name} as select {columns} from {rows}")

    def close(self) -> None:
        """Stop Spark."""
        from dbt.adapters.factory import cleanup_connections, reset_adapters
        from pyspark.sql import SparkSession

        cleanup_connections()
        reset_adapters()
        session = SparkSession.getActiveSession()
        if session is not None:
            session.stop()


def check_installed() -> None:
    """Raise UserError where dbt-spark, PySpark or Java is missing."""
    missing = [name for name in ("dbt.adapters.spark", "pyspark") if find_spec(name) is None]
    if missing:
        raise UserError(f"{missing[0]} is not installed: pip install -r {REQUIREMENTS}")
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        raise UserError("Java is not installed: Spark needs version 17 or newer, or JAVA_HOME")
