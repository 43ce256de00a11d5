"""The check of a change: what is built again, and which cells of the marts are said to differ."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pytest
from support_analytics.build import PROJECT
from support_analytics.errors import UserError
from support_analytics.mart_diff import MartDiff, MartRelation, diff_marts, summary_table
from support_analytics.pr_check import _selection, check

Write = Callable[[str, Mapping[str, str]], Path]
KEYS = (("day",), ("day", "channel"))


@pytest.fixture
def write_marts(tmp_path: Path) -> Write:
    """Write a DuckDB file with marts, each from a query."""

    def write(name: str, marts: Mapping[str, str]) -> Path:
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            for mart, query in marts.items():
                connection.execute(f"create table marts.{mart} as {query}")
        return path

    return write


def _diffs(write: Write, base: Mapping[str, str], head: Mapping[str, str]) -> dict[str, MartDiff]:
    relations = {name: MartRelation("marts", name, KEYS) for name in {*base, *head}}
    diffs = diff_marts(
        write("base", base),
        write("head", head),
        {name: relations[name] for name in base},
        {name: relations[name] for name in head},
    )
    return {diff.name: diff for diff in diffs}


def test_rows_and_cells_are_counted_by_key(write_marts: Write) -> None:
    base = (
        "select * from (values (1, 'a', 5, null), (2, 'b', 6, 1.5), (3, 'c', 7, 2)) t(day, x, y, z)"
    )
    head = (
        "select * from (values (4, 'd', 8, null), (2, 'B', 9, 1.5), (1, 'a', 5, 0)) t(day, x, y, z)"
    )
    diff = _diffs(write_marts, {"m": base}, {"m": head})["m"]
    assert (diff.rows_added, diff.rows_removed, diff.rows_changed) == (1, 1, 2)
    assert diff.cells_by_column == {"x": 1, "y": 1, "z": 1}
    assert diff.key == ("day",)


def test_the_key_is_the_first_that_is_one_in_both(write_marts: Write) -> None:
    query = "select * from (values (1, 'a', {0}), (1, 'b', 6)) t(day, channel, y)"
    diff = _diffs(write_marts, {"m": query.format(5)}, {"m": query.format(50)})["m"]
    assert diff.key == ("day", "channel")
    assert (diff.rows_changed, diff.cells_changed) == (1, 1)


def test_without_a_key_rows_are_compared_whole(write_marts: Write) -> None:
    query = "select * from (values (1, 'a', 1), (1, 'a', 1), (1, 'a', {0})) t(day, channel, y)"
    diff = _diffs(write_marts, {"m": query.format(2)}, {"m": query.format(1)})["m"]
    assert diff.key == ()
    assert (diff.rows_added, diff.rows_removed, diff.rows_changed) == (1, 1, 0)


def test_sums_in_another_order_are_no_change(write_marts: Write) -> None:
    query = "select 1 as day, cast({0} as double) as y, cast({1} as double) as z"
    diffs = _diffs(
        write_marts,
        {"same": query.format("0.3", 0), "other": query.format("0.3", 0)},
        {"same": query.format("0.1 + 0.2 + 1e-16", 0), "other": query.format("0.3001", "null")},
    )
    assert diffs["same"].is_same
    assert diffs["other"].cells_by_column == {"y": 1, "z": 1}


@pytest.mark.parametrize(
    ("base", "head", "is_same"),
    [
        ("1000000", "1000000 + 1e-4", True),
        ("1000000", "1000000 + 1e-2", False),
        ("-1000000", "-1000000 - 1e-4", True),
        ("-1000000", "-1000000 - 1e-2", False),
        ("0", "1e-12", False),
    ],
)
def test_a_figure_differs_from_a_billionth_of_it(
    base: str, head: str, is_same: bool, write_marts: Write
) -> None:
    query = "select 1 as day, cast({0} as double) as y"
    diff = _diffs(write_marts, {"m": query.format(base)}, {"m": query.format(head)})["m"]
    assert diff.is_same == is_same


def test_values_of_unlike_types_are_not_compared(write_marts: Write) -> None:
    diffs = _diffs(
        write_marts,
        {
            "keyed": "select 1 as day, 'late' as x, 5 as y",
            "moved": "select 1 as day, 5 as y",
            "keyless": "select 1 as other, 'late' as x",
        },
        {
            "keyed": "select 1 as day, 2.5::double as x, 6::double as y",
            "moved": "select date '2025-01-01' as day, 5 as y",
            "keyless": "select 1 as other, 2.5::double as x",
        },
    )
    assert diffs["keyed"].types_changed == [
        "`x` VARCHAR is now DOUBLE",
        "`y` INTEGER is now DOUBLE",
    ]
    assert diffs["keyed"].cells_by_column == {"y": 1}
    assert (diffs["moved"].key, diffs["moved"].rows_added) == ((), 0)
    assert (diffs["keyless"].rows_added, diffs["keyless"].rows_removed) == (0, 0)
    assert not diffs["keyless"].is_same


def test_marts_and_columns_come_and_go(write_marts: Write) -> None:
    diffs = _diffs(
        write_marts,
        {
            "gone": "select 1 as day",
            "m": "select 1 as day, 2 as y, 3 as z",
            "same": "select 1 as day",
        },
        {
            "new": "select 1 as day",
            "m": "select 1 as day, 2.5 as y, 4 as q",
            "same": "select 1 as day",
        },
    )
    assert diffs["gone"].is_gone and diffs["gone"].rows_removed == 1
    assert diffs["new"].is_new and diffs["new"].rows_added == 1
    assert (diffs["m"].columns_added, diffs["m"].columns_removed) == (["q"], ["z"])
    assert diffs["m"].types_changed == ["`y` INTEGER is now DECIMAL(2,1)"]
    table = summary_table(list(diffs.values()))
    assert "| `gone` | 0 | 0 | 1 | 0 | 0 | mart removed |" in table
    assert "new column `q`, column `z` removed, `y` INTEGER is now" in table
    assert table.endswith("1 mart unchanged.\n")


def test_nothing_changed_is_one_sentence() -> None:
    assert summary_table([MartDiff("m"), MartDiff("n")]) == "No mart changed; 2 marts compared.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository with a project's settings and a seed, committed."""
    files = {
        "dbt_project.yml": "name: p\nvars: {limit: 1}\n",
        "seeds/big.csv": "a\n1\n",
        "models/m.sql": "select 1",
        "requirements.txt": "duckdb==1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    _git(tmp_path, "init", "--quiet", "--initial-branch=main")
    _commit(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "selection"),
    [
        ("models/m.sql", "select 2", ["state:modified+"]),
        ("seeds/big.csv", "a\n2\n", ["state:modified+", "big+"]),
        ("seeds/_seeds.yml", "version: 2\n", ["state:modified+"]),
        ("dbt_project.yml", "name: p\nvars: {limit: 2}\n", []),
        ("dbt_project.yml", "name: p\n\nvars: {limit: 1}\n", ["state:modified+"]),
        ("requirements.txt", "duckdb==2\n", []),
        # Not yet known to git.
        ("seeds/new.csv", "a\n1\n", ["state:modified+", "new+"]),
        ("package_standins/m.sql", "select 1", []),
    ],
)
def test_what_dbt_cannot_see_is_selected(
    repository: Path, name: str, text: str, selection: list[str]
) -> None:
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text(text, encoding="utf-8")
    assert _selection(repository, "HEAD") == selection


def test_an_unknown_base_is_said(repository: Path) -> None:
    with pytest.raises(UserError, match="--base nowhere is no commit here"):
        check("nowhere", repository)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of this project, to change."""
    clone = tmp_path / "project"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
    shutil.copytree(PROJECT / "dbt_packages", clone / "dbt_packages")
    return clone


@pytest.mark.slow
def test_a_change_of_one_metric_shows_in_its_marts_only(project: Path) -> None:
    mart = project / "models" / "marts" / "backlog" / "fct_backlog_by_status.sql"
    text = mart.read_text(encoding="utf-8")
    assert "0.95" in text
    mart.write_text(text.replace("0.95", "0.9"), encoding="utf-8")
    report = check("HEAD", project)
    built = int(re.search(r"seeds and models: (\d+)", report.markdown)[1])
    assert 1 <= built < 15, "the mart and its children"
    assert len(report.failures) == 1, "its unit test, and nothing behind it is left out"
    assert report.failures[0].startswith("unit_test `fct_backlog_by_status__")
    assert "| `fct_backlog_by_status` | 2 | 0 | 0 | 2 | 2 | `age_p95_hours` 2 |" in report.markdown
    assert report.markdown.count("| `fct_") == 1


@pytest.mark.slow
def test_rows_that_an_incremental_model_keeps_are_made_by_the_change(project: Path) -> None:
    model = project / "models" / "intermediate" / "int_tickets_measured.sql"
    text = model.read_text(encoding="utf-8")
    assert "when is_closed_without_solution then false" in text
    model.write_text(text.replace("solution then false", "solution then true"), encoding="utf-8")
    assert "`is_resolution_sla_met`" in check("HEAD", project).markdown


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    _git(folder, *who, "commit", "--quiet", "--message=start")


def _git(folder: Path, *command: str) -> None:
    subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
