"""The rules that are data. A wrong digit in a seed or a var builds and passes every other test."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import yaml
from reference import Settings
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DATABASE_NAME, DbtSession

# Agreed with the team, in minutes: first response, resolution. A change is made here too.
SLA_TARGETS = {
    "chatbot": (5.0, 1440.0),
    "whatsapp": (30.0, 1440.0),
    "in_app": (60.0, 2880.0),
    "email": (480.0, 4320.0),
}
# Beside those of the reference's Settings.
VARS = {
    "ticket_statuses": ["resolved", "pending", "escalated", "closed_without_solution"],
    "ticket_channels": ["whatsapp", "email", "in_app", "chatbot"],
    "ticket_categories": ["checkout", "financial", "engagement", "others"],
    "thin_score_margin": 0.2,
    "candidate_min_tickets": 10,
    "candidate_count": 50,
    "candidate_sample_size": 40000,
}
# How the rules read the sample: by category and topic, tickets and how clear their labels are.
LABELS = Path(__file__).parent / "fixtures" / "sample_labels.csv"
LABELS_SQL = """
    select
        ai_category,
        ai_topic,
        cast(count(*) as varchar) as tickets_count,
        printf('%.3f', cast(sum(cast(ai_score_margin as decimal(38, 12))) as double)) as margin_sum
    from intermediate.int_tickets_classified
    group by ai_category, ai_topic
    order by ai_category, ai_topic
"""
REFRESH = (
    "the rules read the sample otherwise than before; if that is what the change is for, write "
    f"{LABELS.name} again: PYTHONPATH=scripts python tests/python/test_rules.py DATABASE"
)


def targets_of(text: str) -> dict[str, tuple[float, float]]:
    """First response and resolution targets by channel, of a CSV."""
    return {
        row["channel"]: (float(row["frt_target_minutes"]), float(row["resolution_target_minutes"]))
        for row in csv.DictReader(io.StringIO(text))
    }


def wrong_vars(settings: dict[str, Any]) -> list[str]:
    """Names of vars that are otherwise than agreed."""
    agreed = VARS | {
        name: value for name, value in asdict(Settings()).items() if isinstance(value, (int, float))
    }
    return [name for name, value in agreed.items() if settings.get(name) != value]


def expected_labels() -> list[tuple[str, ...]]:
    """The committed labels, as LABELS_SQL gives them."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_sla_targets_are_as_agreed() -> None:
    text = (PROJECT / "seeds" / "sla_targets.csv").read_text(encoding="utf-8")
    assert targets_of(text) == SLA_TARGETS


def test_vars_are_as_agreed() -> None:
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert wrong_vars(settings) == []


def test_labels_of_the_sample_are_as_committed(
    sample_database: duckdb.DuckDBPyConnection,
) -> None:
    assert sample_database.execute(LABELS_SQL).fetchall() == expected_labels(), REFRESH


def test_rules_read_every_apostrophe_alike(tmp_path: Path) -> None:
    session = DbtSession(PROJECT, tmp_path / DATABASE_NAME, tmp_path, {}, 1, tmp_path / "logs")
    session.parse()
    plain = session.render("{{ plain_text('given') }}")
    session.close()
    texts = ["I CAN'T", "I can`t", "I can’t", "I can´t", "Não, can`t_pay", "", None]
    with duckdb.connect() as connection:
        read = connection.execute(
            f"select {plain} from (select unnest(?::varchar[]) as given)", [texts]
        ).fetchall()
    assert [text for (text,) in read] == [*["i can't"] * 4, "nao, can't pay", "", ""]


def write_labels(database: Path) -> None:
    """Write the labels of a built sample to the fixture."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(LABELS_SQL).fetchall()
    with LABELS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ai_category", "ai_topic", "tickets_count", "margin_sum"])
        writer.writerows(rows)


if __name__ == "__main__":
    import sys

    write_labels(Path(sys.argv[1]))
