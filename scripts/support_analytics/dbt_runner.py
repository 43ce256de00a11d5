"""Run dbt in this process, quietly: progress to a callback, errors in one line, chatter logged."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support_analytics import interruption
from support_analytics.errors import BuildError, one_line

# What dbt parses holds the name of the database: sessions of this name share one parsed project.
DATABASE_NAME = "support_analytics.duckdb"
# Vars by which nodes are switched on. All others are read when a node is run, so that a new
# "now" or time zone costs no parsing.
VARIABLES_PARSED = ("keep_status_history",)
PROFILE = "support_analytics"
TARGET = "duckdb"
# In a column's meta: the text in it is a person's, and is redacted wherever people see it.
TEXT_META = "contains_message_text"
_PATH_VARIABLE = "SUPPORT_ANALYTICS_BUILD_DATABASE"
_PARSE_CACHE = "partial_parse.msgpack"
_PARSE_CACHES_KEPT = 8
# Unit tests are about the models, not about the data.
NOT_BUILT = ("unit_test",)


@dataclass(frozen=True)
class Mart:
    """A published model of the run."""

    name: str
    relation: str
    key: tuple[str, ...]
    redacted_columns: frozenset[str]


@dataclass
class Outcome:
    """How a `dbt build` ended. Failures and warnings are lines for a person."""

    marts: list[Mart] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    models_count: int = 0
    tests_count: int = 0


@dataclass
class DbtSession:
    """One project, one DuckDB file, one set of vars; parsed once. settings are DuckDB's.

    work is a scratch folder for the profile and dbt's target; variables are dbt vars. read_only
    leaves the file to other readers at the same time.
    """

    project: Path
    database: Path
    work: Path
    variables: Mapping[str, Any]
    threads: int
    log_folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    _manifest: Any = field(default=None, repr=False)

    def parse(self) -> None:
        """Parse the project. Raises BuildError."""
        profiles = yaml.safe_load((self.project / "profiles.example.yml").read_text("utf-8"))
        output = profiles[PROFILE]["outputs"][TARGET]
        output |= {"path": f"{{{{ env_var('{_PATH_VARIABLE}') }}}}", "threads": self.threads}
        # Given once, when the file is opened: a profile's settings are set again for each model,
        # and a spill folder that is in use cannot be set.
        options = dict(self.settings) | ({"access_mode": "READ_ONLY"} if self.read_only else {})
        output["config_options"] = output.get("config_options", {}) | options
        profile = {PROFILE: {"target": TARGET, "outputs": {TARGET: output}}}
        (self.work / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")

        cache = self._parse_cache()
        cached = ["--partial-parse-file-path", str(cache)] if cache.is_file() else []
        self._manifest = self._invoke(["parse", *cached], variables=self._variables_parsed())
        # Best effort: without the cache the next run only parses longer.
        with contextlib.suppress(OSError):
            cache.parent.mkdir(parents=True, exist_ok=True)
            scratch = cache.with_suffix(f".{os.getpid()}")
            shutil.copyfile(self.work / "target" / _PARSE_CACHE, scratch)
            scratch.replace(cache)
            caches = sorted(cache.parent.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)
            for old in caches[:-_PARSE_CACHES_KEPT]:
                old.unlink()

    def render(self, jinja: str) -> str:
        """Return the SQL that a Jinja text compiles to in the project. Raises BuildError."""
        result = self._invoke(["compile", "--inline", jinja])
        return result.results[0].node.compiled_code

    def build(
        self, loaded_seeds: Sequence[str], progress: Callable[[int, int, str], None]
    ) -> Outcome:
        """Build and test everything but unit tests and the seeds that were loaded by hand.

        progress gets finished and all nodes, and the name of the last. Failing nodes are in the
        outcome; raises BuildError when dbt itself fails.
        """
        finished = 0
        total = 0

        def on_event(event: Any) -> None:
            nonlocal finished, total
            if event.info.name == "LogStartLine":
                total = event.data.total
            if event.info.name == "NodeFinished":
                finished += 1
                progress(finished, max(total, finished), event.data.node_info.node_name)

        result = self._invoke(
            # With other indirect selections, leaving out a seed leaves out the tests that compare
            # it with models.
            [
                "build",
                "--indirect-selection=empty",
                *(f"--exclude-resource-type={kind}" for kind in NOT_BUILT),
                *(f"--exclude={seed}" for seed in loaded_seeds),
            ],
            on_event,
        )
        return self._outcome(result.results)

    def run(self, *nodes: str) -> dict[str, float]:
        """Load and run the seeds and models that are named, without tests. Raises BuildError.

        Returns the seconds of each, by its name.
        """
        return self._timed(
            ["build", "--exclude-resource-types", "test", "unit_test", "--select", *nodes]
        )

    def test(self) -> dict[str, float]:
        """Run every data test. Raises BuildError for the first that fails.

        Returns the seconds of each, by its name.
        """
        return self._timed(["test", "--exclude-resource-type=unit_test"])

    def write_docs(self) -> Path:
        """Document the built database; returns dbt's one page. Raises BuildError."""
        self._invoke(["docs", "generate", "--static"], writes_json=True)
        return self.work / "target" / "static_index.html"

    def close(self) -> None:
        """Let go of the DuckDB file."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import cleanup_connections, reset_adapters

        cleanup_connections()
        # dbt keeps the file open, and part of it in the write-ahead log, until the process ends.
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
        reset_adapters()

    def _variables_parsed(self) -> dict[str, Any]:
        return {name: self.variables[name] for name in VARIABLES_PARSED if name in self.variables}

    def _parse_cache(self) -> Path:
        """Where the parsed project is kept, for the same nodes and name of the database.

        dbt does not reuse what was parsed for others.
        """
        given = repr((self.database.stem, sorted(self._variables_parsed().items())))
        name = f"{hashlib.sha256(given.encode()).hexdigest()[:16]}.msgpack"
        return self.project / "target" / "build_metrics" / name

    def _invoke(
        self,
        command: Sequence[str],
        on_event: Callable[[Any], None] | None = None,
        writes_json: bool = False,
        variables: Mapping[str, Any] | None = None,
    ) -> Any:
        from dbt.cli.main import dbtRunner

        _forget_settings_when_parsing()
        messages: list[str] = []

        def collect(event: Any) -> None:
            if event.info.level == "error":
                messages.append(event.info.msg)
            if on_event:
                on_event(event)

        quiet = ["--log-level=none", "--log-level-file=info", "--no-print"]
        quiet.append("--write-json" if writes_json else "--no-write-json")
        folders = [
            f"--project-dir={self.project}",
            f"--profiles-dir={self.work}",
            f"--target={TARGET}",
            f"--target-path={self.work / 'target'}",
            f"--log-path={self.log_folder}",
        ]
        given = dict(self.variables if variables is None else variables)
        flow = yaml.safe_dump(given, default_flow_style=True, width=10**6)
        with _clean_surroundings(self.database):
            run = dbtRunner(manifest=self._manifest, callbacks=[collect]).invoke(
                [*quiet, *command, *folders, f"--vars={flow.strip()}"]
            )
        # dbt reports an interruption as a failure of what it was at, or not at all.
        interruption.check()
        if isinstance(run.exception, KeyboardInterrupt | SystemExit):
            raise run.exception
        if run.result is None or run.exception is not None:
            reason = str(run.exception or " ".join(messages) or "no message")
            raise BuildError(
                f"dbt {command[0]} failed: {plain_message(reason)}; {self._log_hint()}"
            )
        return run.result

    def _timed(self, command: Sequence[str]) -> dict[str, float]:
        results = self._invoke(command).results
        failures = self._outcome(results).failures
        if failures:
            raise BuildError(f"{failures[0]}; {self._log_hint()}")
        return {result.node.name: result.execution_time for result in results}

    def _outcome(self, results: Sequence[Any]) -> Outcome:
        outcome = Outcome()
        for result in results:
            node, status = result.node, str(result.status)
            kind = node.resource_type.value
            outcome.models_count += kind == "model"
            outcome.tests_count += kind == "test"
            line = f"{'data test' if kind == 'test' else kind} {_readable_name(node)}: "
            line += plain_message(result.message or status)
            if status in ("error", "fail"):
                outcome.failures.append(line)
            elif status == "warn":
                outcome.warnings.append(line)
            if kind == "model" and "mart" in node.tags and status == "success":
                outcome.marts.append(_mart(node))
        outcome.marts.sort(key=lambda mart: mart.name)
        return outcome

    def _log_hint(self) -> str:
        return f"see {self.log_folder / 'dbt.log'}"


@contextlib.contextmanager
def scratch_session(
    project: Path,
    work: Path | None = None,
    *,
    database: Path | None = None,
    read_only: bool = False,
) -> Iterator[DbtSession]:
    """A parsed session with the project's own variables, closed in the end. Raises BuildError.

    work is the caller's scratch folder; without it there is one that goes in the end. database is
    support_analytics.duckdb in it where none is given.
    """
    with contextlib.ExitStack() as cleanup:
        if work is None:
            folder = tempfile.TemporaryDirectory(prefix="support_analytics_")
            work = Path(cleanup.enter_context(folder))
        session = DbtSession(
            project=project,
            database=database or work / DATABASE_NAME,
            work=work,
            variables={},
            threads=1,
            log_folder=log_folder(project, work),
            read_only=read_only,
        )
        cleanup.callback(session.close)
        session.parse()
        yield session


def log_folder(project: Path, fallback: Path) -> Path:
    """Where dbt's chatter is kept: the project's logs, or fallback where they cannot be written."""
    folder = project / "logs" / "build_metrics"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return fallback
    return folder if os.access(folder, os.W_OK) else fallback


def plain_message(message: str) -> str:
    """dbt's message without its headings and positions, in one line."""
    lines = [line.strip() for line in message.strip().splitlines()]
    if len(lines) > 1 and re.match(r"[A-Z]\w+ Error( in \w+ \S+ \(.*\))?$", lines[0]):
        lines = lines[1:]
    lines = [line for line in lines if not line.startswith(("compiled code at", ">"))]
    return re.sub(r"^(Invalid Input|Runtime) Error: ", "", one_line(" ".join(lines)))


def _mart(node: Any) -> Mart:
    redacted = frozenset(
        column.name
        for column in node.columns.values()
        if column.meta.get(TEXT_META) or column.config.meta.get(TEXT_META)
    )
    return Mart(node.name, node.relation_name, tuple(node.primary_key), redacted)


def _readable_name(node: Any) -> str:
    # Long names of generic tests are cut and hashed by dbt; what they check is said by their parts.
    attached = (getattr(node, "attached_node", None) or "").rsplit(".", 1)[-1]
    return f"{node.name} (on {attached})" if attached and attached not in node.name else node.name


def _forget_settings_when_parsing() -> None:
    """Let dbt reuse its parsed project where the file lies elsewhere or DuckDB has other settings.

    dbt compares all connection settings with those of the last parse. These two change nothing in
    the project, but cost seconds of parsing for each new output folder.
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    keys = DuckDBCredentials._connection_keys
    if getattr(keys, "is_cut", False):
        return

    def cut_keys(credentials: DuckDBCredentials) -> tuple[str, ...]:
        return tuple(key for key in keys(credentials) if key not in ("path", "config_options"))

    cut_keys.is_cut = True
    DuckDBCredentials._connection_keys = cut_keys


@contextlib.contextmanager
def _clean_surroundings(database: Path) -> Iterator[None]:
    """Keep the caller's DBT_* settings, working folder and Python warnings out of the run.

    The database's path reaches the profile as a variable: dbt would run Jinja that stands in it.
    """
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DBT_")}
    folder = Path.cwd()
    os.environ[_PATH_VARIABLE] = str(database)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        del os.environ[_PATH_VARIABLE]
        os.environ.update(kept)
        os.chdir(folder)
