"""MetricFlow's figures are the marts': by day, week and channel, through `mf query` itself."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from support_analytics.build import PROJECT

pytestmark = pytest.mark.skipif(
    find_spec("dbt_metricflow") is None,
    reason="dbt-metricflow is not installed: pip install -r requirements-semantic.txt",
)

PROJECT_PARTS = ("dbt_project.yml", "dbt_packages", "models", "macros", "seeds", "tests")
# The backlog is daily: a week adds its days up and ends with the last of them.
BACKLOG_BY_WEEK = """
    select
        date_trunc('week', day) as created_week,
        sum(resolved_count) as resolved_count,
        sum(closed_count) as closed_count,
        max_by(closing_count, day) as closing_count
    from marts.fct_backlog_daily
    group by created_week
"""
Rows = dict[tuple[str, ...], dict[str, float | None]]


@dataclass(frozen=True)
class Figure:
    """A metric and where its mart shows it: a model, a column, a category where there are more."""

    metric: str
    model: str
    column: str
    category: str | None


@dataclass(frozen=True)
class SemanticLayer:
    """A parsed copy of the project on the sample's database."""

    folder: Path
    database: Path

    def run(self, *command: str) -> str:
        """Run a command of the environment in the project; returns what it prints."""
        environment = {name: text for name, text in os.environ.items() if name[:4] != "DBT_"}
        run = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=self.folder,
            env=environment | {"DBT_PROFILES_DIR": str(self.folder)},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def query(self, metrics: Sequence[str], *group_by: str) -> Rows:
        """`mf query`: the metrics of each group."""
        path = self.folder / "result.csv"
        grouped = ["--group-by", ",".join(group_by), "--csv", str(path)]
        self.run("mf", "query", "--metrics", ",".join(metrics), *grouped)
        with path.open(encoding="utf-8", newline="") as file:
            return {
                tuple(_group_value(row[name]) for name in group_by): {
                    metric: float(row[metric]) if row[metric] else None for metric in metrics
                }
                for row in csv.DictReader(file)
            }

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query to the marts."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def layer(sample_build: Any, tmp_path_factory: pytest.TempPathFactory) -> SemanticLayer:
    """The project where `mf` may write: it reads target/ of its working folder, and no other."""
    folder = tmp_path_factory.mktemp("semantic")
    for part in PROJECT_PARTS:
        (folder / part).symlink_to(PROJECT / part)
    database = Path(shutil.copy(sample_build.database, folder))
    profile = yaml.safe_load((PROJECT / "profiles.example.yml").read_text(encoding="utf-8"))
    profile["support_analytics"]["outputs"]["duckdb"]["path"] = str(database)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    layer = SemanticLayer(folder, database)
    layer.run("dbt", "--quiet", "parse")
    return layer


@pytest.fixture(scope="module")
def figures(layer: SemanticLayer) -> list[Figure]:
    """Every metric that names the figure of a mart."""
    metrics = _manifest(layer)["metrics"]
    found = []
    for metric in metrics:
        meta = (metric["config"] or {}).get("meta", {})
        if "figure" in meta:
            model, column = meta["figure"].split(".")
            found.append(Figure(metric["name"], model, column, meta.get("category")))
    return found


def test_every_metric_names_its_figure_or_serves_one_that_does(
    layer: SemanticLayer, figures: list[Figure]
) -> None:
    metrics = {metric["name"]: metric["type_params"] for metric in _manifest(layer)["metrics"]}
    named = {figure.metric for figure in figures}
    parts = {
        part["name"]
        for name in named
        for part in (
            *(metrics[name][side] or {} for side in ("numerator", "denominator")),
            *(metrics[name]["metrics"] or ()),
        )
        if part
    }
    assert set(metrics) == named | parts


def test_figures_by_day(layer: SemanticLayer, figures: list[Figure]) -> None:
    daily = [figure for figure in figures if figure.model.endswith("_daily")]
    _assert_same(layer, daily, lambda figure: f"marts.{figure.model}", "metric_time__day")


def test_figures_by_week(layer: SemanticLayer, figures: list[Figure]) -> None:
    def source(figure: Figure) -> str:
        if figure.model == "fct_backlog_daily":
            return f"({BACKLOG_BY_WEEK})"
        return "marts." + figure.model.replace("_daily", "_weekly")

    weekly = [figure for figure in figures if "7d" not in figure.metric]
    _assert_same(layer, weekly, source, "metric_time__week")


@pytest.mark.parametrize("period", ["daily", "weekly"])
def test_figures_by_channel(layer: SemanticLayer, figures: list[Figure], period: str) -> None:
    mart = f"fct_sla_by_channel_{period}"
    columns = {name for name, *_ in layer.select(f"describe marts.{mart}")}
    by_channel = [
        figure
        for figure in figures
        if figure.model in ("fct_sla_daily", "fct_tickets_daily") and figure.column in columns
    ]
    assert len(by_channel) >= 16
    time = {"daily": "metric_time__day", "weekly": "metric_time__week"}[period]
    _assert_same(layer, by_channel, lambda figure: f"marts.{mart}", time, "ticket__channel")


@pytest.mark.parametrize(
    ("dimension", "score"), [("ticket__tag", "recall"), ("ticket__ai_category", "precision")]
)
def test_accuracy_by_category_is_recall_and_precision(
    layer: SemanticLayer, dimension: str, score: str
) -> None:
    shown = layer.query(["ai_tag_accuracy_rate"], dimension)
    scores = layer.select(f"select category, {score} from marts.fct_ai_tag_scores")
    assert len(scores) == 4
    for category, value in scores:
        assert _is_same(shown[(category,)]["ai_tag_accuracy_rate"], value), category


def test_saved_queries_answer(layer: SemanticLayer) -> None:
    names = [saved["name"] for saved in _manifest(layer)["saved_queries"]]
    assert len(names) >= 7
    for name in names:
        layer.run("mf", "query", "--saved-query", name, "--limit", "1")


def _assert_same(
    layer: SemanticLayer,
    figures: Sequence[Figure],
    source: Callable[[Figure], str],
    *group_by: str,
) -> None:
    """Each row of each figure's mart has MetricFlow's value, and MetricFlow has no other group."""
    shown = layer.query([figure.metric for figure in figures], *group_by)
    keys: set[tuple[str, ...]] = set()
    wrong = []
    for figure in figures:
        for key, value in _mart_rows(layer, figure, source(figure), len(group_by)).items():
            keys.add(key)
            # A group without any ticket is no row in MetricFlow: there is nothing to count.
            found = shown.get(key, {}).get(figure.metric)
            if not _is_same(found, value) and (key in shown or value):
                wrong.append((figure.metric, key, found, value))
    assert not wrong, f"{len(wrong)} differ: {wrong[:5]}"
    empty_days = {key for key in shown if "" in key}
    assert set(shown) - empty_days <= keys


def _mart_rows(
    layer: SemanticLayer, figure: Figure, source: str, key_length: int
) -> Mapping[tuple[str, ...], float | None]:
    period = "created_week" if "week" in source else "created_day"
    period = "day" if source == "marts.fct_backlog_daily" else period
    key = [f"strftime({period}, '%Y-%m-%d')", "channel"][:key_length]
    where = f"where category_effective = '{figure.category}'" if figure.category else ""
    rows = layer.select(f"select {', '.join(key)}, {figure.column} from {source} {where}")
    assert rows, figure
    return {row[:key_length]: row[key_length] for row in rows}


def _group_value(text: str) -> str:
    return text.split("T")[0].split(" ")[0]


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9)


def _manifest(layer: SemanticLayer) -> dict[str, Any]:
    return json.loads((layer.folder / "target" / "semantic_manifest.json").read_text("utf-8"))
