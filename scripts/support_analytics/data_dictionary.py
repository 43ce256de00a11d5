"""The data dictionary of the marts, from dbt's manifest: what columns mean, what may be summed."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from support_analytics.errors import BuildError, UserError, one_line

_MEASURES = re.compile(r"\*\*Measures\*\*: (.+?)(?=\n- \*\*|\Z)", re.DOTALL)
_CHANGE_SUFFIXES = ("_previous", "_change")
# Rows of these marts cover the same tickets more than once, or only add up inside a group.
_WITHIN = {
    "fct_support_health": "no: periods overlap",
    "fct_topic_costs": "within one period and segment_type",
    "fct_topic_trends": "within one comparison and segment_type",
    "fct_change_decomposition": "over segments of one comparison, metric and dimension",
    "fct_incident_segments": "within one segment_type",
    "fct_anomaly_days": "within one segment_type",
    "fct_repeat_contacts": "over topics; without the row of all",
    "fct_findings": "no: findings overlap",
    "fct_recommendations": "no: rules overlap",
    "fct_ai_tag_scores": "over categories",
    "fct_category_rule_usage": "no: a ticket can fire several rules",
    "fct_category_candidates": "no: a ticket can hold several phrases",
    "fct_ai_tag_agreement": "within one segment_type",
}
# What stands in each row of a group, or is counted once for several rows.
_NEVER = re.compile(
    r"^(period_tickets_created|tag_tickets_count|period_waiting_hours|all_tickets_created|all_waiting_hours"
    r"|incident_extra_tickets|reference_days_count|creators_count|repeating_creators_count|days_in_data|days_count|sample_count"
    r"|target_minutes|rows_checked|words_count|unplaced_\w+_count|searched_tickets_count|tickets_with_text_count)$"
)
_STOCK = re.compile(r"^(opening_count|closing_count|backlog_closing_count)$")
_EFFECT = re.compile(r"^(mix|rate|total)_effect$")
_NOT_SUMMABLE = re.compile(
    r"(^|_)(avg|median|p95|max|min|rate|share|ratio|low|high|score|precision|recall|f1|value"
    r"|rank|number|threshold|before|now|change|effect_minutes|expected_minutes|margin|error)(_|$)"
)
_UNITS = (
    (re.compile(r"_minutes(_|$)"), "minutes"),
    (re.compile(r"_hours(_|$)|^hours_left$|^hours_until_"), "hours"),
    (re.compile(r"_at$"), "UTC timestamp"),
    (re.compile(r"_(day|date)$|^day$"), "local date"),
    (re.compile(r"_week$"), "local date of the Monday"),
    (re.compile(r"(^|_)(rate|extra|usual)_ratio"), "ratio"),
    (
        re.compile(r"(_rate|_share)$|^(precision|recall|f1|threshold|min_value|figure_value)$"),
        "0 to 1",
    ),
    (re.compile(r"^(accuracy|repeat)_ci_|^share_|^p_value"), "0 to 1"),
    (re.compile(r"(^|_)score(_|$)"), "score"),
    (re.compile(r"^(days_count|days_in_data|reference_days_count)$"), "days"),
    (re.compile(r"creators_count$"), "creators"),
    (re.compile(r"^rows_"), "rows"),
    (re.compile(r"^words_count$"), "words"),
    (
        re.compile(r"_count(_|$)|tickets|^(extra|expected)_(ci_)?(low|high)$|^ordinary_change$"),
        "tickets",
    ),
)


@dataclass(frozen=True)
class Entry:
    """One line of the dictionary."""

    mart: str
    column: str
    type: str
    unit: str
    definition: str
    additive: str


def build_dictionary(project: Path) -> list[Entry]:
    """Every column of every mart of the project, in the order of the manifest's contracts."""
    return list(entries(read_manifest(project)))


def write_dictionary(project: Path, path: Path) -> int:
    """Write the dictionary as CSV and return its lines, the header not counted."""
    lines = build_dictionary(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Entry))
        writer.writerows(astuple(line) for line in lines)
    return len(lines)


def read_manifest(project: Path) -> dict[str, Any]:
    """Parse the project with dbt in a scratch folder and return its manifest. Raises BuildError."""
    from dbt.cli.main import dbtRunner

    if not (project / "dbt_packages").is_dir():
        raise UserError("dbt packages are missing: run python scripts/install_packages.py")
    with tempfile.TemporaryDirectory(prefix="support_analytics_dictionary_") as folder:
        work = Path(folder)
        shutil.copyfile(project / "profiles.example.yml", work / "profiles.yml")
        run = dbtRunner().invoke(
            [
                "--log-level=none",
                "--log-level-file=none",
                "parse",
                f"--project-dir={project}",
                f"--profiles-dir={work}",
                f"--target-path={work / 'target'}",
            ]
        )
        if not run.success:
            raise BuildError(f"dbt parse failed: {one_line(str(run.exception))}")
        return json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))


def entries(manifest: Mapping[str, Any]) -> Iterator[Entry]:
    """The lines of the dictionary: models tagged mart, by name."""
    marts = sorted(
        (
            node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and "mart" in node["tags"]
        ),
        key=lambda node: node["name"],
    )
    for mart in marts:
        for column in mart["columns"].values():
            data_type = column["data_type"]
            yield Entry(
                mart=mart["name"],
                column=column["name"],
                type=data_type,
                unit=unit(mart["name"], column["name"], data_type),
                definition=definition(column["description"]),
                additive=additive(mart["name"], column["name"], data_type),
            )


def definition(description: str) -> str:
    """What the column is, in one line: the doc block's Measures, or the description."""
    match = _MEASURES.search(description)
    return " ".join((match[1] if match else description).split())


def unit(mart: str, column: str, data_type: str) -> str:
    """The unit of a column, by the conventions of its name; empty for text."""
    if data_type == "boolean":
        return "true or false"
    if data_type == "varchar":
        return ""
    name = _base(column)
    if mart == "fct_change_decomposition" and (
        _EFFECT.match(name) or name.startswith(("overall_", "value_"))
    ):
        return "minutes, or 0 to 1, as the metric"
    if (mart, column) == ("fct_recommendations", "figure_value"):
        return "share; can be above 1"
    if mart == "fct_incidents" and name.startswith("frt_effect"):
        return "minutes"
    if mart == "fct_topic_costs" and name.startswith("waiting_avg"):
        return "hours"
    return next((text for pattern, text in _UNITS if pattern.search(name)), "")


def additive(mart: str, column: str, data_type: str) -> str:
    """Whether values may be summed over rows: yes, no, or inside what; empty where no number."""
    if data_type in ("varchar", "boolean", "date") or data_type.startswith("timestamp"):
        return ""
    name = _base(column)
    if mart == "fct_change_decomposition" and _EFFECT.match(name):
        return _WITHIN[mart]
    if _STOCK.match(name):
        return "no: a level; take the last day" if mart == "fct_backlog_daily" else "no"
    if _NEVER.match(name) or name != column:
        return "no"
    if _NOT_SUMMABLE.search(name) and not _is_count(name):
        return "no"
    if not (_is_count(name) or name.endswith(("_hours", "_minutes")) or "tickets" in name):
        return "no"
    if name == "first_response_time_minutes" or name == "resolution_time_minutes":
        return "yes: to a sum; divide by the tickets that have one"
    if name == "hours_left":
        return "no"
    return _WITHIN.get(mart, "yes")


def _is_count(name: str) -> bool:
    return name.endswith("_count") or name == "tickets_created"


def _base(column: str) -> str:
    for suffix in _CHANGE_SUFFIXES:
        if column.endswith(suffix) and column not in ("ordinary_change", "overall_change"):
            return column.removesuffix(suffix)
    return column
