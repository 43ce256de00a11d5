"""Findings against the planted incidents, and their statistics against formulas written by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import pytest
from conftest import Build
from support_analytics.build import DATABASE_NAME, BuildOptions, build
from support_analytics.report.figures import holm
from support_analytics.sample import INCIDENTS, SampleConfig, write_tickets, write_users

Z = 1.959963984540054
# Calm days of three of the sample's months are enough to find an incident in.
OTHER_START, OTHER_END = date(2025, 5, 1), date(2025, 8, 31)
# An incident that the sample does not have: other days, another size.
OTHER_INCIDENT = replace(
    INCIDENTS[0],
    name="other_pix_outage",
    first_day=date(2025, 7, 9),
    extra_share=(1.3, 0.9),
)


def rows(database: Path, query: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def built(config: SampleConfig, folder: Path, as_of: date) -> Path:
    tickets, users = folder / "tickets.csv", folder / "users.csv"
    write_tickets(config, tickets)
    write_users(config, users)
    build(BuildOptions(tickets=tickets, users=users, out=folder / "out", as_of=str(as_of)))
    return folder / "out" / DATABASE_NAME


@pytest.fixture(scope="module")
def database(sample_build: Build) -> Path:
    """The sample's database."""
    return sample_build.database


def test_exactly_the_planted_incidents_are_found(database: Path) -> None:
    found = rows(database, "select * from marts.fct_incidents order by incident_number")
    assert [(row["start_day"], row["end_day"]) for row in found] == [
        (incident.days[0], incident.days[-1]) for incident in INCIDENTS
    ]
    assert [row["category"] for row in found] == [incident.category for incident in INCIDENTS]
    assert [row["topic"] for row in found] == ["pix", "payout", "newsletter"]
    for row, incident in zip(found, INCIDENTS, strict=True):
        assert row["channel"] == max(incident.channels, key=lambda channel: channel[1])[0]
        assert row["extra_ci_low"] > 0
        assert row["frt_effect_ci_low"] > 0


def test_the_planted_number_of_tickets_is_inside_the_interval(database: Path) -> None:
    # Tickets added by the generator, as docs/sample_data.md lists them.
    planted = [95 + 61 + 37, 81 + 65 + 45 + 30, 64 + 49 + 49 + 33]
    found = rows(database, "select * from marts.fct_incidents order by incident_number")
    for row, tickets in zip(found, planted, strict=True):
        assert row["extra_ci_low"] < tickets < row["extra_ci_high"]


def test_ordinary_days_are_far_from_the_limit(database: Path) -> None:
    ordinary = rows(
        database,
        "select segment_type, max(score) as score from intermediate.int_segment_days_scored"
        " where day not in (select day from intermediate.int_incident_days_joined)"
        " group by segment_type",
    )
    assert {row["segment_type"] for row in ordinary} == {"all", "channel", "category", "topic"}
    assert max(row["score"] for row in ordinary) < 3


# "Now" long after the last ticket: the empty days between must make no incident of those before.
@pytest.mark.parametrize("incidents", [(), (OTHER_INCIDENT,)], ids=["removed", "another planted"])
def test_incidents_follow_what_is_planted(
    incidents: tuple[Any, ...], tmp_path: Path, leave_out_data_tests: Callable[[], None]
) -> None:
    leave_out_data_tests()
    config = SampleConfig(
        tickets=5000, creators=800, start=OTHER_START, end=OTHER_END, incidents=incidents
    )
    database = built(config, tmp_path, as_of=OTHER_END + timedelta(days=60))
    found = rows(database, "select * from marts.fct_incidents")
    assert [(row["start_day"], row["end_day"], row["topic"]) for row in found] == [
        (incident.days[0], incident.days[-1], "pix") for incident in incidents
    ]


def test_scores_are_those_of_the_definition(database: Path) -> None:
    """Each score of all tickets, computed again from daily counts in plain Python."""
    counts = {
        row["created_day"]: row["tickets_created"]
        for row in rows(database, "select * from marts.fct_tickets_daily")
    }
    surges = {
        row["day"] for row in rows(database, "select day from intermediate.int_surge_days_flagged")
    }
    growth = {
        row["week"]: row["growth_per_week"]
        for row in rows(database, "select * from intermediate.int_weekly_growth_estimated")
    }
    last = max(counts)
    scored = rows(database, "select * from marts.fct_tickets_expected_daily order by created_day")
    assert len(scored) == len(counts) - 1
    for row in scored:
        day = row["created_day"]
        per_week = growth[day - timedelta(days=day.weekday())]
        expected = [
            counts[other] * math.exp(-per_week * weeks)
            for weeks in range(-6, 7)
            if weeks
            for other in [day + timedelta(days=7 * weeks)]
            if other in counts and other < last and other not in surges
        ]
        mean = sum(expected) / len(expected)
        assert row["reference_days_count"] == len(expected)
        assert row["expected_tickets"] == pytest.approx(mean)
        score = 2 * (math.sqrt(counts[day] + 0.375) - math.sqrt(mean + 0.375))
        # The sample is calmer than chance: its dispersion is at its floor of 1.
        assert row["score"] == pytest.approx(score / math.sqrt(1 + 1 / len(expected)))


def test_growth_is_the_median_of_pairwise_slopes(database: Path) -> None:
    counts: dict[date, list[int]] = defaultdict(list)
    daily = rows(database, "select * from marts.fct_tickets_daily order by created_day")
    for row in daily[:-1]:
        day = row["created_day"]
        counts[day - timedelta(days=day.weekday())].append(row["tickets_created"])
    totals = {week: math.log(sum(days) + 0.5) for week, days in counts.items() if len(days) == 7}
    for row in rows(database, "select * from intermediate.int_weekly_growth_estimated"):
        near = sorted(week for week in totals if abs((week - row["week"]).days) <= 56)
        slopes = sorted(
            (totals[later] - totals[earlier]) / ((later - earlier).days / 7)
            for i, earlier in enumerate(near)
            for later in near[i + 1 :]
        )
        middle = len(slopes) // 2
        median = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
        assert row["growth_per_week"] == pytest.approx(median)


def test_segments_of_an_incident_add_up(database: Path) -> None:
    sums: dict[tuple[int, str], float] = defaultdict(float)
    for row in rows(database, "select * from marts.fct_incident_segments"):
        sums[row["incident_number"], row["segment_type"]] += row["extra_ratio"]
    assert len(sums) == 12
    assert all(share == pytest.approx(1) for share in sums.values())


@pytest.mark.parametrize("days", [3, 6, 12])
@pytest.mark.parametrize("mean", [0.1, 1, 10, 100, 1000])
def test_chance_names_as_few_days_as_the_documents_say(mean: float, days: int) -> None:
    """The exact Poisson chance of a score of 4 stays below the one in 30,000 of the documents."""
    chance = chance_beyond(mean, days)
    assert chance < NormalDist().cdf(-4) < 1 / 30_000
    if mean == 1000:
        assert chance > NormalDist().cdf(-4) / 2


def chance_beyond(mean: float, days: int, score: float = 4) -> float:
    """Chance that a Poisson count scores so high against the mean of `days` other counts."""
    total, chance = days * mean, 0.0
    spread = 6 * math.sqrt(total) + 6
    for seen in range(max(0, int(total - spread)), int(total + spread)):
        weight = math.exp(-total + seen * math.log(total) - math.lgamma(seen + 1))
        root = math.sqrt(seen / days + 0.375) + score / 2 * math.sqrt(1 + 1 / days)
        first = math.ceil(root * root - 0.375)
        chance += weight * sum(
            math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1))
            for k in range(first, first + 12 + 4 * math.ceil(math.sqrt(mean)))
        )
    return chance


def test_mix_and_rate_add_up_to_the_change(database: Path) -> None:
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    wholes = {}
    for row in rows(database, "select * from marts.fct_change_decomposition"):
        key = (row["comparison"], row["metric"], row["dimension"])
        sums[key] += row["mix_effect"] + row["rate_effect"]
        wholes[key] = row["overall_change"]
    assert len(sums) == 18
    for key, total in sums.items():
        assert total == pytest.approx(wholes[key], abs=1e-9)


def test_change_is_that_of_the_weekly_marts(database: Path) -> None:
    weeks = rows(
        database,
        "select * from marts.fct_sla_weekly where is_mature order by created_week desc limit 8",
    )

    def met(part: list[dict[str, Any]]) -> tuple[float, int]:
        applicable = sum(week["frt_sla_applicable_count"] for week in part)
        return sum(week["frt_sla_met_count"] for week in part) / applicable, applicable

    (now, now_count), (before, before_count) = met(weeks[:4]), met(weeks[4:])
    (change, *_) = rows(
        database,
        "select * from marts.fct_change_decomposition"
        " where comparison = '4_weeks' and metric = 'frt_sla_met_rate'",
    )
    error = math.sqrt(now * (1 - now) / now_count + before * (1 - before) / before_count)
    assert change["overall_change"] == pytest.approx(now - before)
    assert change["overall_change_ci_low"] == pytest.approx(now - before - Z * error)
    assert change["overall_change_ci_high"] == pytest.approx(now - before + Z * error)


def test_trends_are_poisson_ratios_with_holm_correction(database: Path) -> None:
    trends = rows(database, "select * from marts.fct_topic_trends where comparison = '84_days'")
    for kind in ("all", "channel", "category", "topic"):
        family = [row for row in trends if row["segment_type"] == kind]
        for row in family:
            before = max(0, row["tickets_before"] - row["incident_tickets_before"]) + 0.5
            now = max(0, row["tickets_now"] - row["incident_tickets_now"]) + 0.5
            ratio = now / before
            assert row["rate_ratio"] == pytest.approx(ratio)
            error = math.log(row["rate_ratio_ci_high"] / ratio) / Z
            assert error >= math.sqrt(1 / now + 1 / before) - 1e-12
            p_value = math.erfc(abs(math.log(ratio)) / error / math.sqrt(2))
            assert row["p_value"] == pytest.approx(p_value, rel=1e-5)
        corrected = holm([row["p_value"] for row in family])
        assert [row["p_value_holm"] for row in family] == pytest.approx(corrected)


def test_repeat_contacts_are_counted_as_defined(database: Path) -> None:
    tickets = rows(
        database,
        "select creator_id, ai_topic, created_at, resolved_at, is_resolved, is_fcr_strict"
        " from marts.fct_tickets where creator_id is not null",
    )
    (clock,) = rows(database, "select as_of_at from intermediate.int_clock_derived")
    opened: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for ticket in tickets:
        opened[ticket["creator_id"], ticket["ai_topic"]].append(ticket["created_at"])
    week = timedelta(days=7)
    resolved = [
        ticket
        for ticket in tickets
        if ticket["is_resolved"] and ticket["resolved_at"] + week <= clock["as_of_at"]
    ]
    repeated = [
        ticket
        for ticket in resolved
        if any(
            ticket["resolved_at"] < at <= ticket["resolved_at"] + week
            for at in opened[ticket["creator_id"], ticket["ai_topic"]]
        )
    ]
    (found,) = rows(database, "select * from marts.fct_repeat_contacts where segment_type = 'all'")
    assert found["resolved_count"] == len(resolved)
    assert found["repeated_count"] == len(repeated)
    assert found["repeating_creators_count"] == len({ticket["creator_id"] for ticket in repeated})
    assert found["fcr_strict_repeated_count"] == sum(row["is_fcr_strict"] for row in repeated)
    # The generator sends a fifth of the creators back after very fast closures, 6% after others.
    assert found["fcr_strict_repeat_rate"] > found["slower_repeat_rate"]


def test_next_breaches_are_open_undecided_and_in_order(database: Path) -> None:
    due = rows(
        database,
        "select due.*, tickets.is_open, tickets.is_frt_sla_met, tickets.is_resolution_sla_met"
        " from marts.fct_sla_breaches_due as due join marts.fct_tickets as tickets"
        " using (ticket_id) order by due_rank",
    )
    assert due
    assert [row["hours_left"] for row in due] == sorted(row["hours_left"] for row in due)
    for row in due:
        verdict = {"first_response": "is_frt_sla_met", "resolution": "is_resolution_sla_met"}
        assert row["is_open"]
        assert row[verdict[row["sla"]]] is None
        assert row["hours_left"] > -1 / 60
    open_undecided = rows(
        database,
        "select count(*) as n from marts.fct_tickets"
        " where is_open and is_resolution_sla_met is null",
    )
    assert sum(row["sla"] == "resolution" for row in due) == open_undecided[0]["n"]


def test_findings_are_ranked_by_their_effect(database: Path) -> None:
    findings = rows(database, "select * from marts.fct_findings order by finding_rank")
    scores = [finding["effect_score"] for finding in findings]
    assert scores == sorted(scores, reverse=True)
    kinds = [finding["kind"] for finding in findings]
    assert kinds.count("incident") == 3
    assert {"backlog", "repeat_contacts", "sla_missed", "slow_category", "growth"} <= set(kinds)
    for finding in findings:
        assert finding["comparison_value"] is not None
        if finding["kind"] != "breaches_due":
            assert finding["ci_low"] <= finding["estimate"] <= finding["ci_high"]


def test_every_recommendation_has_its_figure_and_rule(database: Path) -> None:
    recommendations = rows(database, "select * from marts.fct_recommendations")
    rules = rows(database, "select * from raw.recommendation_rules")
    assert recommendations
    for row in recommendations:
        assert row["figure_value"] >= row["min_value"] > 0
        assert row["tickets_count"] > 0
        assert row["waiting_hours"] is not None
    carried = {row["segment"] for row in recommendations if row["trigger"] == "incident_share"}
    assert carried == {"pix", "payout", "newsletter"}
    assert not any(row["action"].endswith(".") for row in rules)


def test_topics_of_the_rules_exist(database: Path) -> None:
    (unknown,) = rows(
        database,
        "select count(*) as n from raw.recommendation_rules as rules where scope = 'topic'"
        " and segment <> 'unclear'"
        " and segment not in (select topic from raw.category_rules where topic is not null)",
    )
    assert unknown["n"] == 0
