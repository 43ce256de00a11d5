"""What dbt parsed is used again for the same variables, and for no others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from support_analytics import dbt_runner
from support_analytics.dbt_runner import DATABASE_NAME, DbtSession


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
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    database: str = DATABASE_NAME,
    memory_limit: str = "1GB",
) -> str | None:
    """What was parsed before and is given to dbt's next parse, by the variables of that time."""
    work = project.parent / "work"
    (work / "target").mkdir(parents=True, exist_ok=True)
    given: list[str] = []

    def parse(session: DbtSession, command: Sequence[str], *_: Any) -> None:
        given.extend(Path(path).read_text("utf-8") for path in command[2:])
        parsed = work / "target" / "partial_parse.msgpack"
        parsed.write_text(repr((database, dict(session.variables))), "utf-8")

    monkeypatch.setattr(DbtSession, "_invoke", parse)
    settings = {"memory_limit": memory_limit}
    DbtSession(project, work / database, work, variables, 1, work, settings).parse()
    return given[0] if given else None


def test_a_parsed_project_is_for_its_variables(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reused(project, {}, monkeypatch) is None
    assert reused(project, {"as_of_at": "2025-09-10"}, monkeypatch) is None
    assert reused(project, {}, monkeypatch, database="mine.duckdb") is None
    assert reused(project, {}, monkeypatch, memory_limit="2GB") == repr((DATABASE_NAME, {}))
    assert reused(project, {"as_of_at": "2025-09-10"}, monkeypatch) == repr(
        (DATABASE_NAME, {"as_of_at": "2025-09-10"})
    )


def test_parsed_projects_do_not_pile_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "_PARSE_CACHES_KEPT", 2)
    for day in (1, 2, 3):
        reused(project, {"as_of_at": f"2025-09-0{day}"}, monkeypatch)
    assert len(list((project / "target" / "build_metrics").iterdir())) == 2
    assert reused(project, {"as_of_at": "2025-09-03"}, monkeypatch) is not None
    assert reused(project, {"as_of_at": "2025-09-01"}, monkeypatch) is None
