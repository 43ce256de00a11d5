"""The published marts by pandas: what dbt is held against, for people who would write it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from support_analytics.bench.classification import read_rules
from support_analytics.bench.labelling import Labeller
from support_analytics.bench.settings import (
    TICKET_REASONS,
    USER_REASONS,
    Settings,
    SlaTarget,
)

Marts = dict[str, pd.DataFrame]
Redact = Callable[[list[str | None]], list[str | None]]

_WHITE_SPACE = " \t\n\r\f\v\u00a0"
_DAY = r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
_WITHOUT_OFFSET = rf"{_DAY}(?:[ T]{_TIME})?"
_WITH_OFFSET = rf"{_DAY}[ T]{_TIME}(?:Z|[+-](?:[01][0-9]|2[0-3])(?::[0-5][0-9])?)"
_NUMBER = r"[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
_LARGEST_RESPONSE = 10080
_STRICT_MINUTES, _LENIENT_MINUTES = 60, 240
_Z = 1.959963984540054
_MINUTE = pd.Timedelta(minutes=1)
_HOUR = pd.Timedelta(hours=1)
_SUMS = (
    "tickets_created",
    "resolved_count",
    "open_count",
    "closed_without_solution_count",
    "frt_count",
    "frt_sum",
    "resolution_count",
    "resolution_sum",
    "fcr_strict_count",
    "fcr_lenient_count",
    "frt_sla_applicable_count",
    "frt_sla_met_count",
    "resolution_sla_applicable_count",
    "resolution_sla_met_count",
    "tagged_count",
    "agreed_count",
)
_QUANTILES = ("frt_median_minutes", "frt_p95_minutes")
_RESOLUTION_QUANTILES = ("resolution_median_minutes", "resolution_p95_minutes")
_HEALTH_METRICS = (
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
_HEALTH_COUNTS = (
    "frt_count",
    "resolution_count",
    "fcr_strict_count",
    "fcr_lenient_count",
    "frt_sla_applicable_count",
    "frt_sla_met_count",
    "resolution_sla_applicable_count",
    "resolution_sla_met_count",
    "tagged_count",
    "agreed_count",
)
_SLA_COLUMNS = (
    "tickets_created",
    "frt_count",
    "frt_avg_minutes",
    *_QUANTILES,
    "is_frt_small_sample",
    "resolution_count",
    "resolution_avg_minutes",
    *_RESOLUTION_QUANTILES,
    "is_resolution_small_sample",
    "frt_sla_applicable_count",
    "frt_sla_met_count",
    "frt_sla_met_rate",
    "resolution_sla_applicable_count",
    "resolution_sla_met_count",
    "resolution_sla_met_rate",
)


def read_raw(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raw tickets and users, all text, from tickets_raw.parquet and users_raw.parquet."""
    return pd.read_parquet(folder / "tickets_raw.parquet"), pd.read_parquet(
        folder / "users_raw.parquet"
    )


def make_marts(
    raw_tickets: pd.DataFrame,
    raw_users: pd.DataFrame,
    rules_path: Path,
    sla_targets: Sequence[SlaTarget],
    settings: Settings,
    redact: Redact,
) -> Marts:
    """Every published mart. redact takes personal items out of texts."""
    marts: Marts = {}
    users, marts["rejected_users"] = _check_users(raw_users)
    accepted, marts["rejected_tickets"] = _check_tickets(raw_tickets, settings)
    book = _Book(accepted, sla_targets, settings)
    tickets = book.measured(_labelled(accepted, rules_path, settings), users)
    marts["fct_tickets"] = tickets[list(_TICKET_COLUMNS)]
    cells = _cells(tickets)
    for name, period in (("daily", "created_day"), ("weekly", "created_week")):
        marts |= book.period_marts(name, period, tickets, cells)
    marts["fct_backlog_daily"] = book.backlog_daily(tickets)
    marts["fct_backlog_by_status"] = book.backlog_by_status(tickets)
    marts |= _ai_marts(cells, marts["fct_tickets_weekly"], settings)
    marts["fct_frt_outliers"] = _outliers(tickets, settings, redact)
    marts["fct_support_health"] = book.support_health(tickets, cells, marts["fct_backlog_daily"])
    marts["fct_data_quality"] = _data_quality(marts, tickets, users, len(raw_users), settings)
    return marts


# --------------------------------------------------------------------------------- raw rows


def _trimmed(texts: pd.Series) -> pd.Series:
    stripped = texts.astype("str").str.strip(_WHITE_SPACE)
    return stripped.mask(stripped == "")


def _instants(texts: pd.Series) -> pd.Series:
    """UTC instants without a zone; NaT for what is none."""
    plain = texts.str.fullmatch(_WITHOUT_OFFSET).fillna(False).astype(bool)
    offset = texts.str.fullmatch(_WITH_OFFSET).fillna(False).astype(bool)
    parsed = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    parsed[plain] = pd.to_datetime(texts[plain], format="ISO8601", errors="coerce").astype(
        "datetime64[us]"
    )
    whole = texts[offset].str.replace(r"([+-][0-9]{2})$", r"\1:00", regex=True)
    zoned = pd.to_datetime(whole, format="ISO8601", errors="coerce", utc=True)
    parsed[offset] = zoned.dt.tz_localize(None).astype("datetime64[us]")
    return parsed


def _numbers(texts: pd.Series) -> pd.Series:
    is_number = texts.str.fullmatch(_NUMBER).fillna(False).astype(bool)
    numbers = pd.to_numeric(texts.where(is_number), errors="coerce").astype("float64")
    return numbers.mask(np.isinf(numbers))


def _check_users(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    clean = pd.DataFrame(
        {name: _trimmed(raw[name]) for name in ("creator_id", "country", "plan", "signup_date")}
    )
    clean["line_number"] = raw["line_number"]
    ordered = clean.sort_values(
        ["line_number", "country", "plan", "signup_date"], na_position="last", kind="stable"
    )
    is_missing = clean["creator_id"].isna()
    is_later = ordered.duplicated("creator_id").reindex(clean.index)
    users = clean[~is_missing & ~is_later].copy()
    users["signup_date"] = _instants(users["signup_date"]).dt.normalize()
    rejected = raw[is_missing | is_later]
    reasons = np.where(is_missing[rejected.index], "missing_creator_id", "duplicate_creator_id")
    rejected = rejected[["line_number", "creator_id", "country", "plan", "signup_date"]]
    return users.drop(columns="line_number"), rejected.assign(reasons=reasons)


def _check_tickets(raw: pd.DataFrame, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    created_text, resolved_text = _trimmed(raw["created_at"]), _trimmed(raw["resolved_at"])
    response_text = _trimmed(raw["first_response_time"])
    tickets = pd.DataFrame(
        {
            "ticket_id": _trimmed(raw["ticket_id"]),
            "creator_id": _trimmed(raw["creator_id"]),
            "channel": _trimmed(raw["channel"]).str.lower(),
            "status": _trimmed(raw["status"]).str.lower(),
            "tag": _trimmed(raw["tag"]).str.lower(),
            "created_at": _instants(created_text),
            "resolved_at": _instants(resolved_text),
            "first_response_time_minutes": _numbers(response_text),
            "message_text": raw["message_text"],
            "line_number": raw["line_number"],
        }
    )
    response = tickets["first_response_time_minutes"]
    failed = {
        "first_response_time_negative": response < 0,
        "first_response_time_not_a_number": response_text.notna() & response.isna(),
        "first_response_time_too_large": response > _LARGEST_RESPONSE,
        "invalid_channel": ~tickets["channel"].isin(settings.ticket_channels),
        "invalid_status": ~tickets["status"].isin(settings.ticket_statuses),
        "invalid_tag": tickets["tag"].notna() & ~tickets["tag"].isin(settings.ticket_categories),
        "missing_created_at": created_text.isna(),
        "missing_ticket_id": tickets["ticket_id"].isna(),
        "resolved_before_created": tickets["resolved_at"] < tickets["created_at"],
        "resolved_without_resolved_at": (tickets["status"] == "resolved") & resolved_text.isna(),
        "unparseable_created_at": created_text.notna() & tickets["created_at"].isna(),
        "unparseable_resolved_at": resolved_text.notna() & tickets["resolved_at"].isna(),
    }
    is_malformed = raw["malformed_record"].notna()
    is_good = ~is_malformed & ~np.logical_or.reduce([found.to_numpy() for found in failed.values()])
    is_duplicate = _older_versions(tickets[is_good]).reindex(tickets.index, fill_value=False)
    reasons = pd.Series("", index=raw.index, dtype=object)
    for reason, found in failed.items():
        hit = found & ~is_malformed
        reasons[hit] = reasons[hit] + "|" + reason
    reasons[is_malformed] = "|malformed_row"
    reasons[is_duplicate] = "|duplicate_ticket_id"
    is_rejected = ~is_good | is_duplicate
    rejected = raw[is_rejected].assign(reasons=reasons[is_rejected].str.slice(1))
    return tickets[~is_rejected].drop(columns="line_number").reset_index(drop=True), rejected


def _older_versions(good: pd.DataFrame) -> pd.Series:
    """Of rows that share an id, all but the one that is resolved and created latest."""
    shared = good[good["ticket_id"].duplicated(keep=False)]
    order = [
        ("ticket_id", True),
        ("resolved_at", False),
        ("created_at", False),
        ("line_number", True),
        ("status", True),
        ("channel", True),
        ("creator_id", True),
        ("tag", True),
        ("first_response_time_minutes", True),
        ("message_text", True),
    ]
    ordered = shared.sort_values(
        [name for name, _ in order], ascending=[up for _, up in order], na_position="last"
    )
    return ordered["ticket_id"].duplicated()


def _labelled(tickets: pd.DataFrame, rules_path: Path, settings: Settings) -> pd.DataFrame:
    labeller = Labeller(read_rules(rules_path), settings.ticket_categories)
    texts = tickets["message_text"].astype(object).where(tickets["message_text"].notna(), None)
    labels = {text: labeller.label(text) for text in texts.unique()}
    columns = zip(*(labels[text] for text in texts), strict=True)
    names = ("ai_category", "ai_topic", "ai_rationale")
    found = dict(zip(names, map(list, columns), strict=True))
    return tickets.assign(**found, ai_source="rules")


# ----------------------------------------------------------------------------------- figures

_TICKET_COLUMNS = (
    *("ticket_id", "creator_id", "channel", "status", "tag", "ai_category", "ai_topic"),
    *("ai_rationale", "ai_source", "category_effective", "created_at", "resolved_at"),
    *("created_day", "created_week", "iso_week", "first_response_time_minutes"),
    *("resolution_time_minutes", "is_resolved", "is_open", "is_closed_without_solution"),
    *("is_fcr_strict", "is_fcr_lenient", "is_frt_sla_met", "is_resolution_sla_met"),
    *("message_text", "country", "plan", "signup_date"),
)


def _rate(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole != 0)


def _week(days: pd.Series) -> pd.Series:
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def _verdict(conditions: Sequence[Any], verdicts: Sequence[Any], index: pd.Index) -> pd.Series:
    """Of the first condition that holds: True, False, or nothing."""
    chosen = np.select(conditions, verdicts, default=np.nan)
    return pd.Series(chosen, index=index).astype("boolean")


def _cells(tickets: pd.DataFrame) -> pd.DataFrame:
    """Counts and sums of the smallest groups that marts need, from which all others add up."""
    counted = pd.DataFrame(
        {
            "tickets_created": 1,
            "resolved_count": tickets["is_resolved"],
            "open_count": tickets["is_open"],
            "closed_without_solution_count": tickets["is_closed_without_solution"],
            "frt_count": tickets["first_response_time_minutes"].notna(),
            "frt_sum": tickets["first_response_time_minutes"].fillna(0.0),
            "resolution_count": tickets["resolution_time_minutes"].notna(),
            "resolution_sum": tickets["resolution_time_minutes"].fillna(0).astype("int64"),
            "fcr_strict_count": tickets["is_fcr_strict"],
            "fcr_lenient_count": tickets["is_fcr_lenient"],
            "frt_sla_applicable_count": tickets["is_frt_sla_met"].notna(),
            "frt_sla_met_count": tickets["is_frt_sla_met"].fillna(False),
            "resolution_sla_applicable_count": tickets["is_resolution_sla_met"].notna(),
            "resolution_sla_met_count": tickets["is_resolution_sla_met"].fillna(False),
            "tagged_count": tickets["tag"].notna(),
            "agreed_count": (tickets["tag"] == tickets["ai_category"]).fillna(False),
        },
        index=tickets.index,
    )
    for name in _SUMS:
        if name != "frt_sum":
            counted[name] = counted[name].astype("int64")
    keys = ["created_day", "created_week", "channel", "category_effective", "tag", "ai_category"]
    grouped = counted.groupby([tickets[key] for key in keys], dropna=False, observed=True)
    return grouped.sum().reset_index()


def _sums(cells: pd.DataFrame, keys: Sequence[str], spine: pd.DataFrame) -> pd.DataFrame:
    """Cells added up to the keys, a row for each row of the spine."""
    summed = cells.groupby(list(keys), observed=True)[list(_SUMS)].sum().reset_index()
    joined = spine.merge(summed, on=list(keys), how="left")
    for name in _SUMS:
        joined[name] = joined[name].fillna(0)
        if name != "frt_sum":
            joined[name] = joined[name].astype("int64")
    return joined


def _quantiles(tickets: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    grouped = tickets.groupby(list(keys), observed=True)
    found = {}
    for column, names in (
        ("first_response_time_minutes", _QUANTILES),
        ("resolution_time_minutes", _RESOLUTION_QUANTILES),
    ):
        table = grouped[column].quantile([0.5, 0.95]).unstack()
        found |= {name: table[share] for name, share in zip(names, (0.5, 0.95), strict=True)}
    return pd.DataFrame(found).reset_index()


def _figures(sums: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """What follows from counts and sums."""
    created, resolved = sums["tickets_created"], sums["resolved_count"]
    return sums.assign(
        resolution_rate=_rate(resolved, created),
        frt_avg_minutes=_rate(sums["frt_sum"], sums["frt_count"]),
        resolution_avg_minutes=_rate(sums["resolution_sum"], sums["resolution_count"]),
        is_frt_small_sample=sums["frt_count"] < settings.min_tickets_for_percentile,
        is_resolution_small_sample=sums["resolution_count"] < settings.min_tickets_for_percentile,
        frt_sla_met_rate=_rate(sums["frt_sla_met_count"], sums["frt_sla_applicable_count"]),
        resolution_sla_met_rate=_rate(
            sums["resolution_sla_met_count"], sums["resolution_sla_applicable_count"]
        ),
        fcr_strict_rate=_rate(sums["fcr_strict_count"], created),
        fcr_lenient_rate=_rate(sums["fcr_lenient_count"], created),
        fcr_strict_of_resolved_rate=_rate(sums["fcr_strict_count"], resolved),
        fcr_lenient_of_resolved_rate=_rate(sums["fcr_lenient_count"], resolved),
        ai_tag_accuracy_rate=_rate(sums["agreed_count"], sums["tagged_count"]),
    )


class _Book:
    """The clock, the days and the targets that marts are held against."""

    def __init__(
        self, accepted: pd.DataFrame, sla_targets: Sequence[SlaTarget], settings: Settings
    ) -> None:
        self.settings = settings
        self.frt_targets = {
            target.channel: target.frt for target in sla_targets if target.frt is not None
        }
        self.resolution_targets = {
            target.channel: target.resolution
            for target in sla_targets
            if target.resolution is not None
        }
        targets = [*self.frt_targets.values(), *self.resolution_targets.values()]
        self.largest_target = max(targets, default=0)
        latest = max(
            accepted["created_at"].max(), accepted["resolved_at"].fillna(pd.Timestamp(0)).max()
        )
        self.as_of_at = pd.Timestamp(settings.as_of_at) if settings.as_of_at else latest
        if self.as_of_at < latest:
            raise ValueError(f"as_of_at {self.as_of_at} is before {latest}")
        first = self.local_days(pd.Series([accepted["created_at"].min()]))[0]
        self.as_of_day = self.local_days(pd.Series([self.as_of_at]))[0]
        self.first_day = first
        days = pd.Series(pd.date_range(first, self.as_of_day, unit="us"))
        self.days = pd.DataFrame({"created_day": days, "created_week": _week(days)})
        self.days["next_period_starts_at"] = self.starts_at(days + pd.Timedelta(days=1))
        weeks = self.days.groupby("created_week").size().rename("days_in_data").reset_index()
        weeks["iso_week"] = weeks["created_week"].dt.strftime("%G-W%V")
        weeks["next_period_starts_at"] = self.starts_at(
            weeks["created_week"] + pd.Timedelta(days=7)
        )
        self.weeks = weeks

    def local_days(self, instants: pd.Series) -> pd.Series:
        """The local day of UTC instants."""
        if self.settings.reporting_timezone == "UTC":
            return instants.dt.normalize()
        zoned = instants.dt.tz_localize("UTC").dt.tz_convert(self.settings.reporting_timezone)
        return zoned.dt.tz_localize(None).dt.normalize()

    def starts_at(self, days: pd.Series) -> pd.Series:
        """The first instant of local days."""
        zoned = days.dt.tz_localize(
            self.settings.reporting_timezone,
            ambiguous=np.ones(len(days), dtype=bool),
            nonexistent="shift_forward",
        )
        return zoned.dt.tz_convert("UTC").dt.tz_localize(None)

    def is_past(self, starts_at: pd.Series, minutes: Any) -> pd.Series:
        """Whether that many minutes have gone by since."""
        return starts_at + pd.to_timedelta(minutes, unit="min") <= self.as_of_at

    def measured(self, tickets: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
        """Tickets with everything that marts need of them."""
        status, created_at = tickets["status"], tickets["created_at"]
        is_resolved = (status == "resolved") & tickets["resolved_at"].notna()
        minutes = ((tickets["resolved_at"] - created_at) // _MINUTE).where(is_resolved)
        is_closed = status == "closed_without_solution"
        created_day = self.local_days(created_at)
        waited = self.as_of_at - created_at
        frt = tickets["first_response_time_minutes"]
        frt_target = tickets["channel"].map(self.frt_targets).astype("float64")
        resolution_target = tickets["channel"].map(self.resolution_targets).astype("float64")
        left_at = tickets["resolved_at"].where(
            is_resolved, tickets["resolved_at"].fillna(created_at).where(is_closed)
        )
        measured = tickets.assign(
            category_effective=tickets["tag"].fillna(tickets["ai_category"]),
            created_day=created_day,
            created_week=_week(created_day),
            resolution_time_minutes=minutes,
            is_resolved=is_resolved,
            is_open=status.isin(["pending", "escalated"]),
            is_closed_without_solution=is_closed,
            is_fcr_strict=minutes <= _STRICT_MINUTES,
            is_fcr_lenient=minutes <= _LENIENT_MINUTES,
            is_frt_sla_met=_verdict(
                [
                    frt_target.isna(),
                    frt.notna(),
                    waited > pd.to_timedelta(frt_target, unit="min"),
                ],
                [np.nan, (frt <= frt_target).astype(float), 0.0],
                tickets.index,
            ),
            is_resolution_sla_met=_verdict(
                [
                    resolution_target.isna(),
                    is_resolved,
                    is_closed,
                    (waited // _MINUTE) > resolution_target,
                ],
                [np.nan, (minutes <= resolution_target).astype(float), 0.0, 0.0],
                tickets.index,
            ),
            left_backlog_day=self.local_days(left_at),
        )
        weeks = self.weeks.set_index("created_week")["iso_week"]
        measured["iso_week"] = measured["created_week"].map(weeks)
        return measured.merge(users, on="creator_id", how="left")

    def period_marts(
        self, name: str, period: str, tickets: pd.DataFrame, cells: pd.DataFrame
    ) -> Marts:
        """The marts of days or of weeks."""
        is_weekly = period == "created_week"
        spine = self.weeks if is_weekly else self.days.drop(columns="created_week")
        grain = [period, "iso_week", "days_in_data"] if is_weekly else [period]
        whole = spine["days_in_data"] == 7 if is_weekly else True
        sums = _sums(cells, [period], spine)
        figures = _figures(sums, self.settings).merge(
            _quantiles(tickets, [period]), on=period, how="left"
        )
        starts_at = figures["next_period_starts_at"]
        volume = [
            *("tickets_created", "resolved_count", "open_count"),
            *("closed_without_solution_count", "resolution_rate"),
        ]
        fcr = [
            *("tickets_created", "resolved_count", "fcr_strict_count", "fcr_strict_rate"),
            *("fcr_lenient_count", "fcr_lenient_rate", "fcr_strict_of_resolved_rate"),
            "fcr_lenient_of_resolved_rate",
        ]
        seven = ["frt_avg_7d_minutes", "frt_ticket_weighted_7d_minutes"]
        if not is_weekly:
            figures["tickets_created_7d_avg"] = (
                figures["tickets_created"].rolling(7, min_periods=1).mean()
            )
            volume.append("tickets_created_7d_avg")
            figures = _seven_days(figures, [])
        else:
            seven = []
        accuracy = ["tagged_count", "agreed_count"] if is_weekly else []
        return {
            f"fct_tickets_{name}": figures[grain + volume + accuracy]
            if not is_weekly
            else figures[grain + volume].assign(**{column: figures[column] for column in accuracy}),
            f"fct_sla_{name}": figures[[*grain, *_SLA_COLUMNS, *seven]].assign(
                is_mature=whole & self.is_past(starts_at, self.largest_target)
            ),
            f"fct_fcr_{name}": figures[grain + fcr].assign(
                is_mature=whole & self.is_past(starts_at, _LENIENT_MINUTES)
            ),
            f"fct_tickets_by_category_{name}": self._by_category(period, grain, spine, cells),
            f"fct_sla_by_channel_{name}": self._by_channel(
                period, grain, spine, tickets, cells, seven
            ),
        }

    def _by_category(
        self, period: str, grain: list[str], spine: pd.DataFrame, cells: pd.DataFrame
    ) -> pd.DataFrame:
        categories = cells[["category_effective"]].drop_duplicates()
        every = spine.merge(categories, how="cross")
        figures = _sums(cells, [period, "category_effective"], every)
        total = figures.groupby(period)["tickets_created"].transform("sum")
        figures["period_tickets_created"] = total
        figures["category_share"] = _rate(figures["tickets_created"], total)
        columns = ["tickets_created", "period_tickets_created", "category_share"]
        return figures[[*grain, "category_effective", *columns]]

    def _by_channel(
        self,
        period: str,
        grain: list[str],
        spine: pd.DataFrame,
        tickets: pd.DataFrame,
        cells: pd.DataFrame,
        seven: list[str],
    ) -> pd.DataFrame:
        channels = pd.DataFrame({"channel": cells["channel"].unique()})
        keys = [period, "channel"]
        every = spine.merge(channels, how="cross").sort_values(["channel", period])
        figures = _figures(_sums(cells, keys, every), self.settings)
        figures = figures.merge(_quantiles(tickets, keys), on=keys, how="left")
        if seven:
            figures = _seven_days(figures, ["channel"])
        limits = {
            channel: max(
                self.frt_targets.get(channel, -1), self.resolution_targets.get(channel, -1)
            )
            for channel in channels["channel"]
        }
        minutes = figures["channel"].map(
            {name: limit if limit >= 0 else self.largest_target for name, limit in limits.items()}
        )
        whole = figures["days_in_data"] == 7 if period == "created_week" else True
        figures["resolution_rate"] = _rate(figures["resolution_count"], figures["tickets_created"])
        figures["is_mature"] = whole & self.is_past(figures["next_period_starts_at"], minutes)
        columns = ["channel", *_SLA_COLUMNS, "resolution_rate", *seven, "is_mature"]
        return figures[[*grain, *columns]]

    def backlog_daily(self, tickets: pd.DataFrame) -> pd.DataFrame:
        """What came, what left, and what stayed, as a ledger."""
        days = self.days["created_day"]
        left = tickets["left_backlog_day"]

        def on_each_day(events: pd.Series) -> pd.Series:
            return (
                events.value_counts().reindex(days).fillna(0).astype("int64").reset_index(drop=True)
            )

        ledger = pd.DataFrame(
            {
                "day": days,
                "created_count": on_each_day(tickets["created_day"]),
                "resolved_count": on_each_day(left[tickets["is_resolved"]]),
                "closed_count": on_each_day(left[tickets["is_closed_without_solution"]]),
            }
        )
        moved = ledger["created_count"] - ledger["resolved_count"] - ledger["closed_count"]
        ledger["closing_count"] = moved.cumsum()
        ledger["opening_count"] = ledger["closing_count"] - moved
        return ledger

    def backlog_by_status(self, tickets: pd.DataFrame) -> pd.DataFrame:
        """How long open tickets wait."""
        rows = []
        for status in ("pending", "escalated"):
            ages = (self.as_of_at - tickets["created_at"][tickets["status"] == status]) / _HOUR
            edges = [-np.inf, 24, 72, 168, 720, np.inf]
            counts, _ = (
                np.histogram(ages, bins=[min(ages.min(), 0), *edges[1:-1], 1e12])
                if len(ages)
                else (np.zeros(5, dtype="int64"), None)
            )
            rows.append(
                {
                    "status": status,
                    "open_count": len(ages),
                    "age_avg_hours": ages.mean(),
                    "age_median_hours": ages.quantile(0.5),
                    "age_p95_hours": ages.quantile(0.95),
                    "age_max_hours": ages.max(),
                    "age_under_1d_count": counts[0],
                    "age_1d_to_3d_count": counts[1],
                    "age_3d_to_7d_count": counts[2],
                    "age_7d_to_30d_count": counts[3],
                    "age_over_30d_count": counts[4],
                    "is_small_sample": len(ages) < self.settings.min_tickets_for_percentile,
                }
            )
        return pd.DataFrame(rows)

    def support_health(
        self, tickets: pd.DataFrame, cells: pd.DataFrame, backlog: pd.DataFrame
    ) -> pd.DataFrame:
        """The main figures of all days, of 28 and of 7, beside the periods before."""
        day = pd.Timedelta(days=1)
        rows = [self._health("all", self.first_day, self.as_of_day, None, tickets, cells, backlog)]
        for length in (28, 7):
            start = self.as_of_day - length * day
            before = start - length * day
            rows.append(
                self._health(
                    f"last_{length}d",
                    start,
                    self.as_of_day - day,
                    before if before >= self.first_day else None,
                    tickets,
                    cells,
                    backlog,
                )
            )
        return pd.DataFrame(rows)

    def _health(
        self,
        period: str,
        start: pd.Timestamp,
        end: pd.Timestamp,
        before: pd.Timestamp | None,
        tickets: pd.DataFrame,
        cells: pd.DataFrame,
        backlog: pd.DataFrame,
    ) -> dict[str, Any]:
        now = self._health_figures(start, end, tickets, cells, backlog)
        row = {"period": period, "period_start_day": start, "period_end_day": end}
        row |= {name: now[name] for name in (*_HEALTH_METRICS, *_HEALTH_COUNTS)}
        row |= {name: now[name] for name in ("is_frt_small_sample", "is_resolution_small_sample")}
        previous: Mapping[str, Any] = {}
        if before is not None:
            previous = self._health_figures(
                before, start - pd.Timedelta(days=1), tickets, cells, backlog
            )
        starts_at = self.starts_at(pd.Series([end + pd.Timedelta(days=1)]))
        ripe_after = {
            "fcr_strict_rate": _LENIENT_MINUTES,
            "fcr_lenient_rate": _LENIENT_MINUTES,
            "frt_sla_met_rate": self.largest_target,
            "resolution_sla_met_rate": self.largest_target,
        }
        for name in _HEALTH_METRICS:
            then = previous.get(name)
            is_ripe = name not in ripe_after or self.is_past(starts_at, ripe_after[name])[0]
            row[f"{name}_previous"] = then
            row[f"{name}_change"] = None if then is None or not is_ripe else now[name] - then
        return row

    def _health_figures(
        self,
        start: pd.Timestamp,
        end: pd.Timestamp,
        tickets: pd.DataFrame,
        cells: pd.DataFrame,
        backlog: pd.DataFrame,
    ) -> dict[str, Any]:
        sums = cells[cells["created_day"].between(start, end)][list(_SUMS)].sum().to_frame().T
        chosen = tickets[tickets["created_day"].between(start, end)]
        row = _figures(sums, self.settings).iloc[0].to_dict()
        for column, names in (
            ("first_response_time_minutes", _QUANTILES),
            ("resolution_time_minutes", _RESOLUTION_QUANTILES),
        ):
            row |= dict(zip(names, chosen[column].quantile([0.5, 0.95]), strict=True))
        closing = backlog.loc[backlog["day"] == end, "closing_count"]
        return row | {"backlog_closing_count": closing.iloc[0] if len(closing) else 0}


def _seven_days(figures: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Means over the day and the six before it; figures are in the order of their days."""

    def rolling(column: str, how: str) -> pd.Series:
        if not keys:
            return getattr(figures[column].rolling(7, min_periods=1), how)()
        windows = figures.groupby(keys, sort=False)[column].rolling(7, min_periods=1)
        return getattr(windows, how)().reset_index(level=list(range(len(keys))), drop=True)

    counts = rolling("frt_count", "sum")
    return figures.assign(
        frt_avg_7d_minutes=rolling("frt_avg_minutes", "mean"),
        frt_ticket_weighted_7d_minutes=_rate(rolling("frt_sum", "sum"), counts),
    )


def _ai_marts(cells: pd.DataFrame, weekly: pd.DataFrame, settings: Settings) -> Marts:
    categories = settings.ticket_categories
    every = pd.MultiIndex.from_product([categories, categories], names=["tag", "ai_category"])
    counts = cells.groupby(["tag", "ai_category"])["tickets_created"].sum().reindex(every).fillna(0)
    matrix = counts.astype("int64").rename("tickets_count").reset_index()
    matrix["tag_tickets_count"] = matrix.groupby("tag")["tickets_count"].transform("sum")
    matrix["tag_share"] = _rate(matrix["tickets_count"], matrix["tag_tickets_count"])

    square = matrix.pivot(index="tag", columns="ai_category", values="tickets_count")
    square = square.loc[categories, categories]
    scores = pd.DataFrame(
        {
            "category": categories,
            "true_positive_count": np.diag(square),
            "predicted_count": square.sum(axis=0).to_numpy(),
            "support_count": square.sum(axis=1).to_numpy(),
        }
    )
    both = scores["true_positive_count"]
    scores["precision"] = _rate(both, scores["predicted_count"])
    scores["recall"] = _rate(both, scores["support_count"])
    scores["f1"] = _rate(2 * both, scores["predicted_count"] + scores["support_count"])

    accuracy = weekly[["created_week", "iso_week", "days_in_data", "tagged_count", "agreed_count"]]
    tagged = accuracy["tagged_count"].where(accuracy["tagged_count"] != 0)
    share = accuracy["agreed_count"] / tagged
    middle = share + _Z**2 / 2 / tagged
    reach = _Z * np.sqrt((share * (1 - share) + _Z**2 / 4 / tagged) / tagged)
    accuracy = accuracy.assign(
        accuracy_rate=share,
        accuracy_ci_low=((middle - reach) / (1 + _Z**2 / tagged)).mask(share == 0, 0.0),
        accuracy_ci_high=((middle + reach) / (1 + _Z**2 / tagged)).mask(share == 1, 1.0),
    )
    del weekly["tagged_count"], weekly["agreed_count"]
    return {
        "fct_ai_tag_confusion_matrix": matrix,
        "fct_ai_tag_scores": scores,
        "fct_ai_tag_accuracy_weekly": accuracy,
    }


def _outliers(tickets: pd.DataFrame, settings: Settings, redact: Redact) -> pd.DataFrame:
    answered = tickets[tickets["first_response_time_minutes"].notna()]
    least = answered["first_response_time_minutes"].nlargest(settings.outlier_count).min()
    slowest = (
        answered[answered["first_response_time_minutes"] >= least]
        .sort_values(
            ["first_response_time_minutes", "created_at", "ticket_id"],
            ascending=[False, True, True],
        )
        .head(settings.outlier_count)
    )
    columns = ["ticket_id", "channel", "status", "created_at", "first_response_time_minutes"]
    texts = slowest["message_text"].astype(object).where(slowest["message_text"].notna(), None)
    return slowest[columns].assign(
        outlier_rank=range(1, len(slowest) + 1), message_text_redacted=redact(list(texts))
    )


def _data_quality(
    marts: Marts, tickets: pd.DataFrame, users: pd.DataFrame, raw_users: int, settings: Settings
) -> pd.DataFrame:
    rejected = marts["rejected_tickets"]["reasons"]
    by_reason = rejected.str.split("|").explode().value_counts()
    user_reasons = marts["rejected_users"]["reasons"].value_counts()
    raw_tickets = len(tickets) + len(rejected)
    limit = settings.max_rejected_rate_per_reason
    rows = [(name, raw_tickets, by_reason.get(name, 0), limit) for name in TICKET_REASONS]
    rows += [(name, raw_users, user_reasons.get(name, 0), limit) for name in USER_REASONS]
    unjoined = (~tickets["creator_id"].isin(users["creator_id"])).sum() if raw_users else 0
    checked = len(tickets) if raw_users else 0
    rows.append(("joinability_to_users", checked, unjoined, settings.max_unjoined_ticket_rate))
    checks = pd.DataFrame(rows, columns=["check_name", "rows_checked", "rows_failed", "threshold"])
    checks["failed_rate"] = _rate(checks["rows_failed"], checks["rows_checked"])
    checks["is_passing"] = checks["failed_rate"].isna() | (
        checks["failed_rate"] <= checks["threshold"]
    )
    return checks
