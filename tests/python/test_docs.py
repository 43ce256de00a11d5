"""README and docs hold: links lead somewhere, commands exist, the metric table is true."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from support_analytics.build import PROJECT
from support_analytics.site import anchor

DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "DECISIONLOG.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
# Run for real, in a folder of the project with the sample's database.
RUN = (
    "scripts/export_prompts.py",
    "cp profiles.example.yml",
)
# Not run here, but looked at word by word. Why not:
NOT_RUN = {
    "make": "minutes; its targets are what CI runs",
    "dbt": "minutes; `make dbt-test` builds, tests of the site and of the history do the rest",
    "mf": "tests/python/test_semantic_layer.py runs it where MetricFlow is installed",
    "python": "other tests run each script on its inputs; here its options are held to its --help",
    "pip": "needs a network",
    "source": "a shell's own",
}
UNIT_TESTS = "unit_tests"


@dataclass(frozen=True)
class Command:
    """A line of an `sh` block."""

    document: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"[:70]


def _commands() -> list[Command]:
    commands = []
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text("utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                words = tuple(shlex.split(line, comments=True))
                if words:
                    commands.append(Command(document.name, words))
    return commands


COMMANDS = _commands()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    dead = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not _leads(document, link)]
    assert dead == []


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_commands_are_as_written(command: Command) -> None:
    name, *words = command.words
    assert name in NOT_RUN or " ".join(command.words).startswith(RUN), "neither run nor looked at"
    check = {
        "make": _check_make,
        "python": _check_python,
        "dbt": _check_dbt,
        "mf": _check_mf,
        "pip": _check_pip,
        "cp": _check_cp,
        "source": lambda words: words == [".venv/bin/activate"],
    }[name]
    assert check(words) is not False, command


def test_there_are_commands_of_every_kind() -> None:
    assert {command.words[0] for command in COMMANDS} == {*NOT_RUN, "cp"}


def test_quick_commands_really_run(sample_build: Any, tmp_path: Path) -> None:
    for path in PROJECT.iterdir():
        if path.name not in (
            "reports",
            "profiles.yml",
            "target",
            "logs",
            sample_build.database.name,
        ):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "reports").mkdir()
    # Commands only read it; one that did not would spoil the sample of other tests.
    (tmp_path / "support_analytics.duckdb").symlink_to(sample_build.database)
    python = Path(sys.executable).parent
    environment = {name: text for name, text in os.environ.items() if name[:4] != "DBT_"}
    environment["PATH"] = f"{python}{os.pathsep}{environment['PATH']}"
    quick = [
        command for command in COMMANDS if any(part in shlex.join(command.words) for part in RUN)
    ]
    assert len(quick) >= len(RUN)
    for command in quick:
        run = subprocess.run(
            command.words, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"


def _metric_rows() -> list[list[str]]:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    table = text.split("| metric | column | mart |")[1].split("\n\n")[0]
    return [line.split("|")[1:-1] for line in table.splitlines()[2:]]


@pytest.mark.parametrize("row", _metric_rows(), ids=lambda row: row[0].strip())
def test_the_metric_table_is_true(row: list[str]) -> None:
    _, column_cell, mart_cell, _ = row
    column, docs = re.search(r"\[`(\w+)`\]\(([^)]+)\)", column_cell).groups()
    mart, sql = re.search(r"\[`(\w+)`\]\(([^)]+)\)", mart_cell).groups()
    folder = (PROJECT / sql).parent
    assert Path(sql).stem == mart and (PROJECT / sql).is_file()
    contract = _declared(folder, "models")[mart]
    assert column in {declared["name"] for declared in contract["columns"]}
    assert f"{{% docs {column} %}}" in (PROJECT / docs).read_text(encoding="utf-8")
    tests = [test for test in _all(folder, UNIT_TESTS) if test["model"] == mart]
    assert any(column in yaml.safe_dump(test) for test in tests), "no unit test mentions it"
    for suffix in re.findall(r"`(_\w+)`", mart_cell.split(")", 1)[1]):
        sibling = re.sub(r"_daily$", suffix, mart)
        assert column in {name["name"] for name in _declared(folder, "models")[sibling]["columns"]}


def test_the_metric_table_is_read() -> None:
    assert len(_metric_rows()) >= 15


def _leads(document: Path, link: str) -> bool:
    path, _, fragment = link.partition("#")
    if re.match(r"[a-z]+:", path):
        return True
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return False
    if not fragment or target.suffix != ".md":
        return True
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return fragment in {anchor(heading) for heading in headings}


def _check_make(words: list[str]) -> bool:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    variables = [word.split("=")[0] for word in words if "=" in word]
    named = [word for word in words if "=" not in word]
    return set(named) <= targets and all(f"$({name})" in makefile for name in variables)


def _check_python(words: list[str]) -> bool:
    if words[:2] == ["-m", "venv"]:
        return True
    script, *rest = words
    if not (PROJECT / script).is_file():
        return False
    subcommand = rest[:1] if rest and not rest[0].startswith("-") and "." not in rest[0] else []
    known = _help_of(script, *subcommand)
    options = [word.split("=")[0] for word in rest if word.startswith("-")]
    return all(re.search(rf"(^|[\s\[]){option}\b", known) for option in options)


@cache
def _help_of(script: str, *subcommand: str) -> str:
    command = [sys.executable, str(PROJECT / script), *subcommand, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def _check_dbt(words: list[str]) -> bool:
    from dbt.cli.main import cli

    command: Any = cli
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    is_known = (
        not hasattr(command, "commands") and {word for word in rest if word[:1] == "-"} <= options
    )
    for option, value in pairwise(rest):
        if option == "--select":
            names = re.findall(r"\w+", value)
            is_known &= all(any(PROJECT.glob(f"[ams]*/**/{name}.sql")) for name in names)
        if option == "--vars":
            settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
            is_known &= set(yaml.safe_load(value)) <= set(settings["vars"])
    return is_known


def _check_mf(words: list[str]) -> bool:
    if words == ["list", "metrics"]:
        return True
    folder = PROJECT / "models" / "semantic"
    options = dict(zip(words[1::2], words[2::2], strict=True))
    metrics = set(options.get("--metrics", "").split(",")) - {""}
    saved = set(options.get("--saved-query", "").split(",")) - {""}
    return (
        words[0] == "query"
        and set(options) <= {"--metrics", "--saved-query", "--group-by"}
        and metrics <= set(_declared(folder, "metrics"))
        and saved <= set(_declared(folder, "saved_queries"))
    )


def _check_pip(words: list[str]) -> bool:
    return words[:2] == ["install", "-r"] and (PROJECT / words[2]).is_file()


def _check_cp(words: list[str]) -> bool:
    return len(words) == 2 and (PROJECT / words[0]).is_file()


def _all(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [
        item
        for path in sorted(folder.glob("*.yml"))
        for item in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(kind) or ()
    ]


def _declared(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in _all(folder, kind)}
