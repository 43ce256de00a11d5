"""The marts of `MARTS` again, in plain Python, written from definitions and not from the models.

Those of findings, history, label agreement and drift, rules, candidates and rejected labels are not
among them: unit tests and test_findings.py compute these by hand. `build_marts` takes the text of
the raw CSVs and returns each mart as a list of dicts. It shares no code with the project. It does
not classify and does not redact: the AI columns of each ticket are
given to it, and `message_text_redacted` is left to the tests of the redaction.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from statistics import fmean
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Row = dict[str, Any]

TICKET_COLUMNS = (
    "ticket_id",
    "created_at",
    "resolved_at",
    "status",
    "channel",
    "creator_id",
    "tag",
    "first_response_time",
    "message_text",
)
USER_COLUMNS = ("creator_id", "country", "plan", "signup_date")
TICKET_REASONS = (
    "missing_ticket_id",
    "duplicate_ticket_id",
    "missing_created_at",
    "unparseable_created_at",
    "unparseable_resolved_at",
    "invalid_status",
    "invalid_channel",
    "invalid_tag",
    "resolved_without_resolved_at",
    "resolved_before_created",
    "first_response_time_not_a_number",
    "first_response_time_negative",
    "first_response_time_too_large",
    "malformed_row",
)
USER_REASONS = ("missing_creator_id", "duplicate_creator_id")
OPEN_STATUSES = ("pending", "escalated")
STATUSES = ("resolved", *OPEN_STATUSES, "closed_without_solution")
CHANNELS = ("whatsapp", "email", "in_app", "chatbot")
CATEGORIES = ("checkout", "financial", "engagement", "others")
AI_COLUMNS = ("ai_category", "ai_topic", "ai_rationale", "ai_source")

FCR_STRICT_MINUTES = 60
FCR_LENIENT_MINUTES = 240
LARGEST_FIRST_RESPONSE = 10080
WILSON_Z = 1.959963984540054

WHITE_SPACE = " \t\n\r\f\v\u00a0"
TIMESTAMP = re.compile(
    r"(\d{4})-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:[0-5]\d)?)?)?", re.ASCII
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Target(NamedTuple):
    """SLA targets of a channel, in minutes; None is no target."""

    frt: float | None
    resolution: float | None


@dataclass(frozen=True)
class Settings:
    """The inputs that are not rows. `as_of_at` None: the latest instant among the tickets."""

    as_of_at: datetime | None = None
    reporting_timezone: str = "UTC"
    min_tickets_for_percentile: int = 20
    outlier_count: int = 50
    max_rejected_rate_per_reason: float = 0.01
    max_unjoined_ticket_rate: float = 0.05


# ------------------------------------------------------------------------------------- raw rows


def read_records(text: str, columns: Sequence[str]) -> list[Row]:
    """Records of a CSV with the line on which each starts; fields by position, '' is None."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines)
    header = next(reader)
    records = []
    read_lines = reader.line_num
    for values in reader:
        named = dict(zip(header, values, strict=False))
        record: Row = {column: named.get(column) or None for column in columns}
        record["line_number"] = read_lines + 1
        record["malformed_record"] = None
        if len(values) != len(header):
            written = "".join(lines[read_lines : reader.line_num])
            record["malformed_record"] = written.rstrip("\r\n")
        read_lines = reader.line_num
        if values:
            records.append(record)
    return records


def trimmed(value: str | None) -> str | None:
    return (value or "").strip(WHITE_SPACE) or None


def lowered(value: str | None) -> str | None:
    return (value or "").strip(WHITE_SPACE).lower() or None


def parse_timestamp(text: str | None) -> datetime | None:
    """The UTC instant, or None for what is empty or no timestamp."""
    match = TIMESTAMP.fullmatch(text or "")
    if not match or not 2000 <= int(match[1]) <= 2099:
        return None
    try:
        instant = datetime.fromisoformat(match[0])
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def parse_number(text: str | None) -> float | None:
    value = float(text) if text and NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def ticket_reasons(record: Row, ticket: Row) -> list[str]:
    """Why a record is no ticket, duplicates aside."""
    if record["malformed_record"] is not None:
        return ["malformed_row"]
    created_text, resolved_text = trimmed(record["created_at"]), trimmed(record["resolved_at"])
    created_at, resolved_at = ticket["created_at"], ticket["resolved_at"]
    response_text = trimmed(record["first_response_time"])
    response = ticket["first_response_time_minutes"]
    found = {
        "missing_ticket_id": ticket["ticket_id"] is None,
        "missing_created_at": created_text is None,
        "unparseable_created_at": created_text is not None and created_at is None,
        "unparseable_resolved_at": resolved_text is not None and resolved_at is None,
        "invalid_status": ticket["status"] not in STATUSES,
        "invalid_channel": ticket["channel"] not in CHANNELS,
        "invalid_tag": ticket["tag"] is not None and ticket["tag"] not in CATEGORIES,
        "resolved_without_resolved_at": ticket["status"] == "resolved" and resolved_text is None,
        "resolved_before_created": bool(created_at and resolved_at and resolved_at < created_at),
        "first_response_time_not_a_number": response_text is not None and response is None,
        "first_response_time_negative": response is not None and response < 0,
        "first_response_time_too_large": response is not None and response > LARGEST_FIRST_RESPONSE,
    }
    return [reason for reason, applies in found.items() if applies]


def check_tickets(records: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Accepted tickets and rejected records."""
    rejected = []
    candidates: dict[str, list[tuple[Row, Row]]] = {}
    for record in records:
        ticket = {
            "ticket_id": trimmed(record["ticket_id"]),
            "creator_id": trimmed(record["creator_id"]),
            "status": lowered(record["status"]),
            "channel": lowered(record["channel"]),
            "tag": lowered(record["tag"]),
            "created_at": parse_timestamp(trimmed(record["created_at"])),
            "resolved_at": parse_timestamp(trimmed(record["resolved_at"])),
            "first_response_time_minutes": parse_number(trimmed(record["first_response_time"])),
            "message_text": record["message_text"],
        }
        if reasons := ticket_reasons(record, ticket):
            rejected.append(record | {"reasons": "|".join(sorted(reasons))})
        else:
            candidates.setdefault(ticket["ticket_id"], []).append((ticket, record))

    accepted = []
    never = datetime.min.replace(tzinfo=UTC)
    for versions in candidates.values():
        # Of equal ones max takes the first, and records come in the order of their lines.
        newest = max(versions, key=lambda v: (v[0]["resolved_at"] or never, v[0]["created_at"]))
        accepted.append(newest[0])
        rejected += [
            record | {"reasons": "duplicate_ticket_id"}
            for _, record in versions
            if record is not newest[1]
        ]
    return accepted, rejected


def check_users(records: Iterable[Row]) -> tuple[dict[str, Row], list[Row]]:
    """Accepted users by creator_id, and rejected records."""
    users: dict[str, Row] = {}
    rejected = []
    for record in records:
        # A record with fields missing or too many is judged by those that it has.
        del record["malformed_record"]
        creator_id = trimmed(record["creator_id"])
        if creator_id is None:
            rejected.append(record | {"reasons": "missing_creator_id"})
        elif creator_id in users:
            rejected.append(record | {"reasons": "duplicate_creator_id"})
        else:
            signup_at = parse_timestamp(trimmed(record["signup_date"]))
            users[creator_id] = {
                "country": trimmed(record["country"]),
                "plan": trimmed(record["plan"]),
                "signup_date": signup_at.date() if signup_at else None,
            }
    return users, rejected


# ----------------------------------------------------------------------------- time and figures


def whole_minutes(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(minutes=1)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def iso_week(day: date) -> str:
    return "{}-W{:02}".format(*day.isocalendar())


def rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def quantile(values: Iterable[float], share: float) -> float | None:
    """By linear interpolation between the two nearest values."""
    ordered = sorted(values)
    if not ordered:
        return None
    position = (len(ordered) - 1) * share
    low, high = ordered[math.floor(position)], ordered[math.ceil(position)]
    return low + (high - low) * (position - math.floor(position))


def wilson(part: int, whole: int) -> tuple[float | None, float | None]:
    if not whole:
        return None, None
    share, z2 = part / whole, WILSON_Z**2
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    return middle - WILSON_Z * reach, middle + WILSON_Z * reach


def not_null(rows: Iterable[Row], column: str) -> list[Any]:
    return [row[column] for row in rows if row[column] is not None]


def count_of(rows: Iterable[Row], column: str) -> int:
    return sum(row[column] is True for row in rows)


class Period(NamedTuple):
    """A day or a week of the spine: its grain columns, its days in the data, the day after it."""

    grain: Row
    first_day: date
    next_day: date
    days_in_data: int


class Reference:
    """One set of inputs, and a method for each mart. Tickets are rows of fct_tickets."""

    def __init__(
        self,
        tickets_csv: str,
        users_csv: str | None,
        sla_targets: Mapping[str, Target],
        ai_labels: Mapping[str, Row],
        settings: Settings,
    ) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.reporting_timezone)
        self.sla_targets = sla_targets
        self.raw_tickets = read_records(tickets_csv, TICKET_COLUMNS)
        self.raw_users = [] if users_csv is None else read_records(users_csv, USER_COLUMNS)
        accepted, self.rejected_tickets = check_tickets(self.raw_tickets)
        self.users, self.rejected_users = check_users(self.raw_users)

        instants = [*not_null(accepted, "created_at"), *not_null(accepted, "resolved_at")]
        self.as_of_at = settings.as_of_at or max(instants)
        if max(instants) > self.as_of_at:
            raise ValueError("as_of_at is before an accepted instant")
        self.tickets = [
            self.measured(ticket, ai_labels[ticket["ticket_id"]]) for ticket in accepted
        ]

        self.first_day = min(ticket["created_day"] for ticket in self.tickets)
        self.last_day = self.local_day(self.as_of_at)
        self.days = [
            self.first_day + timedelta(days=n)
            for n in range((self.last_day - self.first_day).days + 1)
        ]

    # ------------------------------------------------------------------------------------- time

    def local_day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The first instant of a local day, also where clocks jump over or repeat midnight."""
        return datetime.combine(day, datetime.min.time(), self.zone).astimezone(UTC)

    def is_past(self, next_day: date, limit_minutes: float) -> bool:
        return self.as_of_at >= self.start_of(next_day) + timedelta(minutes=limit_minutes)

    def daily(self) -> list[Period]:
        return [Period({"created_day": day}, day, day + timedelta(days=1), 1) for day in self.days]

    def weekly(self) -> list[Period]:
        periods = []
        for week in sorted({monday(day) for day in self.days}):
            days_in_data = sum(monday(day) == week for day in self.days)
            grain = {
                "created_week": week,
                "iso_week": iso_week(week),
                "days_in_data": days_in_data,
            }
            periods.append(Period(grain, week, week + timedelta(days=7), days_in_data))
        return periods

    def is_mature(self, period: Period, limit_minutes: float) -> bool:
        whole = "created_week" not in period.grain or period.days_in_data == 7
        return whole and self.is_past(period.next_day, limit_minutes)

    def created_in(self, period: Period, tickets: Iterable[Row]) -> list[Row]:
        return [t for t in tickets if period.first_day <= t["created_day"] < period.next_day]

    def seven_days(self, period: Period) -> Iterator[Period]:
        """The day and the six before it, as far as the spine goes."""
        for day in self.daily():
            if timedelta(0) <= period.first_day - day.first_day < timedelta(days=7):
                yield day

    def largest_target(self) -> float:
        targets = (minutes for target in self.sla_targets.values() for minutes in target)
        return max((minutes for minutes in targets if minutes is not None), default=0)

    def channel_limit(self, channel: str) -> float:
        """Minutes until a channel's verdicts are in; without a target, the largest of all."""
        own = [m for m in self.sla_targets.get(channel, Target(None, None)) if m is not None]
        return max(own, default=self.largest_target())

    # --------------------------------------------------------------------------------- tickets

    def measured(self, accepted: Row, ai_label: Row) -> Row:
        status = accepted["status"]
        created_at, resolved_at = accepted["created_at"], accepted["resolved_at"]
        is_resolved = status == "resolved" and resolved_at is not None
        minutes = whole_minutes(created_at, resolved_at) if is_resolved else None
        ticket = {
            **accepted,
            **{column: ai_label[column] for column in AI_COLUMNS},
            "category_effective": accepted["tag"] or ai_label["ai_category"],
            "created_day": self.local_day(created_at),
            "created_week": monday(self.local_day(created_at)),
            "iso_week": iso_week(self.local_day(created_at)),
            "resolution_time_minutes": minutes,
            "is_resolved": is_resolved,
            "is_open": status in OPEN_STATUSES,
            "is_closed_without_solution": status == "closed_without_solution",
            "is_fcr_strict": minutes is not None and minutes <= FCR_STRICT_MINUTES,
            "is_fcr_lenient": minutes is not None and minutes <= FCR_LENIENT_MINUTES,
        }
        user = self.users.get(accepted["creator_id"], dict.fromkeys(USER_COLUMNS[1:]))
        target = self.sla_targets.get(accepted["channel"], Target(None, None))
        return ticket | user | self.sla_verdicts(ticket, target)

    def sla_verdicts(self, ticket: Row, target: Target) -> Row:
        waited = self.as_of_at - ticket["created_at"]
        response = ticket["first_response_time_minutes"]
        frt: bool | None = None
        if target.frt is not None:
            if response is not None:
                frt = response <= target.frt
            elif waited > timedelta(minutes=target.frt):
                frt = False

        resolution: bool | None = None
        if target.resolution is not None:
            if ticket["is_resolved"]:
                resolution = ticket["resolution_time_minutes"] <= target.resolution
            else:
                is_late = whole_minutes(ticket["created_at"], self.as_of_at) > target.resolution
                resolution = False if is_late or ticket["is_closed_without_solution"] else None
        return {"is_frt_sla_met": frt, "is_resolution_sla_met": resolution}

    def fct_tickets(self) -> list[Row]:
        return self.tickets

    # ----------------------------------------------------------------------- figures of a cohort

    def volume(self, tickets: Sequence[Row]) -> Row:
        resolved = count_of(tickets, "is_resolved")
        return {
            "tickets_created": len(tickets),
            "resolved_count": resolved,
            "open_count": count_of(tickets, "is_open"),
            "closed_without_solution_count": count_of(tickets, "is_closed_without_solution"),
            "resolution_rate": rate(resolved, len(tickets)),
        }

    def fcr(self, tickets: Sequence[Row]) -> Row:
        created, resolved = len(tickets), count_of(tickets, "is_resolved")
        strict, lenient = count_of(tickets, "is_fcr_strict"), count_of(tickets, "is_fcr_lenient")
        return {
            "tickets_created": created,
            "resolved_count": resolved,
            "fcr_strict_count": strict,
            "fcr_strict_rate": rate(strict, created),
            "fcr_lenient_count": lenient,
            "fcr_lenient_rate": rate(lenient, created),
            "fcr_strict_of_resolved_rate": rate(strict, resolved),
            "fcr_lenient_of_resolved_rate": rate(lenient, resolved),
        }

    def sla(self, tickets: Sequence[Row]) -> Row:
        figures: Row = {"tickets_created": len(tickets)}
        for name, column in (
            ("frt", "first_response_time_minutes"),
            ("resolution", "resolution_time_minutes"),
        ):
            minutes = not_null(tickets, column)
            verdicts = not_null(tickets, f"is_{name}_sla_met")
            figures |= {
                f"{name}_count": len(minutes),
                f"{name}_avg_minutes": mean(minutes),
                f"{name}_median_minutes": quantile(minutes, 0.5),
                f"{name}_p95_minutes": quantile(minutes, 0.95),
                f"is_{name}_small_sample": len(minutes) < self.settings.min_tickets_for_percentile,
                f"{name}_sla_applicable_count": len(verdicts),
                f"{name}_sla_met_count": sum(verdicts),
                f"{name}_sla_met_rate": rate(sum(verdicts), len(verdicts)),
            }
        return figures

    def sla_seven_days(self, period: Period, tickets: Sequence[Row]) -> Row:
        days = [
            not_null(self.created_in(day, tickets), "first_response_time_minutes")
            for day in self.seven_days(period)
        ]
        return {
            "frt_avg_7d_minutes": mean([fmean(minutes) for minutes in days if minutes]),
            "frt_ticket_weighted_7d_minutes": mean([m for minutes in days for m in minutes]),
        }

    def ai_accuracy(self, tickets: Iterable[Row]) -> Row:
        tagged = [ticket for ticket in tickets if ticket["tag"]]
        agreed = sum(ticket["tag"] == ticket["ai_category"] for ticket in tagged)
        low, high = wilson(agreed, len(tagged))
        return {
            "tagged_count": len(tagged),
            "agreed_count": agreed,
            "accuracy_rate": rate(agreed, len(tagged)),
            "accuracy_ci_low": low,
            "accuracy_ci_high": high,
        }

    # ------------------------------------------------------------------------------------ marts

    def each(self, periods: Iterable[Period], figures: Callable[[list[Row]], Row]) -> list[Row]:
        return [period.grain | figures(self.created_in(period, self.tickets)) for period in periods]

    def fct_tickets_daily(self) -> list[Row]:
        rows = []
        for period in self.daily():
            window = [len(self.created_in(d, self.tickets)) for d in self.seven_days(period)]
            figures = self.volume(self.created_in(period, self.tickets))
            rows.append(period.grain | figures | {"tickets_created_7d_avg": fmean(window)})
        return rows

    def fct_tickets_weekly(self) -> list[Row]:
        return self.each(self.weekly(), self.volume)

    def by_category(self, periods: Iterable[Period]) -> list[Row]:
        rows = []
        categories = sorted({ticket["category_effective"] for ticket in self.tickets})
        for period, category in product(periods, categories):
            tickets = self.created_in(period, self.tickets)
            created = sum(ticket["category_effective"] == category for ticket in tickets)
            rows.append(
                period.grain
                | {
                    "category_effective": category,
                    "tickets_created": created,
                    "period_tickets_created": len(tickets),
                    "category_share": rate(created, len(tickets)),
                }
            )
        return rows

    def fct_tickets_by_category_daily(self) -> list[Row]:
        return self.by_category(self.daily())

    def fct_tickets_by_category_weekly(self) -> list[Row]:
        return self.by_category(self.weekly())

    def sla_rows(
        self, periods: Iterable[Period], tickets: Sequence[Row], limit: float
    ) -> list[Row]:
        rows = []
        for period in periods:
            row = period.grain | self.sla(self.created_in(period, tickets))
            row["is_mature"] = self.is_mature(period, limit)
            if "created_day" in period.grain:
                row |= self.sla_seven_days(period, tickets)
            rows.append(row)
        return rows

    def fct_sla_daily(self) -> list[Row]:
        return self.sla_rows(self.daily(), self.tickets, self.largest_target())

    def fct_sla_weekly(self) -> list[Row]:
        return self.sla_rows(self.weekly(), self.tickets, self.largest_target())

    def sla_by_channel(self, periods: Sequence[Period]) -> list[Row]:
        rows = []
        for channel in sorted({ticket["channel"] for ticket in self.tickets}):
            tickets = [ticket for ticket in self.tickets if ticket["channel"] == channel]
            for row in self.sla_rows(periods, tickets, self.channel_limit(channel)):
                resolution_rate = rate(row["resolution_count"], row["tickets_created"])
                rows.append(row | {"channel": channel, "resolution_rate": resolution_rate})
        return rows

    def fct_sla_by_channel_daily(self) -> list[Row]:
        return self.sla_by_channel(self.daily())

    def fct_sla_by_channel_weekly(self) -> list[Row]:
        return self.sla_by_channel(self.weekly())

    def fcr_rows(self, periods: Iterable[Period]) -> list[Row]:
        return [
            period.grain
            | self.fcr(self.created_in(period, self.tickets))
            | {"is_mature": self.is_mature(period, FCR_LENIENT_MINUTES)}
            for period in periods
        ]

    def fct_fcr_daily(self) -> list[Row]:
        return self.fcr_rows(self.daily())

    def fct_fcr_weekly(self) -> list[Row]:
        return self.fcr_rows(self.weekly())

    def fct_backlog_daily(self) -> list[Row]:
        resolved = [
            self.local_day(ticket["resolved_at"])
            for ticket in self.tickets
            if ticket["is_resolved"]
        ]
        closed = [
            self.local_day(ticket["resolved_at"] or ticket["created_at"])
            for ticket in self.tickets
            if ticket["is_closed_without_solution"]
        ]
        created = [ticket["created_day"] for ticket in self.tickets]
        rows = []
        closing = 0
        for day in self.days:
            row = {
                "day": day,
                "opening_count": closing,
                "created_count": created.count(day),
                "resolved_count": resolved.count(day),
                "closed_count": closed.count(day),
            }
            closing += row["created_count"] - row["resolved_count"] - row["closed_count"]
            rows.append(row | {"closing_count": closing})
        return rows

    def fct_backlog_by_status(self) -> list[Row]:
        rows = []
        for status in OPEN_STATUSES:
            ages = [
                (self.as_of_at - ticket["created_at"]) / timedelta(hours=1)
                for ticket in self.tickets
                if ticket["status"] == status
            ]
            rows.append(
                {
                    "status": status,
                    "open_count": len(ages),
                    "age_avg_hours": mean(ages),
                    "age_median_hours": quantile(ages, 0.5),
                    "age_p95_hours": quantile(ages, 0.95),
                    "age_max_hours": max(ages, default=None),
                    "age_under_1d_count": sum(age < 24 for age in ages),
                    "age_1d_to_3d_count": sum(24 <= age < 72 for age in ages),
                    "age_3d_to_7d_count": sum(72 <= age < 168 for age in ages),
                    "age_7d_to_30d_count": sum(168 <= age < 720 for age in ages),
                    "age_over_30d_count": sum(age >= 720 for age in ages),
                    "is_small_sample": len(ages) < self.settings.min_tickets_for_percentile,
                }
            )
        return rows

    def fct_ai_tag_confusion_matrix(self) -> list[Row]:
        rows = []
        for tag, ai_category in product(CATEGORIES, CATEGORIES):
            tagged = [ticket for ticket in self.tickets if ticket["tag"] == tag]
            count = sum(ticket["ai_category"] == ai_category for ticket in tagged)
            rows.append(
                {
                    "tag": tag,
                    "ai_category": ai_category,
                    "tickets_count": count,
                    "tag_tickets_count": len(tagged),
                    "tag_share": rate(count, len(tagged)),
                }
            )
        return rows

    def fct_ai_tag_accuracy_weekly(self) -> list[Row]:
        return self.each(self.weekly(), self.ai_accuracy)

    def fct_ai_tag_scores(self) -> list[Row]:
        rows = []
        tagged = [ticket for ticket in self.tickets if ticket["tag"]]
        for category in CATEGORIES:
            by_tag = [ticket["tag"] == category for ticket in tagged]
            by_ai = [ticket["ai_category"] == category for ticket in tagged]
            both = sum(map(min, by_tag, by_ai))
            rows.append(
                {
                    "category": category,
                    "precision": rate(both, sum(by_ai)),
                    "recall": rate(both, sum(by_tag)),
                    "f1": rate(2 * both, sum(by_tag) + sum(by_ai)),
                    "support_count": sum(by_tag),
                }
            )
        return rows

    def fct_frt_outliers(self) -> list[Row]:
        answered = [t for t in self.tickets if t["first_response_time_minutes"] is not None]
        answered.sort(
            key=lambda t: (-t["first_response_time_minutes"], t["created_at"], t["ticket_id"])
        )
        columns = ("ticket_id", "channel", "status", "created_at", "first_response_time_minutes")
        return [
            {"outlier_rank": rank} | {column: ticket[column] for column in columns}
            for rank, ticket in enumerate(answered[: self.settings.outlier_count], start=1)
        ]

    def health_figures(self, first_day: date, last_day: date) -> Row:
        tickets = [t for t in self.tickets if first_day <= t["created_day"] <= last_day]
        closings = [
            day["closing_count"] for day in self.fct_backlog_daily() if day["day"] <= last_day
        ]
        accuracy = self.ai_accuracy(tickets)
        return {
            **self.volume(tickets),
            **self.fcr(tickets),
            **self.sla(tickets),
            "backlog_closing_count": closings[-1] if closings else 0,
            "ai_tag_accuracy_rate": accuracy["accuracy_rate"],
            "tagged_count": accuracy["tagged_count"],
            "agreed_count": accuracy["agreed_count"],
        }

    def fct_support_health(self) -> list[Row]:
        # Minutes after which a cohort's rate is final; the other figures are never held back.
        limits = {
            "fcr_strict_rate": FCR_LENIENT_MINUTES,
            "fcr_lenient_rate": FCR_LENIENT_MINUTES,
            "frt_sla_met_rate": self.largest_target(),
            "resolution_sla_met_rate": self.largest_target(),
        }
        rows = [self.health_row("all", self.first_day, self.last_day, None, None, limits)]
        last_complete = self.last_day - timedelta(days=1)
        for name, length in (("last_28d", timedelta(days=28)), ("last_7d", timedelta(days=7))):
            first = last_complete - length + timedelta(days=1)
            rows.append(
                self.health_row(
                    name, first, last_complete, first - length, first - timedelta(days=1), limits
                )
            )
        return rows

    def health_row(
        self,
        name: str,
        first_day: date,
        last_day: date,
        previous_first: date | None,
        previous_last: date | None,
        limits: Mapping[str, float],
    ) -> Row:
        row: Row = {"period": name, "period_start_day": first_day, "period_end_day": last_day}
        figures = self.health_figures(first_day, last_day)
        row |= {column: figures[column] for column in (*HEALTH_METRICS, *HEALTH_COUNTS)}
        previous: Row = {}
        if previous_first and previous_last and previous_first >= self.first_day:
            previous = self.health_figures(previous_first, previous_last)
        for metric in HEALTH_METRICS:
            now, before = figures[metric], previous.get(metric)
            change = None if now is None or before is None else now - before
            if metric in limits and not self.is_past(last_day + timedelta(days=1), limits[metric]):
                change = None
            row |= {f"{metric}_previous": before, f"{metric}_change": change}
        return row

    def data_quality(self) -> Iterator[Row]:
        for reasons, raw, rejected in (
            (TICKET_REASONS, self.raw_tickets, self.rejected_tickets),
            (USER_REASONS, self.raw_users, self.rejected_users),
        ):
            for reason in reasons:
                failed = sum(reason in record["reasons"].split("|") for record in rejected)
                yield quality(reason, len(raw), failed, self.settings.max_rejected_rate_per_reason)
        checked = self.tickets if self.raw_users else []
        unjoined = sum(ticket["creator_id"] not in self.users for ticket in checked)
        limit = self.settings.max_unjoined_ticket_rate
        yield quality("joinability_to_users", len(checked), unjoined, limit)

    def fct_data_quality(self) -> list[Row]:
        return list(self.data_quality())


HEALTH_METRICS = (
    "tickets_created",
    "resolved_count",
    "open_count",
    "closed_without_solution_count",
    "resolution_rate",
    "frt_avg_minutes",
    "frt_median_minutes",
    "frt_p95_minutes",
    "resolution_median_minutes",
    "fcr_strict_rate",
    "fcr_lenient_rate",
    "frt_sla_met_rate",
    "resolution_sla_met_rate",
    "backlog_closing_count",
    "ai_tag_accuracy_rate",
)
# What stands beside its rates and percentiles.
HEALTH_COUNTS = (
    "frt_count",
    "is_frt_small_sample",
    "resolution_count",
    "is_resolution_small_sample",
    "fcr_strict_count",
    "fcr_lenient_count",
    "frt_sla_met_count",
    "frt_sla_applicable_count",
    "resolution_sla_met_count",
    "resolution_sla_applicable_count",
    "agreed_count",
    "tagged_count",
)


def quality(check_name: str, checked: int, failed: int, threshold: float) -> Row:
    failed_rate = rate(failed, checked)
    return {
        "check_name": check_name,
        "rows_checked": checked,
        "rows_failed": failed,
        "failed_rate": failed_rate,
        "threshold": threshold,
        "is_passing": failed_rate is None or failed_rate <= threshold,
    }


# Each mart and the columns that name its rows.
MARTS: dict[str, tuple[str, ...]] = {
    "fct_tickets": ("ticket_id",),
    "fct_tickets_daily": ("created_day",),
    "fct_tickets_weekly": ("created_week",),
    "fct_tickets_by_category_daily": ("created_day", "category_effective"),
    "fct_tickets_by_category_weekly": ("created_week", "category_effective"),
    "fct_sla_daily": ("created_day",),
    "fct_sla_weekly": ("created_week",),
    "fct_sla_by_channel_daily": ("created_day", "channel"),
    "fct_sla_by_channel_weekly": ("created_week", "channel"),
    "fct_fcr_daily": ("created_day",),
    "fct_fcr_weekly": ("created_week",),
    "fct_backlog_daily": ("day",),
    "fct_backlog_by_status": ("status",),
    "fct_ai_tag_confusion_matrix": ("tag", "ai_category"),
    "fct_ai_tag_accuracy_weekly": ("created_week",),
    "fct_ai_tag_scores": ("category",),
    "fct_frt_outliers": ("outlier_rank",),
    "fct_support_health": ("period",),
    "rejected_tickets": ("line_number",),
    "rejected_users": ("line_number",),
    "fct_data_quality": ("check_name",),
}


def build_marts(
    tickets_csv: str,
    users_csv: str | None,
    sla_targets: Mapping[str, Target],
    ai_labels: Mapping[str, Row],
    settings: Settings,
) -> dict[str, list[Row]]:
    """Every mart of MARTS, as rows. ai_labels holds the AI columns of each accepted ticket_id."""
    reference = Reference(tickets_csv, users_csv, sla_targets, ai_labels, settings)
    marts = {}
    for name in MARTS:
        made = getattr(reference, name)
        marts[name] = made() if callable(made) else made
    return marts
