"""Whether service changed, in words: the changes of its metrics, and what incidents made of it."""

from __future__ import annotations

from typing import Any

from support_analytics.report.wording import (
    Plain,
    about,
    capital,
    days,
    listed,
    minutes_pair,
    minutes_with_range,
    name,
    percent,
    points,
    range_in_unit,
    signed,
    whole,
)

Row = dict[str, Any]
Changes = dict[str, Row]

_LEADS = {
    "better": "better than",
    "worse": "worse than",
    "mixed": "partly better, partly worse than",
    "same": "about the same as",
}
_LOOKS = {
    "better": "better",
    "worse": "worse",
    "mixed": "partly better, partly worse",
    "same": "about the same",
}


def overall_verdict(changes: Changes) -> str:
    """better, worse, mixed or same by what is beyond chance; too_few or unknown without a test."""
    verdicts = {change["verdict"] for change in changes.values()}
    if not verdicts:
        return "unknown"
    if verdicts == {"too_few"}:
        return "too_few"
    if {"better", "worse"} <= verdicts:
        return "mixed"
    return next(iter(verdicts - {"unsure", "too_few"}), "same")


def answer(changes: Changes, calm: Changes) -> Plain:
    """Whether service is better than in the weeks before; first what holds without incidents."""
    verdict, calm_verdict = overall_verdict(changes), overall_verdict(calm)
    if verdict not in _LEADS:
        return Plain(f"**It cannot be told.** {no_comparison(changes)}")
    held = incidents_in(changes)
    if held and calm_verdict in _LEADS and calm_verdict != verdict:
        figures = listed(
            [_went(row) for row in changes.values() if _is_sure(row)] or ["all in all"]
        )
        return Plain(
            f"**Service is {_LEADS[calm_verdict]} in the four weeks before.** {_compared(changes)}"
            f" With all days service looks {_LOOKS[verdict]} ({figures}), but {held}."
            f" {without_incidents(changes, calm)}"
        )
    chance = "" if any(map(_is_sure, changes.values())) else "; all of that can be chance"
    text = (
        f"**Service is {_LEADS[verdict]} in the four weeks before.** {_compared(changes)}"
        f" {capital(Plain('; '.join(_told(row) for row in changes.values())))}{chance}."
    )
    if held:
        text += f" {capital(held)}. {without_incidents(changes, calm)}"
    return Plain(text)


def no_comparison(changes: Changes) -> Plain:
    """Why four weeks cannot be compared with the four before."""
    if not changes:
        return Plain("The data does not have eight whole weeks whose targets have passed.")
    most = max(changes.values(), key=lambda row: row["sample_before"] + row["sample_now"])
    return Plain(
        f"Too few tickets came in during the weeks compared: {whole(most['sample_now'])} in the"
        f" four weeks from {days(most['now_start_day'], most['now_end_day'])} and"
        f" {whole(most['sample_before'])} in the four before."
    )


def incidents_in(changes: Changes) -> Plain:
    """Which incidents lie in the weeks compared, as a part of a sentence; empty without any."""
    return Plain(" and ".join(incidents_held(_overlapping(changes))))


def incidents_held(overlapping: list[Row]) -> list[Plain]:
    """Which incidents the earlier weeks held, and which the later ones hold; a clause for each."""
    held = []
    sides = (("the earlier weeks held", "is_before"), ("the later weeks hold", "is_now"))
    for weeks, flag in sides:
        named = [
            Plain(f"about {about(row)} of {days(row['start_day'], row['end_day'])}")
            for row in overlapping
            if row[flag]
        ]
        if named:
            noun = "incident" if len(named) == 1 else "incidents"
            held.append(Plain(f"{weeks} the {noun} {listed(named)}"))
    return held


def without_days_of(overlapping: list[Row]) -> str:
    """The beginning of a sentence about what is left without the days of incidents."""
    return f"Without {'its' if len(overlapping) == 1 else 'their'} days"


def without_incidents(changes: Changes, calm: Changes) -> Plain:
    """How the metrics went without the days of incidents, and what of that is beyond chance."""
    start = without_days_of(_overlapping(changes))
    if not any(row["verdict"] != "too_few" for row in calm.values()):
        return Plain(f"{start} too few tickets are left to compare.")
    sure = any(map(_is_sure, calm.values()))
    went = listed(
        [
            Plain(f"{_went(row)}{', beyond chance' if _is_sure(row) else ''}")
            for row in calm.values()
        ]
    )
    chance = "; the rest can be chance" if sure else "; all of that can be chance"
    if sure and all(map(_is_sure, calm.values())):
        chance = ""
    return Plain(f"{start}: {went}{chance}.")


def style_of(metric: str) -> str:
    """How values of a metric are written."""
    return "minutes" if metric == "frt_avg_minutes" else "percent"


def change_with_range(change: Row) -> tuple[str, str]:
    """A change and its interval, in one unit, which the interval has once."""
    moved = change["overall_change"]
    low, high = change["overall_change_ci_low"], change["overall_change_ci_high"]
    if style_of(change["metric"]) == "percent":
        return points(moved), range_in_unit(low, high, "points")
    text, span = minutes_with_range(moved, low, high)
    return signed(text, moved), span


def is_of_an_incident(change: Row, calm: Row | None) -> bool:
    """Whether the change is beyond chance with the days of incidents only."""
    return bool(
        change["overlapping"] and calm and _is_sure(change) and calm["verdict"] != change["verdict"]
    )


def _overlapping(changes: Changes) -> list[Row]:
    return next((row["overlapping"] for row in changes.values()), [])


def _compared(changes: Changes) -> str:
    first = next(iter(changes.values()))
    return (
        f"The four weeks from {days(first['now_start_day'], first['now_end_day'])}, the last whose"
        " targets have passed, are compared with the four before."
    )


def _is_sure(change: Row) -> bool:
    return change["verdict"] in ("better", "worse")


def _went(change: Row) -> Plain:
    before, now = change["overall_before"], change["overall_now"]
    if style_of(change["metric"]) == "minutes":
        values = minutes_pair(before, "to", now)
    else:
        values = f"{percent(before)} to {percent(now)}"
    return Plain(f"{name(change['metric'])} from {values}")


def _told(change: Row) -> Plain:
    if not _is_sure(change):
        return _went(change)
    moved, span = change_with_range(change)
    return Plain(f"{_went(change)} ({moved}; {span}), beyond chance")
