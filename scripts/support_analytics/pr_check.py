"""What a change does: the base's sample, then what the change modified, then the marts compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import DATABASE_NAME
from support_analytics.errors import BuildError, UserError, one_line
from support_analytics.mart_diff import diff_marts, mart_relations, summary_table

WORK = Path("target") / "pr_check"
DEFAULT_BASES = ("origin/main", "main")
# dbt compares what stands in a node's own file. What else decides on the marts:
EVERYTHING = ("requirements.txt", "packages.yml", "package_standins/", "profiles.example.yml")
NO_TESTS = ("--exclude-resource-types", "test", "unit_test")
SHOWN_NODES = 12


@dataclass
class Report:
    """How the check ended: the summary, and the lines of what failed."""

    markdown: str
    failures: list[str] = field(default_factory=list)


def check(base: str | None = None, project: Path = PROJECT) -> Report:
    """Build base and change in target/pr_check and compare them.

    The change is the working tree as it is, commits or not. Raises UserError for an unknown base
    and BuildError when the base does not build.
    """
    commit = _fork_point(project, base)
    work = project / WORK
    base_folder, head_folder = work / commit[:12], work / "head"
    if not (base_folder / "manifest.json").is_file():
        with _worktree(project, commit, work / "worktree") as tree:
            _build_base(tree, base_folder)
    shutil.rmtree(head_folder, ignore_errors=True)
    head_folder.mkdir(parents=True)
    # What the change leaves alone stands in the copy already, so nothing needs to be deferred.
    shutil.copyfile(base_folder / DATABASE_NAME, head_folder / DATABASE_NAME)
    selection = _selection(project, commit)
    selected = [*(("--select", *selection) if selection else ()), "--state", str(base_folder)]
    # Tests come after all models: a failing one would keep the models behind it as they were.
    results = []
    written = head_folder / "target" / "run_results.json"
    # Incremental models would keep the rows that the base's code made.
    for command in (("build", "--full-refresh", *NO_TESTS), ("test", "--indirect-selection=eager")):
        # Where nothing is selected, dbt leaves the results of the command before.
        written.unlink(missing_ok=True)
        run = _dbt(project, head_folder, *command, *selected)
        if run.returncode > 1:
            raise BuildError(f"dbt {command[0]} failed: {_last_lines(run)}")
        results += _results(written)
    diffs = diff_marts(
        base_folder / DATABASE_NAME,
        head_folder / DATABASE_NAME,
        mart_relations(base_folder / "manifest.json"),
        mart_relations(head_folder / "target" / "manifest.json"),
    )
    return _report(commit, base, selection, results, summary_table(diffs))


def _fork_point(project: Path, base: str | None) -> str:
    for reference in [base] if base else DEFAULT_BASES:
        found = _git(project, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        if found.returncode == 0:
            fork = _git(project, "merge-base", "HEAD", found.stdout.strip())
            if fork.returncode:
                raise UserError(f"--base {reference} has no common commit with this branch")
            return fork.stdout.strip()
    raise UserError(
        f"--base {base or DEFAULT_BASES[0]} is no commit here; fetch it, or name another"
    )


def _build_base(tree: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packages = _run([sys.executable, "scripts/install_packages.py"], tree)
    if packages.returncode:
        raise BuildError(f"base: {_last_lines(packages)}")
    built = _dbt(tree, folder, "build", *NO_TESTS)
    if built.returncode:
        raise BuildError(f"the base does not build: {_last_lines(built)}")
    # Written last: its presence says that the base is complete.
    shutil.copyfile(folder / "target" / "manifest.json", folder / "manifest.json")


def _selection(project: Path, commit: str) -> list[str]:
    """What dbt is to build; nothing stands for everything."""
    listed = _git(project, "diff", "--name-only", commit).stdout.splitlines()
    listed += _git(project, "ls-files", "--others", "--exclude-standard").stdout.splitlines()
    settings = _git(project, "show", f"{commit}:dbt_project.yml").stdout
    if any(path.startswith(EVERYTHING) for path in listed) or (
        _vars(settings) != _vars((project / "dbt_project.yml").read_text(encoding="utf-8"))
    ):
        return []
    # dbt compares the contents of small seeds only; git compares them all.
    seeds = sorted({Path(path).stem for path in listed if path.startswith("seeds/")})
    return ["state:modified+", *(f"{seed}+" for seed in seeds if _is_seed(project, seed))]


def _vars(settings: str) -> Any:
    return (yaml.safe_load(settings) or {}).get("vars")


def _is_seed(project: Path, name: str) -> bool:
    return (project / "seeds" / f"{name}.csv").is_file()


def _results(path: Path) -> list[Mapping[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["results"] if path.is_file() else []


def _report(
    commit: str,
    base: str | None,
    selection: Sequence[str],
    results: Sequence[Mapping[str, Any]],
    table: str,
) -> Report:
    kinds = {"model": [], "seed": [], "test": [], "unit_test": [], "snapshot": []}
    failures = []
    for result in results:
        # Generic tests have a hash behind their name, unit tests their model before it.
        kind, _, name, *rest = result["unique_id"].split(".")
        name = rest[-1] if rest and kind == "unit_test" else name
        kinds.setdefault(kind, []).append(name)
        if result["status"] in ("error", "fail", "runtime error", "skipped"):
            message = one_line(result["message"] or result["status"])
            failures.append(f"{kind} `{name}`: {message}")
    built = [*kinds["seed"], *kinds["model"]]
    shown = ", ".join(f"`{name}`" for name in built[:SHOWN_NODES])
    more = f" and {len(built) - SHOWN_NODES} more" if len(built) > SHOWN_NODES else ""
    tests = len(kinds["test"]) + len(kinds["unit_test"])
    why = "what changed and its children" if selection else "everything, as settings changed"
    lines = [
        "## What this change does to the sample",
        "",
        f"Against `{commit[:12]}`{f' ({base})' if base else ''}: {why}.",
        "",
        f"- seeds and models: {len(built)}{f' ({shown}{more})' if built else ''}",
        f"- tests: {tests}",
        f"- failures: {len(failures)}",
        *(f"    - {failure}" for failure in failures),
        "",
        table,
    ]
    return Report("\n".join(lines), failures)


@contextmanager
def _worktree(project: Path, commit: str, folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    _git(project, "worktree", "prune")
    added = _git(project, "worktree", "add", "--detach", str(folder), commit)
    if added.returncode:
        raise BuildError(f"git worktree: {_last_lines(added)}")
    try:
        yield folder
    finally:
        _git(project, "worktree", "remove", "--force", str(folder))


def _dbt(project: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on a project, with database, profile, target and logs in folder."""
    shutil.copyfile(project / "profiles.example.yml", folder / "profiles.yml")
    environment = {
        "SUPPORT_ANALYTICS_DB": str(folder / DATABASE_NAME),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    dbt = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--quiet", "--no-use-colors"]
    return _run([*dbt, *command], project, environment)


def _git(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return _run(["git", *command], project)


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("DBT_")}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=kept | dict(environment or {}),
            capture_output=True,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise UserError(f"{command[0]} is not installed") from None


def _last_lines(run: subprocess.CompletedProcess[str]) -> str:
    lines = (run.stdout + run.stderr).strip().splitlines()
    return " ".join(lines[-4:]) or "no message"
