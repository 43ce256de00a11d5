"""What dbt parsed is used again where it has the same nodes; how its runs are judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import PROJECT
from support_analytics import dbt_runner
from support_analytics.dbt_runner import DATABASE_NAME, VARIABLES_PARSED, DbtSession
from support_analytics.errors import BuildError

KINDS = ("sql", "yml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the profile alone."""
    folder = tmp_path / "project"
    folder.mkdir()
    profile = "profiles.example.yml"
    (folder / profile).write_bytes((PROJECT / profile).read_bytes())
    return folder


def reused(
    project: Path,
    variables: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    database: str = DATABASE_NAME,
    memory_limit: str = "1GB",
) -> str | None:
    """What was parsed before and is given to dbt's next parse, by the variables of that time."""
    work = project.parent / "work"
    (work / "target").mkdir(parents=True, exist_ok=True)
    given: list[str] = []

    def parse(_: DbtSession, command: Sequence[str], variables: dict[str, Any]) -> None:
        given.extend(Path(path).read_text("utf-8") for path in command[2:])
        parsed = work / "target" / "partial_parse.msgpack"
        parsed.write_text(repr((database, variables)), "utf-8")

    monkeypatch.setattr(DbtSession, "_invoke", parse)
    settings = {"memory_limit": memory_limit}
    DbtSession(project, work / database, work, variables, 1, work, settings).parse()
    return given[0] if given else None


def test_a_parsed_project_is_for_its_nodes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = {"keep_status_history": True}
    assert reused(project, {}, monkeypatch) is None
    assert reused(project, history, monkeypatch) is None
    assert reused(project, {}, monkeypatch, database="mine.duckdb") is None
    day = {"as_of_at": "2025-09-10"}
    assert reused(project, day, monkeypatch, memory_limit="2GB") == repr((DATABASE_NAME, {}))
    assert reused(project, history | day, monkeypatch) == repr((DATABASE_NAME, history))


def test_no_other_variable_switches_nodes() -> None:
    folders = [PROJECT / name for name in ("models", "seeds", "snapshots", "tests", "macros")]
    texts = [path for folder in folders for path in folder.rglob("*") if path.suffix[1:] in KINDS]
    texts.append(PROJECT / "dbt_project.yml")
    configured = r"^\s*\+?(?:enabled|materialized|tags|schema|alias): .*?|config\([^)]*?"
    switches = re.compile(rf"(?:{configured})\bvar\(['\"](\w+)", re.MULTILINE)
    found = {name for path in texts for name in switches.findall(path.read_text("utf-8"))}
    assert found == set(VARIABLES_PARSED)


def test_parsed_projects_do_not_pile_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "_PARSE_CACHES_KEPT", 2)
    for name in "abc":
        reused(project, {}, monkeypatch, database=f"{name}.duckdb")
    assert len(list((project / "target" / "build_metrics").iterdir())) == 2
    assert reused(project, {}, monkeypatch, database="c.duckdb") is not None
    assert reused(project, {}, monkeypatch, database="a.duckdb") is None


def result(kind: str, name: str, status: str, message: str | None = None) -> SimpleNamespace:
    """What dbt says of a node that it ran; models are marts."""
    node = SimpleNamespace(
        name=name,
        resource_type=SimpleNamespace(value=kind),
        tags=["mart"] if kind == "model" else [],
        columns={},
        primary_key=["id"],
        relation_name=f"marts.{name}",
        attached_node="model.p.fct_a" if kind == "test" else None,
    )
    return SimpleNamespace(node=node, status=status, message=message, execution_time=1.5)


def session_of(
    results: list[SimpleNamespace], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> DbtSession:
    """A session whose runs end with these results."""
    ended = SimpleNamespace(results=results)
    monkeypatch.setattr(DbtSession, "_invoke", lambda *_, **__: ended)
    return DbtSession(folder, folder / DATABASE_NAME, folder, {}, 1, folder)


@pytest.mark.parametrize(
    ("kind", "status", "message", "failures", "warnings", "marts"),
    [
        ("model", "success", "OK", [], [], ["n"]),
        ("model", "error", "no column x", ["model n: no column x"], [], []),
        ("model", "skipped", None, [], [], []),
        ("seed", "error", None, ["seed n: error"], [], []),
        ("test", "pass", None, [], [], []),
        ("test", "fail", "Got 2", ["data test n (on fct_a): Got 2"], [], []),
        ("test", "error", "no column x", ["data test n (on fct_a): no column x"], [], []),
        ("test", "warn", "Got 1", [], ["data test n (on fct_a): Got 1"], []),
    ],
)
def test_failures_stop_a_build_and_warnings_do_not(
    kind: str,
    status: str,
    message: str | None,
    failures: list[str],
    warnings: list[str],
    marts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of([result(kind, "n", status, message)], tmp_path, monkeypatch)
    outcome = session.build([], lambda *_: None)
    assert (outcome.failures, outcome.warnings) == (failures, warnings)
    assert [mart.name for mart in outcome.marts] == marts
    counts = (outcome.models_count, outcome.tests_count)
    assert counts == (int(kind == "model"), int(kind == "test"))


def test_a_test_run_ends_with_its_first_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [result("test", "a", "pass"), result("test", "b", "warn", "Got 1")]
    session = session_of(results, tmp_path, monkeypatch)
    assert session.test() == {"a": 1.5, "b": 1.5}
    session = session_of([*results, result("test", "c", "fail", "Got 3")], tmp_path, monkeypatch)
    with pytest.raises(BuildError, match=r"^data test c \(on fct_a\): Got 3; see .*dbt\.log$"):
        session.test()
