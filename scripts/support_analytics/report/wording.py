"""Figures and names as an executive reads them. Everything returned is text for Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from support_analytics.names import NAMES as _NAMES
from support_analytics.names import NO_TOPICS

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~])")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Plain(str):
    """Text that is Markdown already and must not be escaped again."""

    __slots__ = ()


def escaped(value: object) -> Plain:
    """The value as text that Markdown and HTML show as it is, on one line."""
    if isinstance(value, Plain):
        return value
    if value is None:
        return Plain("–")
    text = " ".join(str(value).split())
    # Entities instead of backslashes: they hold in every dialect of Markdown, in tables too.
    return Plain(_SPECIAL.sub(lambda match: f"&#{ord(match.group())};", text))


def name(value: str | None) -> Plain:
    """A channel, category, topic or metric in words."""
    return escaped(_NAMES.get(value or "", (value or "unknown").replace("_", " ")))


def about(incident: dict[str, Any]) -> Plain:
    """What an incident is about: its topic, else its category, where it brought more than usual."""
    if incident["is_topic_above_usual"] and incident["topic"] not in NO_TOPICS:
        return name(incident["topic"])
    if incident["is_category_above_usual"]:
        return tickets_of(incident["category"])
    return Plain("several topics")


def tickets_of(category: str) -> Plain:
    """Tickets of a category; `other tickets` would be tickets that are not the ones before."""
    if category == "others":
        return Plain("tickets of other subjects")
    return Plain(f"{name(category)} tickets")


def capital(value: object) -> Plain:
    """The text with its first letter large, whatever the rest is."""
    text = escaped(value)
    return Plain(text[:1].upper() + text[1:])


def whole(value: float | None) -> str:
    """A count, thousands apart: 12,000."""
    return "–" if value is None else f"{_away_from_zero(value, 0):,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """A number with so many decimals."""
    return "–" if value is None else f"{_away_from_zero(value, digits):,.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share of 0 to 1 in percent: 43.7%."""
    return "–" if value is None else f"{_away_from_zero(100 * value, digits):.{digits}f}%"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    return "–" if value is None else f"{_away_from_zero(100 * value, 1):+.1f} points"


def minutes(value: float | None) -> str:
    """A duration given in minutes, in the unit that reads best."""
    if value is None:
        return "–"
    if abs(value) < 9.95:
        return f"{_away_from_zero(value, 1):.1f} minutes"
    if abs(value) < 120:
        return counted(value, "minute")
    return hours(value / 60)


def hours(value: float | None) -> str:
    """A duration given in hours, in the unit that reads best."""
    if value is None:
        return "–"
    if abs(value) < 2:
        return counted(value * 60, "minute")
    if abs(value) < 72:
        return f"{_away_from_zero(value, 1):.1f} hours"
    return f"{_away_from_zero(value / 24, 0):,.0f} days"


def hours_long(value: float | None) -> str:
    """A long wait given in hours, without decimals where they say nothing: 37 hours."""
    if value is not None and 10 <= abs(value) < 72:
        return f"{whole(value)} hours"
    return hours(value)


def minutes_pair(one: float, joint: str, other: float) -> str:
    """Two durations given in minutes, in the same unit: 1.1 to 2.9 hours."""
    unit, length, shown = _common_unit(one, other)
    return f"{shown(one / length)} {joint} {shown(other / length)} {unit}"


def minutes_with_range(value: float, low: float, high: float) -> tuple[str, str]:
    """A duration in minutes and its interval in one unit: 2.0 hours, 1.1 to 2.9 hours."""
    unit, length, shown = _common_unit(value, low, high)
    # A single small duration has a decimal that a range needs not.
    text = minutes(value) if unit == "minutes" else f"{shown(value / length)} {unit}"
    return text, f"{shown(low / length)} to {shown(high / length)} {unit}"


def _common_unit(*durations: float) -> tuple[str, int, Callable[[float], str]]:
    """The unit that reads best for all of these minutes, its length, and how its numbers look."""
    largest = max(map(abs, durations))
    if largest < 120:
        return "minutes", 1, whole
    return ("hours", 60, decimal) if largest < 72 * 60 else ("days", 1440, decimal)


def waited(value: float | None) -> str:
    """Hours that creators waited, summed: 3,723 hours."""
    return "–" if value is None else counted(value, "hour")


def counted(value: float, noun: str) -> str:
    """A count with its noun: 1 ticket, 12 tickets."""
    return f"{whole(value)} {noun}{'' if whole(value) == '1' else 's'}"


def signed(text: str, value: float | None) -> str:
    """The text of a change with a plus where it is one."""
    return f"+{text}" if value is not None and value > 0 and text != "–" else text


def day(value: date | None) -> str:
    """A day: 17 June 2025."""
    return "–" if value is None else f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def days(start: date, end: date) -> str:
    """A span of days: 17 to 19 June 2025."""
    if start == end:
        return day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {day(end)}"
    if start.year == end.year:
        return f"{start.day} {_MONTHS[start.month - 1]} to {day(end)}"
    return f"{day(start)} to {day(end)}"


def instant(value: datetime) -> str:
    """An instant in UTC: 31 October 2025, 23:56 UTC."""
    return f"{day(value.date())}, {value:%H:%M} UTC"


def p_value(value: float | None) -> str:
    """A p-value: 0.031, or below 0.001."""
    if value is None:
        return "–"
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def in_unit(value: float | None, unit: str) -> str:
    """An estimate of an analysis in its unit."""
    if value is None:
        return "–"
    if unit == "share":
        return percent(value)
    if unit == "points":
        return points(value)
    if unit == "minutes":
        return f"{whole(value)} min"
    if unit == "hours":
        return f"{decimal(value)} h"
    return decimal(value, 2)


def range_in_unit(low: float | None, high: float | None, unit: str) -> str:
    """An interval of an analysis, the unit once."""
    if low is None or high is None:
        return "–"
    first = in_unit(low, unit)
    word = {"points": " points", "minutes": " min", "hours": " h"}.get(unit, "")
    return f"{first.removesuffix(word)} to {in_unit(high, unit)}"


def thousands_apart(text: str) -> str:
    """The text with its whole numbers as `whole` writes them: 1,858 wrong."""
    return re.sub(r"(?<![\d.,])\d{4,}", lambda match: f"{int(match[0]):,}", text)


def listed(items: list[Any]) -> Plain:
    """Items as a list in a sentence: a, b and c."""
    texts = [escaped(item) for item in items]
    if len(texts) < 2:
        return Plain("".join(texts))
    return Plain(", ".join(texts[:-1]) + " and " + texts[-1])


def shortened(text: str | None, length: int = 90) -> Plain:
    """The beginning of a text, cut at a word."""
    line = " ".join((text or "").split())
    if len(line) > length:
        line = line[:length].rsplit(" ", 1)[0] + " …"
    return escaped(line)


def _away_from_zero(value: float, digits: int) -> float:
    # Never "-0.0"; and sums that differ in their last bit must not round to different texts.
    rounded = round(value + (1e-9 if value >= 0 else -1e-9), digits)
    return rounded or 0.0
