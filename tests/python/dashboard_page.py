"""The Support Health page in a test: how it is opened and read, and what DuckDB says of it."""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import urllib.parse
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

MIN_TICKETS = 20
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
CHROMIUM_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Everything on the page that carries a figure: its key, unrounded value and text.
READ_FIGURES = """() => [...document.querySelectorAll('[data-figure]')].map(
    (element) => [element.dataset.figure, element.getAttribute('value'), element.textContent])"""
# Set the hash and wait until the page has drawn it. The policy forbids Playwright's own waiting.
CHOOSE = """async (hash) => {
    const root = document.documentElement;
    const drawn = root.dataset.drawn;
    if (('#' + location.hash.slice(1)) === hash) return;
    location.hash = hash;
    for (let i = 0; i < 2000 && root.dataset.drawn === drawn; i++) {
        await new Promise((done) => setTimeout(done, 5));
    }
}"""
OPEN_TABLES = """async () => {
    for (const details of document.querySelectorAll('details[data-table]')) details.open = true;
    await new Promise((done) => setTimeout(done, 300));
}"""


@dataclass
class Tab:
    """An open page and what its console said."""

    page: Any
    messages: list[str]

    @property
    def check(self) -> str:
        """Outcome of the page's self-check."""
        return self.page.evaluate("document.documentElement.dataset.check")


def open_tab(browser: Any, path: Path, fragment: str = "", script: str = "", **options: Any) -> Tab:
    """Open a file in a fresh profile and wait until it is drawn; script runs before the page's."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    if script:
        page.add_init_script(script)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: _note_request(request, messages))
    page.goto(path.as_uri() + fragment)
    page.wait_for_selector("html[data-state=ready], html[data-state=failed]", timeout=30_000)
    return Tab(page, messages)


def _note_request(request: Any, messages: list[str]) -> None:
    if not request.url.startswith(("file:", "data:", "blob:")):
        messages.append(f"asked the network for {request.url}")


@dataclass(frozen=True)
class Setting:
    """What a reader chose. Values of None in a filter stand for unknown; no entry is no filter."""

    start: date
    end: date
    chosen: dict[str, list[str | None]]
    unit: str
    topics_of: str | None
    with_waiting: bool

    @property
    def hash(self) -> str:
        """The page's address for it."""
        parts = [f"from={self.start}", f"to={self.end}", f"unit={self.unit}"]
        for column, values in self.chosen.items():
            quoted = [
                urllib.parse.quote(
                    urllib.parse.quote("~unknown" if value is None else value, safe="~"), safe="~"
                )
                for value in values
            ]
            parts.append(f"{column}={','.join(quoted)}")
        if self.topics_of:
            parts.append(f"topics={self.topics_of}")
        if not self.with_waiting:
            parts.append("waiting=no")
        return "#" + "&".join(parts)


COLUMNS = {
    "channel": "channel",
    "category": "category_effective",
    "plan": "plan",
    "country": "country",
}
MEASURES = """
    count(*) as tickets_created,
    count(*) filter (is_resolved) as resolved_count,
    count(*) filter (is_closed_without_solution) as closed_without_solution_count,
    count(*) filter (is_resolved) / nullif(count(*), 0) as resolution_rate,
    count(*) filter (is_closed_without_solution) / nullif(count(*), 0) as closed_share,
    count(first_response_time_minutes) as frt_count,
    avg(first_response_time_minutes) as frt_avg_minutes,
    quantile_cont(first_response_time_minutes, 0.5) as frt_median_minutes,
    quantile_cont(first_response_time_minutes, 0.95) as frt_p95_minutes,
    count(*) filter (is_open and first_response_time_minutes is null) as waiting_count,
    count(resolution_time_minutes) as resolution_count,
    quantile_cont(resolution_time_minutes::double, 0.5) as resolution_median_minutes,
    count(*) filter (is_fcr_strict) as fcr_strict_count,
    count(*) filter (is_fcr_strict) / nullif(count(*), 0) as fcr_strict_rate,
    count(*) filter (is_fcr_lenient) as fcr_lenient_count,
    count(*) filter (is_fcr_lenient) / nullif(count(*), 0) as fcr_lenient_rate,
    count(is_frt_sla_met) as frt_sla_applicable_count,
    count(*) filter (is_frt_sla_met) as frt_sla_met_count,
    count(*) filter (is_frt_sla_met) / nullif(count(is_frt_sla_met), 0) as frt_sla_met_rate,
    count(is_resolution_sla_met) as resolution_sla_applicable_count,
    count(*) filter (is_resolution_sla_met) as resolution_sla_met_count,
    count(*) filter (is_resolution_sla_met) / nullif(count(is_resolution_sla_met), 0)
        as resolution_sla_met_rate,
    count(tag) as tagged_count,
    count(*) filter (tag = ai_category) as agreed_count,
    count(*) filter (tag = ai_category) / nullif(count(tag), 0) as ai_tag_accuracy_rate
"""
AGES = """
    count(*) as open_count, avg(age) as age_avg_hours, quantile_cont(age, 0.5) as age_median_hours,
    quantile_cont(age, 0.95) as age_p95_hours, max(age) as age_max_hours,
    count(*) filter (age < 24) as age_under_1d_count,
    count(*) filter (age >= 24 and age < 72) as age_1d_to_3d_count,
    count(*) filter (age >= 72 and age < 168) as age_3d_to_7d_count,
    count(*) filter (age >= 168 and age < 720) as age_7d_to_30d_count,
    count(*) filter (age >= 720) as age_over_30d_count
"""


class Warehouse:
    """What DuckDB says the page has to show."""

    def __init__(self, database: Path) -> None:
        self.connection = duckdb.connect(str(database), read_only=True)
        self.first_day, self.last_day = self.row(
            "select first_day as a, as_of_day as b from intermediate.int_clock_derived"
        ).values()
        self.values = {
            name: [
                row["value"]
                for row in self.rows(f"select distinct {column} as value from marts.fct_tickets")
            ]
            for name, column in COLUMNS.items()
        }
        self.categories = sorted(
            row["category"] for row in self.rows("select * from intermediate.int_categories_listed")
        )

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, query: str) -> dict[str, Any]:
        """The only row."""
        (row,) = self.rows(query)
        return row

    def draw(self, generator: random.Random) -> Setting:
        """A random setting: any range, each filter in a third of the cases."""
        span = (self.last_day - self.first_day).days
        length = generator.choice(
            [0, 1, 6, 13, 27, 27, 41, 60, 60, 89, generator.randint(0, span), span]
        )
        start = self.first_day + timedelta(days=generator.randint(0, span - min(length, span)))
        chosen = {}
        for name, values in self.values.items():
            if generator.random() < 0.35:
                picked = generator.sample(values, generator.randint(1, len(values) - 1))
                chosen[name] = picked
        return Setting(
            start,
            min(start + timedelta(days=length), self.last_day),
            chosen,
            generator.choice(["day", "week"]),
            generator.choice([None, *self.categories]),
            generator.random() < 0.5,
        )

    def expected(self, setting: Setting) -> dict[str, Any]:
        """Figure key -> value, for every figure of the page but the outliers and the sentence."""
        where = " and ".join(_condition(name, setting.chosen[name]) for name in setting.chosen)
        self.connection.execute(
            "create or replace temp table chosen as select * from marts.fct_tickets where "
            + (where or "true")
        )
        span = f"created_day between '{setting.start}' and '{setting.end}'"
        length = (setting.end - setting.start).days + 1
        before_start = setting.start - timedelta(days=length)
        before_end = setting.start - timedelta(days=1)
        has_before = before_start >= self.first_day and setting.end < self.last_day
        before_span = f"created_day between '{before_start}' and '{before_end}'"

        figures: dict[str, Any] = {}
        now = self._measures(span, setting.end)
        figures |= {f"kpi/{name}/now": value for name, value in now.items()}
        if has_before:
            before = self._measures(before_span, before_end)
            figures |= {f"kpi/{name}/before": value for name, value in before.items()}
        for when, days in (("now", span), ("before", before_span)):
            if not where:
                extra = self._incident_extra(days)
                figures[f"incident/extra/{when}"] = extra
                if f"kpi/tickets_created/{when}" in figures:
                    created = figures[f"kpi/tickets_created/{when}"]
                    figures[f"ordinary/tickets_created/{when}"] = created - extra
        for column in ("channel", "category"):
            for when, condition in (("now", span), ("before", before_span)):
                for row in self.rows(
                    f"select {COLUMNS[column]} as segment, {MEASURES} from chosen "
                    f"where {condition} group by 1"
                ):
                    for name in ("tickets_created", "frt_median_minutes", "fcr_lenient_rate"):
                        figures[f"segment/{column}/{row['segment']}/{name}/{when}"] = row[name]
        figures |= self._days(setting)
        figures |= self._categories(setting, span)
        figures |= self._topics(setting, span, before_span if has_before else None)
        figures |= self._channels(setting, span)
        figures |= self._backlog()
        figures |= self._quality(setting, span)
        return figures

    def _measures(self, span: str, last: date) -> dict[str, Any]:
        figures = self.row(f"select {MEASURES} from chosen where {span}")
        figures["backlog_closing_count"] = self.row(
            f"select count(*) as n from chosen where created_day <= '{last}' "
            f"and (left_backlog_day is null or left_backlog_day > '{last}')"
        )["n"]
        # A percentile of few tickets is not shown.
        if figures["frt_count"] < MIN_TICKETS:
            figures["frt_p95_minutes"] = None
        return figures

    def _incident_extra(self, span: str) -> float:
        return self.row(
            "select coalesce(sum(tickets_created - expected_tickets), 0) as extra "
            f"from marts.fct_tickets_expected_daily where {span} and incident_number is not null"
        )["extra"]

    def _days(self, setting: Setting) -> dict[str, Any]:
        figures = {}
        for row in self.rows(
            f"""
            with days as (
                select
                    day, count(ticket_id) as tickets_created,
                    count(first_response_time_minutes) as frt_count,
                    sum(first_response_time_minutes) as frt_sum,
                    avg(first_response_time_minutes) as frt_avg_minutes,
                    quantile_cont(first_response_time_minutes, 0.5) as frt_median_minutes
                from intermediate.int_days_spined left join chosen on day = created_day
                group by day
            ),
            windows as (
                select
                    *,
                    avg(tickets_created) over seven as tickets_created_7d_avg,
                    avg(frt_avg_minutes) over seven as frt_avg_7d_minutes,
                    sum(frt_sum) over seven / nullif(sum(frt_count) over seven, 0)
                        as frt_ticket_weighted_7d_minutes
                from days
                window seven as (order by day rows between 6 preceding and current row)
            )
            select * from windows where day between '{setting.start}' and '{setting.end}'
            """
        ):
            day = row["day"]
            for name in ("tickets_created", "tickets_created_7d_avg"):
                figures[f"tickets/{day}/{name}"] = row[name]
            for name in (
                *("frt_count", "frt_avg_minutes", "frt_median_minutes", "frt_avg_7d_minutes"),
                "frt_ticket_weighted_7d_minutes",
            ):
                figures[f"frt/{day}/{name}"] = row[name]
        for row in self.rows(
            f"""
            with events as (
                select
                    day,
                    (select count(*) from chosen where created_day = day) as created_count,
                    (select count(*) from chosen where left_backlog_day = day and is_resolved)
                        as resolved_count,
                    (select count(*) from chosen where left_backlog_day = day and not is_resolved)
                        as closed_count
                from intermediate.int_days_spined
            ),
            summed as (
                select *, sum(created_count - resolved_count - closed_count) over (order by day)
                    as closing_count
                from events
            )
            select *, closing_count - created_count + resolved_count + closed_count as opening_count
            from summed where day between '{setting.start}' and '{setting.end}'
            """
        ):
            day = row.pop("day")
            figures |= {f"ledger/{day}/{name}": value for name, value in row.items()}
        return figures

    def _categories(self, setting: Setting, span: str) -> dict[str, Any]:
        period = "date_trunc('week', day)::date" if setting.unit == "week" else "day"
        names = [name for name in self.values["category"] if name]
        counts = ", ".join(
            f"count(*) filter (category_effective = '{n}') as \"{n}\"" for n in names
        )
        figures = {}
        for row in self.rows(
            f"""
            select {period} as period, {counts}, count(ticket_id) as "all"
            from intermediate.int_days_spined left join chosen on day = created_day
            where day between '{setting.start}' and '{setting.end}'
            group by 1
            """
        ):
            start = row.pop("period")
            figures |= {f"categories/{start}/{name}": value for name, value in row.items()}
        total = self.row(f"select count(*) as n from chosen where {span}")["n"]
        for name in names:
            count = self.row(
                f"select count(*) as n from chosen where {span} and category_effective = '{name}'"
            )["n"]
            figures[f"category/{name}/share"] = count / total if total else None
        return figures

    def _topics(self, setting: Setting, span: str, before: str | None) -> dict[str, Any]:
        of = f"category_effective = '{setting.topics_of}'" if setting.topics_of else "true"
        either = f"({span} or {before})" if before else span
        figures = {}
        for row in self.rows(
            f"""
            select
                ai_topic as topic,
                count(*) filter ({span}) as tickets_created,
                {f"count(*) filter ({before})" if before else "null"} as before
            from chosen where {of} and {either} group by ai_topic
            """
        ):
            topic = row.pop("topic")
            figures |= {f"topics/{topic}/{name}": value for name, value in row.items()}
        total = sum(value for key, value in figures.items() if key.endswith("/tickets_created"))
        for key, value in list(figures.items()):
            if key.endswith("/tickets_created"):
                share = value / total if total else None
                figures[key.removesuffix("tickets_created") + "share"] = share
        return figures

    def _channels(self, setting: Setting, span: str) -> dict[str, Any]:
        figures = {}
        for channel in setting.chosen.get("channel", self.values["channel"]):
            row = self.row(f"select {MEASURES} from chosen where {span} and channel = '{channel}'")
            for table, names in {
                "channel_frt": (
                    *("frt_count", "frt_median_minutes", "frt_p95_minutes", "frt_sla_met_rate"),
                    "frt_sla_applicable_count",
                ),
                "channel_resolution": (
                    *("tickets_created", "resolved_count", "resolution_rate"),
                    *("resolution_median_minutes", "resolution_sla_met_rate"),
                    "resolution_sla_applicable_count",
                ),
            }.items():
                figures |= {f"{table}/{channel}/{name}": row[name] for name in names}
        return figures

    def _backlog(self) -> dict[str, Any]:
        figures = {}
        for status in ("pending", "escalated", "all"):
            row = self.row(
                f"""
                with ages as (
                    select (epoch_us(as_of_at) - epoch_us(created_at)) / 3600000000.0 as age
                    from chosen cross join intermediate.int_clock_derived
                    where is_open and '{status}' in (status, 'all')
                )
                select {AGES} from ages
                """
            )
            for name, value in row.items():
                table = "ages" if name.endswith("d_count") else "backlog"
                figures[f"{table}/{status}/{name}"] = value
            figures[f"ages/{status}/open_count"] = row["open_count"]
        return figures

    def _quality(self, setting: Setting, span: str) -> dict[str, Any]:
        figures = {}
        for row in self.rows(
            f"""
            select date_trunc('week', day)::date as week, count(tag) as tagged_count,
                count(*) filter (tag = ai_category) as agreed_count
            from intermediate.int_days_spined left join chosen on day = created_day
            where day between '{setting.start}' and '{setting.end}' group by 1
            """
        ):
            week, tagged, agreed = row["week"], row["tagged_count"], row["agreed_count"]
            low, high = wilson(agreed, tagged)
            figures |= {
                f"accuracy/{week}/tagged_count": tagged,
                f"accuracy/{week}/agreed_count": agreed,
                f"accuracy/{week}/accuracy_rate": agreed / tagged if tagged else None,
                f"accuracy/{week}/accuracy_ci_low": low,
                f"accuracy/{week}/accuracy_ci_high": high,
            }
        counts = {
            (row["tag"], row["ai_category"]): row["n"]
            for row in self.rows(
                f"select tag, ai_category, count(*) as n from chosen "
                f"where {span} and tag is not null group by all"
            )
        }
        for tag in self.categories:
            support = sum(counts.get((tag, ai), 0) for ai in self.categories)
            predicted = sum(counts.get((other, tag), 0) for other in self.categories)
            agreed = counts.get((tag, tag), 0)
            both = support + predicted
            figures |= {
                f"scores/{tag}/support_count": support,
                f"scores/{tag}/predicted_count": predicted,
                f"scores/{tag}/precision": agreed / predicted if predicted else None,
                f"scores/{tag}/recall": agreed / support if support else None,
                f"scores/{tag}/f1": 2 * agreed / both if both else None,
            }
            for ai in self.categories:
                count = counts.get((tag, ai), 0)
                key = f"confusion/{tag}|{ai}"
                figures |= {
                    f"{key}/tickets_count": count,
                    f"{key}/tag_tickets_count": support,
                    f"{key}/tag_share": count / support if support else None,
                }
        return figures

    def slowest(self, setting: Setting, limit: int) -> list[tuple[str, float]]:
        """Ticket and minutes of the slowest first responses, slowest first."""
        waited = "(epoch_us(as_of_at) - epoch_us(created_at)) / 60000000.0"
        minutes = "first_response_time_minutes"
        if setting.with_waiting:
            minutes = f"coalesce({minutes}, case when is_open then {waited} end)"
        return [
            (row["ticket_id"], row["minutes"])
            for row in self.rows(
                f"""
                select ticket_id, {minutes} as minutes
                from chosen cross join intermediate.int_clock_derived
                where created_day between '{setting.start}' and '{setting.end}'
                    and {minutes} is not null
                order by minutes desc, created_at, ticket_id limit {limit}
                """
            )
        ]


def _condition(name: str, values: list[str | None]) -> str:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values if value)
    parts = [f"{COLUMNS[name]} in ({listed})"] if listed else []
    if None in values:
        parts.append(f"{COLUMNS[name]} is null")
    return "(" + (" or ".join(parts) or "false") + ")"


def wilson(successes: int, n: int) -> tuple[float | None, float | None]:
    """Both bounds of the 95% score interval."""
    if not n:
        return None, None
    z, p = 1.959963984540054, successes / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def same(page: str, expected: Any) -> bool:
    """Whether the page's unrounded figure is the warehouse's."""
    if expected is None or page == "":
        return expected is None and page == ""
    return math.isclose(float(page), expected, rel_tol=1e-9, abs_tol=1e-9)


def duration_differs(minutes: float, text: str) -> bool:
    """Whether a written duration is not these minutes in the unit that the page is to choose."""
    for limit, unit, size, step in (
        (1e-12, "min", 1, 1),
        (1, "s", 1 / 60, 1),
        (9.95, "min", 1, 0.1),
        (120, "min", 1, 1),
        (4320, "h", 60, 0.1),
        (math.inf, "days", 1440, 0.1),
    ):
        if minutes < limit:
            number, _, written_unit = text.replace(",", "").partition("\xa0")
            if not re.fullmatch(r"[0-9.]+", number):
                return True
            # Half-way values may be rounded either way.
            far = abs(float(number) - minutes / size) > step / 2 + 1e-9
            return unit != written_unit or far
    return True


# What a p95 is of; of few there is none.
COUNT_BEHIND = {"frt_p95_minutes": "frt_count", "age_p95_hours": "open_count"}


def text_differs(key: str, value: str, text: str, figures: dict[str, Any]) -> bool:
    """Whether what is written is not the figure, rounded; a dash only where there is none."""
    row, _, column = key.rpartition("/")
    is_few = column in COUNT_BEHIND and figures[f"{row}/{COUNT_BEHIND[column]}"] < MIN_TICKETS
    if value == "" or is_few:
        return text != "–"
    number = float(value)
    name = key.removesuffix("/now").removesuffix("/before").rsplit("/", 1)[-1]
    if name.endswith("_minutes") or name == "minutes":
        return duration_differs(number, text)
    if name.startswith("age_") and name.endswith("_hours"):
        return duration_differs(number * 60, text)
    digits = re.sub(r"[^0-9.]", "", text)
    decimals = len(digits.partition(".")[2])
    # Of a topic, which may be called open_rate, only counts are shown.
    is_rate = name.endswith("_rate") and not key.startswith("topics/")
    if (is_rate or name in ("precision", "recall")) and decimals != 1:
        return True
    scale = 100 if text.endswith("%") else 1
    return not digits or abs(float(digits) - number * scale) > 0.5 * 10**-decimals + 1e-9
