"""The report's pictures, drawn as SVG: the same rows give the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from math import ceil, floor, log10
from typing import Any

from support_analytics.report import wording

Row = dict[str, Any]

_WIDTH = 720
_INK, _MUTED, _GRID = "#1b2430", "#596474", "#e6e9ee"
_BLUE, _BAND, _RED, _RED_BAND, _TEAL = "#2457c5", "#dde6f4", "#b42318", "#fbe3e0", "#177a6e"
_HEAT = ("#b42318", "#dd6b4d", "#f0b49b", "#f6e7df", "#dde6f4", "#9db9e4", "#3567b8")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Chart:
    """A picture: the name of its file, what it shows in words, and the SVG."""

    file_name: str
    description: str
    svg: str


def draw_charts(data: dict[str, list[Row]]) -> list[Chart]:
    """The pictures that the rows allow; a chart without rows is left out."""
    charts = [
        _daily_tickets(data["daily"], data["incidents"]),
        _weekly_sla(data["weekly"], data["incidents"]),
        _decomposition(data["decomposition"]),
        _categories(data["categories"]),
        _backlog(data["backlog"]),
        _staffing(data["staffing"]),
    ]
    return [chart for chart in charts if chart is not None]


class _Canvas:
    """SVG elements in the order in which they are drawn. Sizes are in pixels."""

    def __init__(self, height: int, title: str, description: str) -> None:
        self._height = height
        self._title = title
        self._description = description
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}"'
            f' height="{max(height, 0):.1f}" fill="{fill}"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], stroke: str, width: float = 1) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"'
            ' stroke-linejoin="round"/>'
        )

    def area(self, points: Sequence[tuple[float, float]], fill: str) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{path}" fill="{fill}"/>')

    def dot(self, x: float, y: float, stroke: str, is_hollow: bool = False) -> None:
        fill = "#ffffff" if is_hollow else stroke
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}" stroke="{stroke}"'
            ' stroke-width="1.5"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        fill: str = _MUTED,
        anchor: str = "start",
        size: int = 12,
        is_bold: bool = False,
    ) -> None:
        weight = ' font-weight="600"' if is_bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}"'
            f' font-size="{size}"{weight}>{escape(text)}</text>'
        )

    def svg(self) -> str:
        """The picture as a whole, with its title above and its description for screen readers."""
        body = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self._height}"'
            f' width="{_WIDTH}" height="{self._height}" role="img"'
            f' aria-label="{escape(self._description)}"'
            ' font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial,'
            ' sans-serif">\n'
            f'<rect width="{_WIDTH}" height="{self._height}" fill="#ffffff"/>\n'
            f'<text x="8" y="20" fill="{_INK}" font-size="14" font-weight="600">'
            f"{escape(self._title)}</text>\n{body}\n</svg>\n"
        )


def _daily_tickets(rows: list[Row], incidents: list[Row]) -> Chart | None:
    if len(rows) < 2:
        return None
    description = (
        f"Tickets a day from {wording.day(rows[0]['created_day'])}"
        f" to {wording.day(rows[-1]['created_day'])}, with the range of ordinary days. "
        + (
            "Incidents: "
            + "; ".join(wording.days(row["start_day"], row["end_day"]) for row in incidents)
            + "."
            if incidents
            else "No incident."
        )
    )
    canvas = _Canvas(284, "Tickets a day, and where ordinary days lie", description)
    left, right, top, bottom = 44, _WIDTH - 12, 58, 236
    first, last = rows[0]["created_day"], rows[-1]["created_day"]
    tops = [max(row["tickets_created"], row["expected_high"] or 0) for row in rows]
    ticks = _ticks(max(tops))
    x_of = _day_scale(first, last, left, right)
    y_of = _scale(0, ticks[-1], bottom, top)
    _shade(canvas, incidents, first, last, x_of, top, bottom)
    _axis(canvas, ticks, y_of, left, right, wording.whole)
    _month_labels(canvas, first, last, x_of, bottom)
    known = [row for row in rows if row["expected_tickets"] is not None]
    upper = [(x_of(row["created_day"]), y_of(row["expected_high"])) for row in known]
    lower = [(x_of(row["created_day"]), y_of(row["expected_low"])) for row in known]
    if known:
        canvas.area(upper + lower[::-1], _BAND)
    canvas.line(
        [(x_of(row["created_day"]), y_of(row["tickets_created"])) for row in rows], _BLUE, 1.4
    )
    _incident_labels(canvas, incidents, x_of, top)
    _legend(canvas, 274, [(_BLUE, "tickets"), (_BAND, "95% of ordinary days"), (_RED, "incident")])
    return Chart("tickets_a_day.svg", description, canvas.svg())


def _weekly_sla(rows: list[Row], incidents: list[Row]) -> Chart | None:
    rows = [row for row in rows if row["frt_sla_met_rate"] is not None]
    if len(rows) < 2:
        return None
    first_row, last_row = rows[0], [row for row in rows if row["is_mature"]] or rows
    description = (
        "Share of first responses within target by week: "
        f"{wording.percent(first_row['frt_sla_met_rate'])} in the week of"
        f" {wording.day(first_row['created_week'])},"
        f" {wording.percent(last_row[-1]['frt_sla_met_rate'])} in the week of"
        f" {wording.day(last_row[-1]['created_week'])}, the last that is finished."
    )
    canvas = _Canvas(262, "First responses within target, by week", description)
    left, right, top, bottom = 44, _WIDTH - 12, 44, 212
    first, last = rows[0]["created_week"], rows[-1]["created_week"]
    x_of = _day_scale(first, last + timedelta(days=6), left, right)
    y_of = _scale(0, 1, bottom, top)
    _shade(canvas, incidents, first, last + timedelta(days=6), x_of, top, bottom)
    _axis(
        canvas, [0, 0.25, 0.5, 0.75, 1], y_of, left, right, lambda share: wording.percent(share, 0)
    )
    _month_labels(canvas, first, last, x_of, bottom)
    points = [
        (x_of(row["created_week"] + timedelta(days=3)), y_of(row["frt_sla_met_rate"]))
        for row in rows
    ]
    canvas.line(points, _BLUE, 1.6)
    for (x, y), row in zip(points, rows, strict=True):
        canvas.dot(x, y, _BLUE, is_hollow=not row["is_mature"])
    _legend(canvas, 252, [(_BLUE, "share; hollow where it can still change"), (_RED, "incident")])
    return Chart("first_responses_within_target.svg", description, canvas.svg())


def _decomposition(rows: list[Row]) -> Chart | None:
    if not rows:
        return None
    parts = "; ".join(
        f"{wording.name(row['segment'])} {wording.points(row['rate_effect'])} by itself,"
        f" {wording.points(row['mix_effect'])} by its share of tickets"
        for row in rows
    )
    description = (
        "What changed the share of first responses within target, by channel, over four weeks"
        f" against the four before: {parts}."
    )
    height = 74 + 40 * len(rows)
    canvas = _Canvas(height, "What changed the share of first responses within target", description)
    effects = [effect for row in rows for effect in (row["rate_effect"], row["mix_effect"])]
    span = max((abs(effect) for effect in effects), default=0) or 1
    middle, half = 400.0, 210.0
    for index, row in enumerate(rows):
        y = 44 + 40 * index
        canvas.text(8, y + 18, wording.capital(wording.name(row["segment"])), _INK)
        for offset, effect, colour in (
            (0, row["rate_effect"], _BLUE),
            (15, row["mix_effect"], _TEAL),
        ):
            width = abs(effect) / span * half
            canvas.rect(middle - (width if effect < 0 else 0), y + offset, width, 12, colour)
            x = middle + (width + 6 if effect >= 0 else -width - 6)
            anchor = "start" if effect >= 0 else "end"
            canvas.text(x, y + offset + 10, wording.points(effect), _MUTED, anchor, 11)
    canvas.line([(middle, 38), (middle, 40 + 40 * len(rows))], _MUTED)
    _legend(
        canvas,
        height - 10,
        [(_BLUE, "the channel itself got better or worse"), (_TEAL, "its share of tickets moved")],
    )
    return Chart("what_changed.svg", description, canvas.svg())


def _categories(rows: list[Row]) -> Chart | None:
    if not rows:
        return None
    parts = "; ".join(
        f"{wording.name(row['segment'])} {wording.percent(row['ticket_share'], 0)} and"
        f" {wording.percent(row['waiting_share'], 0)}"
        for row in rows
    )
    description = (
        "Share of tickets and of the hours until resolution of resolved tickets, by category:"
        f" {parts}."
    )
    height = 74 + 40 * len(rows)
    canvas = _Canvas(height, "Tickets and hours until resolution, by category", description)
    left, right = 130.0, 660.0
    shares = [
        share for row in rows for share in (row["ticket_share"], row["waiting_share"]) if share
    ]
    span = max(shares, default=0) or 1
    for index, row in enumerate(rows):
        y = 44 + 40 * index
        canvas.text(8, y + 18, wording.capital(wording.name(row["segment"])), _INK)
        for offset, share, colour in (
            (0, row["ticket_share"] or 0, _BLUE),
            (15, row["waiting_share"] or 0, _TEAL),
        ):
            width = share / span * (right - left)
            canvas.rect(left, y + offset, width, 12, colour)
            canvas.text(
                left + width + 6, y + offset + 10, wording.percent(share, 0), _MUTED, size=11
            )
    _legend(
        canvas,
        height - 10,
        [
            (_BLUE, "share of tickets"),
            (_TEAL, "share of the hours until resolution (resolved tickets)"),
        ],
    )
    return Chart("tickets_and_waiting.svg", description, canvas.svg())


def _backlog(rows: list[Row]) -> Chart | None:
    if len(rows) < 2:
        return None
    first, last = rows[0]["day"], rows[-1]["day"]
    description = (
        f"Open tickets at the end of each day: {wording.whole(rows[0]['closing_count'])} on"
        f" {wording.day(first)}, {wording.whole(rows[-1]['closing_count'])} on {wording.day(last)}."
    )
    canvas = _Canvas(232, "Open tickets at the end of each day", description)
    left, right, top, bottom = 44, _WIDTH - 12, 40, 200
    ticks = _ticks(max(row["closing_count"] for row in rows))
    x_of, y_of = _day_scale(first, last, left, right), _scale(0, ticks[-1], bottom, top)
    _axis(canvas, ticks, y_of, left, right, wording.whole)
    _month_labels(canvas, first, last, x_of, bottom)
    canvas.line([(x_of(row["day"]), y_of(row["closing_count"])) for row in rows], _BLUE, 1.6)
    return Chart("open_tickets.svg", description, canvas.svg())


def _staffing(rows: list[Row]) -> Chart | None:
    judged = [row for row in rows if row["frt_sla_applicable_count"] >= row["fewest"]]
    if not judged:
        return None
    by_day = []
    for weekday, title in enumerate(_WEEKDAYS, start=1):
        cells = [row for row in rows if row["weekday"] == weekday]
        applicable = sum(row["frt_sla_applicable_count"] for row in cells)
        met = sum(row["frt_sla_met_count"] for row in cells)
        by_day.append(
            f"{title} {wording.percent(met / applicable, 0)}" if applicable else f"{title} none"
        )
    description = (
        "Share of first responses within target by weekday and hour of the day. "
        f"By weekday: {', '.join(by_day)}."
    )
    canvas = _Canvas(
        270, "First responses within target, by weekday and hour of arrival", description
    )
    left, top, width, height = 44, 34, 27.5, 26
    overall = sum(row["frt_sla_met_count"] for row in judged) / sum(
        row["frt_sla_applicable_count"] for row in judged
    )
    for weekday, title in enumerate(_WEEKDAYS):
        canvas.text(8, top + weekday * height + 17, title, _INK)
    for hour in range(0, 24, 3):
        canvas.text(left + hour * width, top + 7 * height + 14, f"{hour:02d}:00")
    for row in rows:
        x, y = left + row["hour"] * width, top + (row["weekday"] - 1) * height
        fill = "#f3f5f9"
        if row["frt_sla_applicable_count"] >= row["fewest"]:
            # Steps of 8 points around the overall share.
            step = round((row["frt_sla_met_rate"] - overall) / 0.08) + 3
            fill = _HEAT[max(0, min(6, step))]
        canvas.rect(x, y, width - 1.5, height - 1.5, fill)
    _legend(
        canvas,
        262,
        [
            (_HEAT[0], "far below the average"),
            (_HEAT[3], f"about {wording.percent(overall, 0)}, the average"),
            (_HEAT[6], "far above"),
            ("#f3f5f9", f"fewer than {rows[0]['fewest']} tickets"),
        ],
    )
    return Chart("weekdays_and_hours.svg", description, canvas.svg())


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


def _day_scale(first: date, last: date, left: float, right: float) -> Callable[[date], float]:
    scale = _scale(0, max((last - first).days, 1), left, right)
    return lambda value: scale((value - first).days)


def _ticks(largest: float) -> list[float]:
    """Round numbers from 0 to at least the largest value, about four."""
    if largest <= 0:
        return [0, 1]
    raw = largest / 4
    unit = 10 ** floor(log10(raw))
    # Halves only of what has no decimals then: 2.5 would be written as 3.
    factors = (1, 2, 2.5, 5, 10) if unit >= 10 else (1, 2, 5, 10)
    step = max(1, next(factor * unit for factor in factors if factor * unit >= raw))
    return [step * index for index in range(ceil(largest / step) + 1)]


def _axis(
    canvas: _Canvas,
    ticks: Sequence[float],
    y_of: Callable[[float], float],
    left: float,
    right: float,
    label: Callable[[float], str],
) -> None:
    for tick in ticks:
        canvas.line([(left, y_of(tick)), (right, y_of(tick))], _GRID)
        canvas.text(left - 6, y_of(tick) + 4, label(tick), anchor="end", size=11)


def _month_labels(
    canvas: _Canvas, first: date, last: date, x_of: Callable[[date], float], bottom: float
) -> None:
    months = []
    month = first.replace(day=1)
    while month <= last:
        months.append(max(month, first))
        month = (month + timedelta(days=32)).replace(day=1)
    step = ceil(len(months) / 12)
    free_from = x_of(first)
    for start in months[::step]:
        # A month that has only its last days in the data would collide with the next label.
        if free_from <= x_of(start) <= x_of(last) - 24:
            canvas.line([(x_of(start), bottom), (x_of(start), bottom + 4)], _MUTED)
            year = f" {start.year}" if start == months[0] or start.month == 1 else ""
            free_from = x_of(start) + (58 if year else 28)
            canvas.text(x_of(start) + 2, bottom + 15, f"{start:%b}{year}", size=11)


def _shade(
    canvas: _Canvas,
    incidents: list[Row],
    first: date,
    last: date,
    x_of: Callable[[date], float],
    top: float,
    bottom: float,
) -> None:
    for incident in incidents:
        start_day, end_day = max(incident["start_day"], first), min(incident["end_day"], last)
        if start_day <= end_day:
            start = x_of(start_day) - 2
            canvas.rect(start, top, x_of(end_day) + 2 - start, bottom - top, _RED_BAND)


def _incident_labels(
    canvas: _Canvas, incidents: list[Row], x_of: Callable[[date], float], top: float
) -> None:
    # Many incidents would write over each other; the report lists them.
    if len(incidents) > 6:
        return
    for incident in incidents:
        middle = (x_of(incident["start_day"]) + x_of(incident["end_day"])) / 2
        anchor = "start" if middle < 80 else "end" if middle > _WIDTH - 80 else "middle"
        label = wording.capital(wording.about(incident))
        canvas.text(middle, top - 18, label, _RED, anchor, 11, is_bold=True)
        dates = wording.days(incident["start_day"], incident["end_day"])
        canvas.text(middle, top - 5, dates, _RED, anchor, 10)


def _legend(canvas: _Canvas, y: float, entries: Sequence[tuple[str, str]]) -> None:
    x = 44.0
    for colour, label in entries:
        canvas.rect(x, y - 9, 12, 10, colour)
        canvas.text(x + 17, y, label, size=11)
        x += 17 + 6.2 * len(label) + 18
