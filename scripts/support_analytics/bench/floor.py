"""dbt's own start-up: a project of one model beside the sample, both by the command line."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from support_analytics.bench.processes import measure_command, median_of
from support_analytics.errors import UserError

_WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def measure_floor(project: Path, runs: int, threads: int) -> dict[str, Any]:
    """`dbt build` of a one-model project and of the sample, parsed afresh and parsed before.

    Raises UserError where dbt is not beside this Python, BuildError when a build fails.
    """
    dbt = Path(sys.executable).with_name("dbt")
    if not dbt.is_file():
        raise UserError(f"{dbt} is missing: run the benchmark with the environment's own Python")
    with tempfile.TemporaryDirectory(prefix="bench_floor_") as folder:
        scratch = Path(folder)
        one_model = _one_model_project(scratch / "one_model")
        profiles = _profile(project, scratch / "sample", threads)
        return {
            "one_model": _builds(dbt, one_model, one_model, scratch / "one_model_target", runs, ()),
            "sample": _builds(dbt, project, profiles, scratch / "sample_target", runs, ()),
            "sample_without_unit_tests": _builds(
                dbt, project, profiles, scratch / "fewer_target", runs, _WITHOUT_UNIT_TESTS
            ),
        }


def _builds(
    dbt: Path, project: Path, profiles: Path, target: Path, runs: int, options: Sequence[str]
) -> dict[str, Any]:
    environment = {name: text for name, text in os.environ.items() if name[:4] != "DBT_"}
    environment |= {
        "DBT_PROFILES_DIR": str(profiles),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "SUPPORT_ANALYTICS_DB": str(target / "floor.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [str(dbt), "--quiet", "build", *options]
    measured: dict[str, list[Any]] = {"parsed_afresh": [], "parsed_before": []}
    for _ in range(runs):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for kind in measured:
            (target / "floor.duckdb").unlink(missing_ok=True)
            measured[kind].append(
                measure_command(command, environment, what="dbt build", folder=project)
            )
    return {kind: median_of(found).as_dict() for kind, found in measured.items()}


def _one_model_project(folder: Path) -> Path:
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "one.sql").write_text("select 1 as one\n", encoding="utf-8")
    settings = {"name": "one_model", "config-version": 2, "profile": "support_analytics"}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    profile = {"type": "duckdb", "path": "{{ env_var('SUPPORT_ANALYTICS_DB') }}", "threads": 1}
    outputs = {"target": "duckdb", "outputs": {"duckdb": profile}}
    text = yaml.safe_dump({"support_analytics": outputs})
    (folder / "profiles.yml").write_text(text, encoding="utf-8")
    return folder


def _profile(project: Path, folder: Path, threads: int) -> Path:
    folder.mkdir()
    profiles = yaml.safe_load((project / "profiles.example.yml").read_text(encoding="utf-8"))
    profiles["support_analytics"]["outputs"]["duckdb"]["threads"] = threads
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    return folder
