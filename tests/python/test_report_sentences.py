"""Sentences of the report, a made-up row for each of their branches."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support_analytics.report import sentences, service

Row = dict[str, Any]

PIX = {
    "topic": "pix",
    "is_topic_above_usual": True,
    "category": "others",
    "is_category_above_usual": False,
    "start_day": date(2025, 1, 10),
    "end_day": date(2025, 1, 11),
    "is_before": True,
    "is_now": False,
}
SHARE, SPEED = "frt_sla_met_rate", "frt_avg_minutes"
SHARE_NAME, SPEED_NAME = (
    "share of first responses within target",
    "average time to the first response",
)


def moved(metric: str, before: float, now: float, verdict: str, held: tuple[Row, ...] = ()) -> Row:
    """A change over four weeks, with the incidents that lie in them."""
    margin = 0.05 if metric == SHARE else 5
    return {
        "metric": metric,
        "overall_before": before,
        "overall_now": now,
        "overall_change": now - before,
        "overall_change_ci_low": now - before - margin,
        "overall_change_ci_high": now - before + margin,
        "verdict": verdict,
        "overlapping": list(held),
        "sample_before": 500,
        "sample_now": 600,
        "now_start_day": date(2025, 2, 1),
        "now_end_day": date(2025, 2, 28),
    }


def changes(kind: str, *held: Row) -> dict[str, Row]:
    """Both metrics, as they are when service is better, worse, mixed, the same; or too few."""
    share, speed = {
        "better": ("better", "unsure"),
        "worse": ("worse", "worse"),
        "mixed": ("better", "worse"),
        "same": ("unsure", "unsure"),
        "too_few": ("too_few", "too_few"),
    }[kind]
    return {
        SHARE: moved(SHARE, 0.7, 0.8, share, held),
        SPEED: moved(SPEED, 30, 40, speed, held),
    }


LEADS = {
    "better": "**Service is better than in the four weeks before.** ",
    "worse": "**Service is worse than in the four weeks before.** ",
    "mixed": "**Service is partly better, partly worse than in the four weeks before.** ",
    "same": "**Service is about the same as in the four weeks before.** ",
}
LOOKS = {
    "better": "better",
    "worse": "worse",
    "mixed": "partly better, partly worse",
    "same": "about the same",
}
COMPARED = (
    "The four weeks from 1 to 28 February 2025, the last whose targets have passed, are compared"
    " with the four before. "
)
HELD = "he earlier weeks held the incident about Pix of 10 to 11 January 2025"
SHARE_WENT = f"{SHARE_NAME} from 70.0% to 80.0%"
SPEED_WENT = f"{SPEED_NAME} from 30 to 40 minutes"
SHARE_MOVED = "(+10.0 points; +5.0 to +15.0 points), beyond chance"
SPEED_MOVED = "(+10 minutes; 5 to 15 minutes), beyond chance"
# What is said of the metrics when service is so, and of what is left without incidents.
TOLD = {
    "better": f"S{SHARE_WENT[1:]} {SHARE_MOVED}; {SPEED_WENT}.",
    "worse": f"S{SHARE_WENT[1:]} {SHARE_MOVED}; {SPEED_WENT} {SPEED_MOVED}.",
    "mixed": f"S{SHARE_WENT[1:]} {SHARE_MOVED}; {SPEED_WENT} {SPEED_MOVED}.",
    "same": f"S{SHARE_WENT[1:]}; {SPEED_WENT}; all of that can be chance.",
}
WITHOUT = {
    "better": f"{SHARE_WENT}, beyond chance and {SPEED_WENT}; the rest can be chance.",
    "worse": f"{SHARE_WENT}, beyond chance and {SPEED_WENT}, beyond chance.",
    "mixed": f"{SHARE_WENT}, beyond chance and {SPEED_WENT}, beyond chance.",
    "same": f"{SHARE_WENT} and {SPEED_WENT}; all of that can be chance.",
}
# The figures that are beyond chance with the days of incidents.
SURE = {
    "better": SHARE_WENT,
    "worse": f"{SHARE_WENT} and {SPEED_WENT}",
    "mixed": f"{SHARE_WENT} and {SPEED_WENT}",
    "same": "all in all",
}


@pytest.mark.parametrize("kind", LEADS)
def test_the_answer_where_no_incident_lies_in_the_weeks(kind: str) -> None:
    told = f"{LEADS[kind]}{COMPARED}{TOLD[kind]}"
    assert service.answer(changes(kind), {}) == told
    # What was left out elsewhere says nothing here.
    for calm in LEADS:
        assert service.answer(changes(kind), changes(calm)) == told


@pytest.mark.parametrize("calm", LEADS)
@pytest.mark.parametrize("kind", LEADS)
def test_the_answer_where_an_incident_does(kind: str, calm: str) -> None:
    without = f"Without its days: {WITHOUT[calm]}"
    told = (
        f"{COMPARED}{TOLD[kind]} T{HELD}. {without}"
        if kind == calm
        else f"{COMPARED}With all days service looks {LOOKS[kind]} ({SURE[kind]}), but"
        f" t{HELD}. {without}"
    )
    assert service.answer(changes(kind, PIX), changes(calm)) == LEADS[calm] + told


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("calm", [{}, changes("too_few")], ids=["no calm days", "too few"])
def test_the_answer_where_nothing_is_left_without_incidents(
    kind: str, calm: dict[str, Row]
) -> None:
    told = f"T{HELD}. Without its days too few tickets are left to compare."
    assert service.answer(changes(kind, PIX), calm) == (
        f"{LEADS[kind]}{COMPARED}{TOLD[kind]} {told}"
    )


def test_two_incidents_have_their_days() -> None:
    other = PIX | {"topic": "payout", "is_before": False, "is_now": True}
    said = service.without_incidents(changes("same", PIX, other), changes("worse"))
    assert said == f"Without their days: {WITHOUT['worse']}"


@pytest.mark.parametrize(
    ("verdicts", "overall"),
    [
        ((), "unknown"),
        (("too_few", "too_few"), "too_few"),
        (("too_few", "better"), "better"),
        (("unsure", "worse"), "worse"),
        (("worse", "better"), "mixed"),
        (("worse", "better", "unsure", "too_few"), "mixed"),
        (("unsure", "too_few"), "same"),
    ],
)
def test_the_verdict_over_all_metrics(verdicts: tuple[str, ...], overall: str) -> None:
    rows = {str(place): {"verdict": verdict} for place, verdict in enumerate(verdicts)}
    assert service.overall_verdict(rows) == overall


@pytest.mark.parametrize(
    ("metric", "before", "now", "tickets_count", "waiting_hours", "title", "figures"),
    [
        (
            *(SHARE, 0.7, 0.8, -12, 0),
            f"S{SHARE_NAME[1:]}: better than before",
            "From 70.0% in the four weeks before to 80.0% in the four weeks from 1 to 28 February"
            " 2025: a change of +10.0 points (+5.0 to +15.0 points). About 12 more tickets met"
            " their target than at the earlier rate.",
        ),
        (
            *(SHARE, 0.8, 0.7, 12, 0),
            f"S{SHARE_NAME[1:]}: worse than before",
            "From 80.0% in the four weeks before to 70.0% in the four weeks from 1 to 28 February"
            " 2025: a change of -10.0 points (-15.0 to -5.0 points). About 12 fewer tickets met"
            " their target than at the earlier rate.",
        ),
        (
            *(SPEED, 40, 30, 0, -90.4),
            f"A{SPEED_NAME[1:]}: better than before",
            "From 40 in the four weeks before to 30 minutes in the four weeks from 1 to 28"
            " February 2025: a change of -10 minutes (-15 to -5 minutes). Creators are 90 hours"
            " better off.",
        ),
        (
            *(SPEED, 30, 40, 0, 90.4),
            f"A{SPEED_NAME[1:]}: worse than before",
            "From 30 in the four weeks before to 40 minutes in the four weeks from 1 to 28"
            " February 2025: a change of +10 minutes (5 to 15 minutes). Creators are 90 hours"
            " worse off.",
        ),
    ],
)
def test_a_change_is_called_better_or_worse(
    metric: str,
    before: float,
    now: float,
    tickets_count: float,
    waiting_hours: float,
    title: str,
    figures: str,
) -> None:
    finding = {
        "kind": "change",
        "subject": metric,
        "tickets_count": tickets_count,
        "waiting_hours": waiting_hours,
        "comparison_value": before,
        "estimate": now,
        "start_day": date(2025, 2, 1),
        "end_day": date(2025, 2, 28),
        "detail": moved(metric, before, now, "better") | {"calm": None},
    }
    told = f'{figures} "Did service change" has its parts.'
    assert sentences.title(finding) == title
    assert sentences.paragraph(finding) == told
    assert sentences.headline(finding) == f"**{title}.** {told}"


@pytest.mark.parametrize(
    ("held", "calm", "is_said"),
    [((PIX,), "unsure", True), ((PIX,), "better", False), ((), "unsure", False)],
)
def test_a_change_that_an_incident_made_is_called_so(
    held: tuple[Row, ...], calm: str, is_said: bool
) -> None:
    detail = moved(SHARE, 0.7, 0.8, "better", held) | {"calm": moved(SHARE, 0.7, 0.8, calm)}
    finding = {"kind": "change", "subject": SHARE, "detail": detail}
    finding |= {"tickets_count": -12, "waiting_hours": 0}
    assert sentences.title(finding) == f"S{SHARE_NAME[1:]}: " + (
        "beyond chance only with the days of an incident" if is_said else "better than before"
    )


INCIDENT = PIX | {
    "tickets_created": 50,
    "expected_tickets": 20.0,
    "extra_tickets": 30.0,
    "extra_ci_low": 18.0,
    "extra_ci_high": 42.0,
    "topic_extra_ratio": 0.8,
    "is_channel_above_usual": False,
    "frt_effect_minutes": None,
    "extra_waiting_hours": 0.0,
    "is_ongoing": False,
}
EXTRA = (
    "50 tickets came in where 20 were to be expected: **30 extra tickets** (18 to 42). 80% of"
    " them were about Pix."
)
SLOWER = {
    "frt_effect_minutes": 20.0,
    "frt_effect_ci_low": 10.0,
    "frt_effect_ci_high": 30.0,
    "frt_avg_minutes": 50.0,
    "frt_expected_minutes": 30.0,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        (
            SLOWER,
            " Those who wrote on these days waited 20 minutes longer for a first response (10 to"
            " 30 minutes) than on the same channels on ordinary days: 50 instead of 30 minutes on"
            " average.",
        ),
        (
            SLOWER | {"frt_effect_ci_low": -1.0},
            " First responses were not slower than chance would have it.",
        ),
        (
            {"extra_waiting_hours": 80.0},
            " Until resolution, creators waited 80 hours more in all than expected.",
        ),
        ({"is_ongoing": True}, " **It lasts: the last complete day belongs to it.**"),
    ],
)
def test_what_an_incident_cost(changed: Row, said: str) -> None:
    assert sentences.paragraph({"kind": "incident", "detail": INCIDENT | changed}) == EXTRA + said


@pytest.mark.parametrize(
    ("is_ongoing", "waiting_hours", "said"),
    [
        (False, 0.0, "."),
        (True, 0.0, ". It is still going on."),
        (False, 80.0, "; resolutions took 80 hours longer in all."),
        (True, 80.0, "; resolutions took 80 hours longer in all. It is still going on."),
    ],
)
def test_the_headline_of_an_incident(is_ongoing: bool, waiting_hours: float, said: str) -> None:
    finding = PIX | {
        "kind": "incident",
        "subject": "pix",
        "tickets_count": 30.0,
        "waiting_hours": waiting_hours,
        "detail": INCIDENT | {"is_ongoing": is_ongoing},
    }
    assert sentences.headline(finding) == (
        "**Incident about Pix, 10 to 11 January 2025.** 30 tickets more than expected, 80% of them"
        f" about Pix{said}"
    )


GROWTH = {
    "kind": "growth",
    "tickets_count": 120,
    "estimate": 1.234,
    "comparison_value": 1.567,
    "detail": {
        "comparison": "28_days",
        "ordinary_change": 120,
        "rate_ratio": 1.234,
        "rate_ratio_ci_low": 1.1,
        "rate_ratio_ci_high": 1.4,
        "p_value_holm": 0.004,
    },
}


@pytest.mark.parametrize(
    ("subject_type", "subject", "title", "in_all"),
    [
        ("all", "all", "More tickets come in", ""),
        (
            *("category", "financial", "Financial tickets grow faster than the others"),
            " There were 1.57 times as many tickets in all.",
        ),
        (
            *("topic", "pix", "Tickets about Pix grow faster than the others"),
            " There were 1.57 times as many tickets in all.",
        ),
    ],
)
def test_growth_is_that_of_its_own_tickets(
    subject_type: str, subject: str, title: str, in_all: str
) -> None:
    finding = GROWTH | {"subject_type": subject_type, "subject": subject}
    assert sentences.headline(finding) == (
        f"**{title}.** 120 more in the last 28 complete days than in the days before, 1.23 times"
        " as many, incidents set aside."
    )
    assert sentences.paragraph(finding) == (
        "Incidents set aside, 120 more tickets came in during the last 28 days than in the 28"
        f" before: 1.23 times as many (1.10 to 1.40; corrected p 0.004).{in_all}"
    )


@pytest.mark.parametrize(
    ("changed", "cost", "hours"),
    [
        ({"waiting_hours": 0.0, "waiting_share": None}, "", "–"),
        (
            {"waiting_hours": 3723.4, "waiting_share": 0.125},
            " and 3,723 hours of waiting for a resolution",
            "3,723 (12.5%)",
        ),
        (
            {"trigger": "frt_missed_rate", "waiting_hours": 50.0, "waiting_share": 0.01},
            " and 50 hours of waiting beyond the target",
            "50 (1.0%)",
        ),
        (
            {"trigger": "old_open_share", "waiting_hours": 400.0, "waiting_share": None},
            " waiting for 10.0 hours on average",
            "10.0 hours each so far",
        ),
    ],
)
def test_what_is_at_stake(changed: Row, cost: str, hours: str) -> None:
    recommendation = {"trigger": "repeat_rate", "tickets_count": 40, "ticket_share": 0.1} | changed
    assert sentences.at_stake(recommendation) == f"At stake: 40 tickets (10.0% of all){cost}."
    assert sentences.hours_at_stake(recommendation) == hours


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([], ""),
        (["texts"], "message texts, so that nothing can be said about topics"),
        (
            ["first_responses"],
            "first response times, so that nothing can be said about first responses",
        ),
        (["tags"], "tags, so that categories are the AI's and cannot be checked"),
        (["users"], "users, so that plans and countries are unknown"),
    ],
)
def test_what_the_data_lacks_is_said(kinds: list[str], said: str) -> None:
    assert sentences.lacking(kinds) == (f"The data has no {said}." if kinds else "")


@pytest.mark.parametrize(
    ("change", "said"),
    [(0, "as many as"), (3, "3 more than"), (-3, "3 fewer than"), (-1200, "1,200 fewer than")],
)
def test_how_the_backlog_moved(change: int, said: str) -> None:
    assert sentences.backlog_moved(change) == said


@pytest.mark.parametrize(
    ("days_count", "said"),
    # A normal distribution has 3.17 of 100,000 beyond 4 standard deviations.
    [
        (0, "less than one"),
        (31_000, "less than one"),
        (32_000, "at most 1"),
        (100_000, "at most 3"),
        (1_000_000, "at most 32"),
    ],
)
def test_how_many_days_chance_would_name(days_count: int, said: str) -> None:
    assert sentences.false_alarms_at_most(days_count) == said
