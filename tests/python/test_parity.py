"""`make parity` sees what differs, and both engines have a macro wherever one has."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from support_analytics.build import PROJECT
from support_analytics.mart_diff import MartRelation
from support_analytics.parity import Dataset, ParityReport, compare_files, markdown

MARTS = SimpleNamespace(marts={"fct_a": MartRelation("marts", "fct_a", (("day",),))})
COLUMNS = "(day date, tickets_count bigint, rate double, opened_at timestamp, label varchar)"
ROWS = """
    (date '2025-01-01', 3, 0.1, timestamp '2025-01-01 10:00:00.25', 'é'),
    (date '2025-01-02', 0, null, null, null)
"""
# Each is one change of Spark's table, and what it counts as.
FAULTS = {
    "another whole number": ("update marts.fct_a set tickets_count = 4 where rate is not null", 1),
    "a float beyond the tolerance": ("update marts.fct_a set rate = rate + 2e-9", 1),
    "a null for a value": ("update marts.fct_a set rate = null where rate > 0", 1),
    "a value for a null": ("update marts.fct_a set label = '' where label is null", 1),
    "an instant of an hour later": (
        "update marts.fct_a set opened_at = opened_at + interval 1 hour",
        1,
    ),
    "a row too few": ("delete from marts.fct_a where label is null", 1),
    "a row too many": ("insert into marts.fct_a values ('2025-01-03', 0, null, null, null)", 1),
    "another type": ("alter table marts.fct_a alter tickets_count type integer", 1),
    "a column too few": ("alter table marts.fct_a drop label", 1),
    "no mart": ("drop table marts.fct_a", 3),
}


def database(path: Path, *changes: str) -> Path:
    """A DuckDB file with the mart, changed."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.fct_a {COLUMNS}")
        connection.execute(f"insert into marts.fct_a values {ROWS}")
        for change in changes:
            connection.execute(change)
    return path


def test_equal_marts_have_no_differences(tmp_path: Path) -> None:
    near = "update marts.fct_a set rate = rate + 5e-10"
    compared = compare_files(
        database(tmp_path / "a.duckdb"), database(tmp_path / "b.duckdb", near), MARTS
    )
    assert (compared["fct_a"].rows, compared["fct_a"].cells) == (2, 10)
    assert compared["fct_a"].differences == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_difference_is_found(tmp_path: Path, fault: str) -> None:
    change, count = FAULTS[fault]
    compared = compare_files(
        database(tmp_path / "a.duckdb"), database(tmp_path / "b.duckdb", change), MARTS
    )
    assert compared["fct_a"].differences == count
    pytest.importorskip("pyspark", reason="the report names the versions of both engines")
    report = ParityReport([Dataset("sample", "a test")], {"sample": compared})
    assert report.differences == count
    assert "## What differs: sample" in markdown(report)


def test_both_engines_have_each_macro() -> None:
    texts = [path.read_text("utf-8") for path in (PROJECT / "macros" / "engine").glob("*.sql")]
    duckdb_macros, spark_macros = (
        {name for text in texts for name in re.findall(rf"{{% macro {engine}__(\w+)", text)}
        for engine in ("duckdb", "spark")
    )
    # Of dbt's own, which DuckDB needs no other version of.
    spark_only = {
        *("get_assert_columns_equivalent", "get_select_subquery"),
        *("escape_single_quotes", "safe_cast"),
    }
    assert duckdb_macros == spark_macros - spark_only
    assert len(duckdb_macros) > 30


def test_dispatched_macros_stand_in_one_folder() -> None:
    elsewhere = [
        path.relative_to(PROJECT)
        for path in (PROJECT / "macros").rglob("*.sql")
        if path.parent.name != "engine"
        and re.search(r"\b(duckdb|spark)__|adapter\.dispatch", path.read_text("utf-8"))
    ]
    assert elsewhere == []


@pytest.mark.parametrize("kind", ("models", "tests", "analyses"))
def test_queries_hold_no_spelling_of_one_engine(kind: str) -> None:
    # What DuckDB alone knows and is easily written out of habit.
    spellings = r"::|\bvarchar\b|\bstrftime\(|\bepoch\w*\(|\bunnest\(|\blist_\w+\(|\bqualify\b"
    found = []
    for path in (PROJECT / kind).rglob("*.sql"):
        sql = re.sub(r"{{.*?}}|{%.*?%}|{#.*?#}|--[^\n]*", " ", path.read_text("utf-8"), flags=re.S)
        found += [f"{path.name}: {word}" for word in re.findall(spellings, sql)]
    assert found == []
