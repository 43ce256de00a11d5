"""What the Support Health page has to say of a setting, in its words: computed a second time."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dashboard_page import MIN_TICKETS, Setting, Warehouse, wilson
from support_analytics.names import NAMES, NO_TOPICS, TITLES

Z_95 = 1.959963984540054
# The sentence names a movement past 99%.
Z_99 = 2.58

# --- numbers, days, names ----------------------------------------------------------------------


def fixed(value: float, digits: int = 0) -> str:
    """A number of so many digits; halves, as they are written, are rounded up."""
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def count(value: float | None) -> str:
    return "–" if value is None else f"{int(fixed(value)):,}"


def counted(value: int, noun: str) -> str:
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    return "–" if share is None else fixed(share * 100, digits) + "%"


def duration(minutes: float | None) -> str:
    if minutes is None:
        return "–"
    if minutes == 0:
        return "0\xa0min"
    for limit, size, digits, unit in (
        (1, 1 / 60, 0, "s"),
        (9.95, 1, 1, "min"),
        (120, 1, 0, "min"),
        (4320, 60, 1, "h"),
        (math.inf, 1440, 1, "days"),
    ):
        if minutes < limit:
            number = minutes * 60 if unit == "s" else minutes / size
            return f"{Decimal(fixed(number, digits)):,}\xa0{unit}"
    raise AssertionError(minutes)


def day_name(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def range_name(start: date, end: date) -> str:
    if start == end:
        return day_name(start)
    first = day_name(start) if start.year != end.year else f"{start.day} {start:%b}"
    return f"{first} to {day_name(end)}"


def spoken(value: str | None) -> str:
    return "unknown" if value is None else NAMES.get(value, value.replace("_", " "))


# --- by how many standard errors ---------------------------------------------------------------


def proportions_score(k: int, n: int, l: int, m: int) -> float:  # noqa: E741
    """z of two proportions, k of n against l of m, with the pooled variance."""
    both = (k + l) / (n + m)
    variance = both * (1 - both) * (1 / n + 1 / m)
    return (k / n - l / m) / math.sqrt(variance) if variance > 0 else 0.0


def welch_score(a: list[float], b: list[float]) -> float:
    if min(len(a), len(b)) < 2:
        return 0.0

    def mean_and_error(values: list[float]) -> tuple[float, float]:
        mean = math.fsum(values) / len(values)
        squares = math.fsum((value - mean) ** 2 for value in values)
        return mean, squares / (len(values) - 1) / len(values)

    (mean_a, error_a), (mean_b, error_b) = mean_and_error(a), mean_and_error(b)
    return (mean_a - mean_b) / math.sqrt(error_a + error_b)


def rank_score(a: list[float], b: list[float]) -> float:
    """z of Mann-Whitney: positive where values of a tend to be the larger ones. Both are sorted."""
    n, m = len(a), len(b)
    if not n or not m:
        return 0.0
    wins = sum(bisect_left(b, value) + bisect_right(b, value) for value in a) / 2
    return (wins - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


# --- a setting and its figures -----------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """What a card compares, and in which direction a change is good (0: in neither)."""

    metric: str
    form: Any
    good: int
    test: str
    behind: str | None = None
    is_state: bool = False


CARDS = (
    Card("tickets_created", count, 0, "count"),
    Card("resolved_count", count, 0, "count", is_state=True),
    Card("backlog_closing_count", count, -1, "count"),
    Card("closed_without_solution_count", count, 0, "count", is_state=True),
    Card("frt_median_minutes", duration, -1, "rank", "frt"),
    Card("frt_avg_minutes", duration, -1, "welch", "frt"),
    Card("frt_p95_minutes", duration, -1, "exceeding", "frt"),
    Card("resolution_median_minutes", duration, -1, "rank", "resolution", is_state=True),
    Card("fcr_strict_rate", percent, 1, "rate", "tickets_created"),
    Card("fcr_lenient_rate", percent, 1, "rate", "tickets_created"),
    Card("frt_sla_met_rate", percent, 1, "rate", "frt_sla_applicable_count"),
    Card("resolution_sla_met_rate", percent, 1, "rate", "resolution_sla_applicable_count"),
)
_COUNTED = {"frt": "frt_count", "resolution": "resolution_count"}


class Said:
    """The words of one setting. Made right after its figures: the warehouse's `chosen` is read."""

    def __init__(self, warehouse: Warehouse, setting: Setting, figures: dict[str, Any]) -> None:
        self.warehouse, self.setting, self.figures = warehouse, setting, figures
        self.length = (setting.end - setting.start).days + 1
        self.before = (
            setting.start - timedelta(days=self.length),
            setting.start - timedelta(days=1),
        )
        self.has_room = self.before[0] >= warehouse.first_day
        self.is_compared = self.has_room and setting.end < warehouse.last_day
        self.span = "day" if self.length == 1 else f"{self.length} days"
        spans = {"now": (setting.start, setting.end), "before": self.before}
        self.spans = spans if self.is_compared else {"now": spans["now"]}
        self.tickets = {when: self._tickets(*days) for when, days in self.spans.items()}
        self.incidents = {when: self._incidents(*days) for when, days in self.spans.items()}
        self.open_count = warehouse.row(
            "select count(*) as n from chosen where is_open and "
            f"created_day between '{setting.start}' and '{setting.end}'"
        )["n"]

    def kpi(self, name: str, when: str = "now") -> Any:
        return self.figures.get(f"kpi/{name}/{when}")

    def _tickets(self, first: date, last: date) -> list[dict[str, Any]]:
        return self.warehouse.rows(
            "select channel, category_effective as category, is_fcr_lenient, "
            "first_response_time_minutes as frt, resolution_time_minutes as resolution "
            f"from chosen where created_day between '{first}' and '{last}'"
        )

    def _incidents(self, first: date, last: date) -> list[dict[str, Any]]:
        return self.warehouse.rows(
            "select * from marts.fct_incidents "
            f"where start_day <= '{last}' and end_day >= '{first}' order by start_day"
        )

    def times(self, name: str, when: str) -> list[float]:
        values = (ticket[name] for ticket in self.tickets[when])
        return sorted(value for value in values if value is not None)

    def is_mature(self, metric: str) -> bool:
        for mart in ("fcr", "sla"):
            if f"{mart}_" in metric:
                return self.warehouse.row(
                    f"select is_mature from marts.fct_{mart}_daily "
                    f"where created_day = '{self.setting.end}'"
                )["is_mature"]
        return True

    # --- the head of the page ------------------------------------------------------------------

    def period(self) -> str:
        if self.is_compared:
            against = f"compared with {range_name(*self.before)}"
        elif self.has_room:
            against = "not compared: its last day is not over"
        else:
            against = "not compared: this page has no full period before"
        days = range_name(self.setting.start, self.setting.end)
        return f"Tickets created {days} ({counted(self.length, 'day')}), {against}."

    def sentence(self) -> str:
        created, was = self.kpi("tickets_created"), self.kpi("tickets_created", "before")
        if not created:
            return self._nothing()
        half = f"; half of the answers came within {duration(self.kpi('frt_median_minutes'))}"
        half = half if self.kpi("frt_count") else ""
        if not was or min(created, was) < MIN_TICKETS:
            backlog = self.kpi("backlog_closing_count")
            few = f" Too few tickets to compare with the {self.span} before." if was else ""
            return (
                f"{counted(created, 'ticket')} came in{half}; {count(backlog)} "
                f"{'was' if backlog == 1 else 'were'} open at the end.{few}{self._held()}"
            )
        moved = self._moved()
        if moved and abs(moved["score"]) > Z_99:
            return self._movement(moved) + self._backlog() + self._held()
        judged = min(self.kpi("frt_count"), self.kpi("frt_count", "before")) >= MIN_TICKETS
        return (
            f"No clear change in volume{' or response times' if judged else ''}: "
            f"{counted(created, 'ticket')} came in{self._of_incidents('now')}, after {count(was)} "
            f"in the {self.span} before{self._of_incidents('before')}{half}."
            f"{self._backlog()}{self._held()}"
        )

    def _extra(self, when: str) -> float:
        return self.figures.get(f"incident/extra/{when}", 0)

    def _of_incidents(self, when: str) -> str:
        extra = self._extra(when)
        return "" if extra < 1 else f" (incidents brought about {count(extra)} of them)"

    def _backlog(self) -> str:
        was = self.kpi("backlog_closing_count", "before")
        now = self.kpi("backlog_closing_count")
        moved = (
            f"stayed at {count(now)}"
            if now == was
            else f"{'grew' if now > was else 'shrank'} from {count(was)} to {count(now)}"
        )
        is_open, old = (
            self.figures[f"{key}"]
            for key in ("backlog/all/open_count", "ages/all/age_over_30d_count")
        )
        older = f"{count(old)} {'is' if old == 1 else 'are'} older than 30 days"
        waits = f" Of the {count(is_open)} open now, {older}."
        return f" The backlog {moved}.{waits if is_open and old * 2 >= is_open else ''}"

    def _held(self) -> str:
        parts = []
        of = ", among all tickets" if self.setting.chosen else ""
        for when, words in (
            ("now", " These days hold "),
            ("before", f" The {self.span} before held "),
        ):
            held = self.incidents.get(when)
            if held:
                number = "an incident" if len(held) == 1 else f"{len(held)} incidents"
                told = ", ".join(
                    f"{range_name(one['start_day'], one['end_day'])} ({self._about(one)})"
                    for one in held
                )
                parts.append(f"{words}{number}{of}: {told}.")
        return "".join(parts)

    @staticmethod
    def _about(incident: dict[str, Any]) -> str:
        about = [incident[name] for name in _surely(incident) if name != "channel"]
        return ": ".join(map(spoken, about)) or "several topics"

    def _moved(self) -> dict[str, Any] | None:
        """Of volume, first response and quick resolution what moved most, and where."""
        now, was = self.kpi("tickets_created"), self.kpi("tickets_created", "before")
        is_set_aside = self._extra("now") + self._extra("before") >= 1
        volume = (now - self._extra("now"), was - self._extra("before"))
        found = [("volume", *volume, _volume_score(*volume))]
        frt = [self.times("frt", when) for when in ("now", "before")]
        if min(map(len, frt)) >= MIN_TICKETS:
            medians = (self.kpi("frt_median_minutes", when) for when in ("now", "before"))
            found.append(("response", *medians, rank_score(*frt)))
        if self.is_mature("fcr_lenient_rate"):
            rates = (self.kpi("fcr_lenient_rate", when) for when in ("now", "before"))
            score = _quick_score(*(self.tickets[when] for when in ("now", "before")))
            found.append(("quick", *rates, score))
        agreeing = [
            one
            for one in found
            if (one[1] - one[2]) * one[3] > 0 or (one[1] == one[2] and not one[3])
        ]
        if not agreeing:
            return None
        kind, value, value_before, score = max(agreeing, key=lambda one: abs(one[3]))
        moved = {"kind": kind, "now": value, "before": value_before, "score": score}
        return moved | {
            "is_set_aside": kind == "volume" and is_set_aside,
            "where": self._where(kind, score),
        }

    def _where(self, kind: str, score: float) -> tuple[str, str | None, Any, Any] | None:
        """Column and value of the channel or category that moved most in the same direction."""
        best, best_score = None, 0.0
        for column in ("channel", "category"):
            values = {ticket[column] for tickets in self.tickets.values() for ticket in tickets}
            for value in values if len(values) > 1 else ():
                a, b = (
                    [ticket for ticket in self.tickets[when] if ticket[column] == value]
                    for when in ("now", "before")
                )
                own = _segment_score(kind, a, b) * math.copysign(1, score)
                if own > best_score:
                    best, best_score = (column, value), own
        if best is None:
            return None
        metric = {
            "volume": "tickets_created",
            "response": "frt_median_minutes",
            "quick": "fcr_lenient_rate",
        }[kind]
        key = f"segment/{best[0]}/{best[1]}/{metric}"
        return *best, self.figures.get(f"{key}/now", 0), self.figures.get(f"{key}/before", 0)

    def _movement(self, moved: dict[str, Any]) -> str:
        now, was, more = moved["now"], moved["before"], moved["score"] > 0
        before = f" in the {self.span} before"
        if moved["is_set_aside"]:
            return (
                f"Without what incidents brought, {'more' if more else 'fewer'} tickets came in: "
                f"about {count(now)}, after {count(was)}{before}."
            )
        form, words = {
            "volume": (count, f"{'More' if more else 'Fewer'} tickets came in: "),
            "response": (
                duration,
                f"First responses got {'slower' if more else 'faster'}: half came within ",
            ),
            "quick": (
                percent,
                f"A {'larger' if more else 'smaller'} share of tickets was resolved within four"
                " hours (FCR lenient, a time proxy): ",
            ),
        }[moved["kind"]]
        where = ""
        if moved["where"]:
            column, value, there, there_before = moved["where"]
            where = (
                f", most of all {'on' if column == 'channel' else 'in'} {spoken(value)} "
                f"({form(there)}, was {form(there_before)})"
            )
        return f"{words}{form(now)}, after {form(was)}{before}{where}."

    # --- cards ---------------------------------------------------------------------------------

    def card(self, card: Card) -> dict[str, str]:
        """Title, value, line about the change and its verdict."""
        now, was = self.kpi(card.metric), self.kpi(card.metric, "before")
        behind = card.behind and _COUNTED.get(card.behind, card.behind)
        n, m = (self.kpi(behind, when) if behind else MIN_TICKETS for when in ("now", "before"))
        star = "*" if n and n < MIN_TICKETS and now is not None else ""
        verdict, change = "", ""
        if self.is_compared and not self.is_mature(card.metric):
            change = "Not compared: the last days are not finished"
        elif self.is_compared and min(n, m) < MIN_TICKETS:
            change = f"Not compared: fewer than {MIN_TICKETS} tickets"
            if n >= MIN_TICKETS:
                change += " in the period before"
            elif card.test == "exceeding":
                change = f"No p95 of fewer than {MIN_TICKETS} tickets"
        elif self.is_compared and now is not None and was is not None:
            verdict, change = self._change(card, now, was)
        return {
            "title": TITLES[card.metric],
            "value": card.form(now) + star,
            "change": change,
            "verdict": verdict,
        }

    def _change(self, card: Card, now: float, was: float) -> tuple[str, str]:
        old = card.form(was)
        if card.test == "count" and max(now, was) < MIN_TICKETS:
            return "", f"(was {old})"
        if card.is_state and self.open_count:
            return "", f"so far (was {old})"
        if now == was:
            return "", f"= unchanged, was {old}"
        size = (
            f"{fixed(abs((now - was) * 100), 1)} points"
            if card.test == "rate"
            else percent(abs((now - was) / was))
            if was
            else card.form(abs(now - was))
        )
        arrow = "▲" if now > was else "▼"
        if not card.good:
            return "", f"{arrow} {size} {'more' if now > was else 'fewer'}, was {old}"
        if not self.is_notable(card, now, was):
            same = "about the same" if card.test == "count" else "within chance"
            return "same", f"{arrow} {size} {same}, was {old}"
        verdict = "better" if (now > was) == (card.good > 0) else "worse"
        return verdict, f"{arrow} {size} {verdict}, was {old}"

    def is_notable(self, card: Card, now: float, was: float) -> bool:
        if card.test == "count":
            return abs(now - was) >= 0.05 * was
        return abs(self.score(card, now, was)) > Z_95

    def score(self, card: Card, now: float, was: float) -> float:
        """z of the card's test."""
        if card.test == "rate":
            n, m = self.kpi(card.behind), self.kpi(card.behind, "before")
            return proportions_score(round(now * n), n, round(was * m), m)
        a, b = (self.times(card.behind, when) for when in ("now", "before"))
        if card.test == "exceeding":
            longer = (sum(value > was for value in values) for values in (a, b))
            return proportions_score(next(longer), len(a), next(longer), len(b))
        return welch_score(a, b) if card.test == "welch" else rank_score(a, b)

    # --- further down --------------------------------------------------------------------------

    def incident_list(self) -> list[str]:
        """The incidents under the trends, each with its letter."""
        every = self.warehouse.rows(
            "select incident_number from marts.fct_incidents order by start_day"
        )
        letters = {one["incident_number"]: chr(65 + rank) for rank, one in enumerate(every)}
        return [
            f"{letters[one['incident_number']]} {incident_text(one)}."
            for one in self.incidents["now"]
        ]

    def _nothing(self) -> str:
        if self.setting.chosen:
            return "No tickets match these filters."
        return "No ticket came in during these days."

    def agreement(self) -> str:
        tagged, agreed = self.kpi("tagged_count"), self.kpi("agreed_count")
        if not self.kpi("tickets_created"):
            return self._nothing()
        if not tagged:
            return (
                "None of these tickets has a tag, "
                "so there is nothing to hold the AI category against."
            )
        low, high = wilson(agreed, tagged)
        ranks = {
            row["category"]: row["category_rank"]
            for row in self.warehouse.rows("select * from intermediate.int_categories_listed")
        }
        mixed = [
            (-self.figures[f"confusion/{tag}|{ai}/tickets_count"], ranks[tag], ranks[ai], tag, ai)
            for tag in ranks
            for ai in ranks
            if tag != ai
        ]
        times, _, _, tag, ai = min(mixed)
        mix_up = f" Most frequent mix-up: {spoken(tag)} read as {spoken(ai)} ({count(-times)})."
        return (
            f"The AI category agrees with the agent’s tag on {percent(agreed / tagged)} "
            f"(95% interval {percent(low)} to {percent(high)}) of the {count(tagged)} "
            f"ticket{' that has' if tagged == 1 else 's that have'} one.{mix_up if times else ''}"
        )


def incident_text(incident: dict[str, Any]) -> str:
    """An incident in words, from its row of fct_incidents."""
    days = range_name(incident["start_day"], incident["end_day"])
    words = (
        f"{days}: {counted(incident['tickets_created'], 'ticket')} where about "
        f"{count(incident['expected_tickets'])} were to be expected"
    )
    surely = _surely(incident)
    of = [
        f"{percent(min(incident[f'{name}_extra_ratio'], 1), 0)} {joint} {spoken(incident[name])}"
        for name, joint in (("category", "in"), ("topic", "about"))
        if name in surely
    ]
    if of:
        words += f", of the additional ones {', '.join(of)}"
    elif incident["extra_tickets"] <= 0:
        words += ", but far more than usual of one kind"
    if "channel" in surely:
        words += f", more than usual by {spoken(incident['channel'])}"
    if incident["frt_effect_ci_low"] is not None and incident["frt_effect_ci_low"] > 0:
        words += (
            f"; first responses took {duration(incident['frt_avg_minutes'])} on average "
            f"where {duration(incident['frt_expected_minutes'])} was usual"
        )
    return words + ("; it is still going on" if incident["is_ongoing"] else "")


def _surely(incident: dict[str, Any]) -> list[str]:
    """Which of channel, category and topic the incident is told to be of."""
    return [
        name
        for name in ("channel", "category", "topic")
        if incident[f"is_{name}_above_usual"] and incident[name] not in (None, *NO_TOPICS)
    ]


def _volume_score(now: float, was: float) -> float:
    return (now - was) / math.sqrt(now + was or 1)


def _quick_score(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> float:
    if not a or not b:
        return 0.0
    quick = [sum(ticket["is_fcr_lenient"] for ticket in tickets) for tickets in (a, b)]
    return proportions_score(quick[0], len(a), quick[1], len(b))


def _segment_score(kind: str, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> float:
    if kind == "volume":
        return _volume_score(len(a), len(b))
    if kind == "quick":
        return _quick_score(a, b)
    frt = [sorted(t["frt"] for t in tickets if t["frt"] is not None) for tickets in (a, b)]
    return rank_score(*frt) if min(map(len, frt)) >= MIN_TICKETS else 0.0
