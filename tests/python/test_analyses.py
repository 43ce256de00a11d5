"""The analyses: they find what is planted, and their numbers are those of formulas by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Build
from support_analytics.build import PROJECT
from support_analytics.report.compiled_analyses import compile_analyses, run_analyses
from support_analytics.report.figures import holm

Z = 1.959963984540054
QUESTION = {
    "measure",
    "segment",
    "estimate",
    "ci_low",
    "ci_high",
    "unit",
    "tickets_count",
    "share",
    "p_value",
    "reading",
}
HYPOTHESIS = QUESTION - {"share"} | {"hypothesis"}

Results = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def database(sample_build: Build) -> Path:
    """The sample's database."""
    return sample_build.database


@pytest.fixture(scope="module")
def results(database: Path) -> Results:
    """Rows of each analysis on the sample."""
    queries, _ = compile_analyses(PROJECT)
    with duckdb.connect(str(database), read_only=True) as connection:
        return run_analyses(connection, queries)


@pytest.fixture(scope="module")
def tickets(database: Path) -> list[dict[str, Any]]:
    """The sample's tickets."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(
            "select *, datesub('minute', created_at, as_of_at) as age_minutes"
            " from marts.fct_tickets, intermediate.int_clock_derived"
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_five_questions_and_at_least_eight_hypotheses(results: Results) -> None:
    questions = [name for name in results if name.startswith("question_")]
    hypotheses = [name for name in results if name.startswith("hypothesis_")]
    assert len(questions) == 5
    assert len(hypotheses) >= 8
    for name, found in results.items():
        assert found, name
        assert set(found[0]) == (QUESTION if name in questions else HYPOTHESIS), name
        for row in found:
            assert row["ci_low"] <= row["estimate"] <= row["ci_high"], (name, row)
            assert row["tickets_count"] > 0


def test_each_file_says_question_method_and_reading() -> None:
    for path in (PROJECT / "analyses").glob("*.sql"):
        head = path.read_text("utf-8").split("\nwith ")[0]
        assert head.startswith(("-- Question: ", "-- Hypothesis: ")), path.name
        assert "\n-- Method: " in head, path.name
        assert "\n-- Reading: " in head, path.name


@pytest.mark.parametrize(
    ("hypothesis", "reading"),
    [
        ("hypothesis_1", "yes"),
        ("hypothesis_2", "yes"),
        ("hypothesis_3", "yes"),
        ("hypothesis_4", "no: too small to matter"),
        ("hypothesis_5", "yes"),
        ("hypothesis_6", "yes"),
        ("hypothesis_7", "yes"),
        ("hypothesis_8", "cannot be told"),
        ("hypothesis_9", "yes"),
    ],
)
def test_planted_relationships_are_seen_and_others_not(
    results: Results, hypothesis: str, reading: str
) -> None:
    (found,) = [rows for name, rows in results.items() if name.startswith(hypothesis)]
    assert found[0]["reading"] == reading


def test_escalation_difference(results: Results, tickets: list[dict[str, Any]]) -> None:
    groups = {True: [0, 0], False: [0, 0]}
    for ticket in tickets:
        group = groups[ticket["channel"] == "chatbot"]
        group[0] += ticket["status"] == "escalated"
        group[1] += 1
    # Half a case more on both sides: none or all of a few leave an error, too.
    error = math.sqrt(sum((k + 0.5) * (n - k + 0.5) / (n + 1) ** 3 for k, n in groups.values()))
    bot, other = (k / n for k, n in groups.values())
    (row,) = results["hypothesis_2_chatbot_tickets_escalate_more"]
    assert row["estimate"] == pytest.approx(bot - other)
    assert row["ci_low"] == pytest.approx(bot - other - Z * error)
    assert row["p_value"] == pytest.approx(
        math.erfc((bot - other) / error / math.sqrt(2)), rel=1e-5
    )


def test_kaplan_meier_median(results: Results, tickets: list[dict[str, Any]]) -> None:
    spells = sorted(
        (t["resolution_time_minutes"] if t["is_resolved"] else t["age_minutes"], t["is_resolved"])
        for t in tickets
    )
    survival, greenwood, at_risk, position = 1.0, 0.0, len(spells), 0
    low = median = high = None
    while high is None:
        minutes = spells[position][0]
        tied = [spell for spell in spells[position:] if spell[0] == minutes]
        resolved = sum(is_resolved for _, is_resolved in tied)
        if resolved:
            survival *= 1 - resolved / at_risk
            greenwood += resolved / (at_risk * (at_risk - resolved))
            spread = math.exp(Z * math.sqrt(greenwood) / abs(math.log(survival)))
            if low is None and survival**spread <= 0.5:
                low = minutes
            if median is None and survival <= 0.5:
                median = minutes
            if survival ** (1 / spread) <= 0.5:
                high = minutes
        at_risk -= len(tied)
        position += len(tied)
    with_open, naive = results["hypothesis_9_open_tickets_hide_long_waits"]
    assert (with_open["ci_low"], with_open["estimate"], with_open["ci_high"]) == (low, median, high)
    assert naive["estimate"] < with_open["ci_low"]


def test_share_of_the_top_creators(results: Results, tickets: list[dict[str, Any]]) -> None:
    counts: dict[str, int] = {}
    for ticket in tickets:
        if ticket["creator_id"]:
            counts[ticket["creator_id"]] = counts.get(ticket["creator_id"], 0) + 1
    ranked = sorted(counts.values(), reverse=True)
    top = sum(ranked[: round(0.05 * len(ranked))]) / sum(ranked)
    (row,) = results["hypothesis_7_few_creators_bring_many_tickets"]
    assert row["estimate"] == pytest.approx(top, abs=0.003)


def test_rank_correlation_is_spearmans(results: Results, tickets: list[dict[str, Any]]) -> None:
    """One topic by hand; the analysis averages topics on Fisher's scale."""
    sums = weights = 0.0
    topics: dict[str, list[tuple[float, float]]] = {}
    for ticket in tickets:
        if ticket["is_resolved"] and ticket["message_text"]:
            pair = (len(ticket["message_text"]), ticket["resolution_time_minutes"])
            topics.setdefault(ticket["ai_topic"], []).append(pair)
    for pairs in topics.values():
        if len(pairs) < 20:
            continue
        lengths, times = (ranks([pair[i] for pair in pairs]) for i in (0, 1))
        correlation = pearson(lengths, times)
        sums += (len(pairs) - 3) * math.atanh(correlation)
        weights += len(pairs) - 3
    (row,) = results["hypothesis_4_message_length_predicts_resolution_time"]
    assert row["estimate"] == pytest.approx(math.tanh(sums / weights), abs=1e-6)


def test_explained_share_is_one_minus_within_over_total(
    results: Results, tickets: list[dict[str, Any]]
) -> None:
    topics: dict[str, list[float]] = {}
    for ticket in tickets:
        if ticket["is_resolved"]:
            minutes = math.log(ticket["resolution_time_minutes"] + 1)
            topics.setdefault(ticket["ai_topic"], []).append(minutes)
    values = [value for group in topics.values() for value in group]
    total = squares(values) / (len(values) - 1)
    within = sum(squares(group) for group in topics.values()) / (len(values) - len(topics))
    (row,) = results["hypothesis_5_topic_predicts_resolution_time"]
    assert row["estimate"] == pytest.approx(1 - within / total)


def test_labels_agree_as_often_as_counted(results: Results, tickets: list[dict[str, Any]]) -> None:
    tagged = [ticket for ticket in tickets if ticket["tag"]]
    right = sum(ticket["tag"] == ticket["ai_category"] for ticket in tagged)
    (row,) = [
        row
        for row in results["question_5_can_we_trust_the_ai_labels"]
        if row["measure"] == "agrees with the tag"
    ]
    assert row["estimate"] == pytest.approx(right / len(tagged))
    assert row["tickets_count"] == len(tagged)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, None, 0.9], [1.0, None, 1.0]),
        ([], []),
    ],
)
def test_holm(p_values: list[float | None], corrected: list[float | None]) -> None:
    found = holm(p_values)
    assert [p is None for p in found] == [p is None for p in corrected]
    assert [p for p in found if p is not None] == pytest.approx(
        [p for p in corrected if p is not None]
    )


def ranks(values: list[float]) -> list[float]:
    order = sorted(values)
    first: dict[float, int] = {}
    count: dict[float, int] = {}
    for position, value in enumerate(order, start=1):
        first.setdefault(value, position)
        count[value] = count.get(value, 0) + 1
    return [first[value] + (count[value] - 1) / 2 for value in values]


def pearson(one: list[float], other: list[float]) -> float:
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    products = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return products / math.sqrt(squares(one) * squares(other))


def squares(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)
