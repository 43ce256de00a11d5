"""What the Support Health page says and draws, beside the figures: each word against DuckDB."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

pytest.importorskip("altair", reason="altair is not installed")
pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from conftest import changed_copy
from dashboard_page import CHOOSE, MIN_TICKETS, Setting, Warehouse, open_tab
from page_words import (
    CARDS,
    Z_95,
    Said,
    count,
    counted,
    day_name,
    duration,
    incident_text,
    percent,
    proportions_score,
    range_name,
    spoken,
)
from support_analytics.dashboard import write_dashboard
from support_analytics.dashboard.incidents import find_incidents

# Random settings, most of them with a period before.
DRAWN = 16
# Keeps each chart's view where a test can read its data sets.
KEEP_VIEWS = """(() => {
    const views = {};
    let embed;
    Object.defineProperty(window, 'keptViews', { value: views });
    Object.defineProperty(window, 'vegaEmbed', {
        get: () => embed && (async (place, ...rest) => {
            const result = await embed(place, ...rest);
            views[place.dataset.chart] = result.view;
            return result;
        }),
        set: (value) => { embed = value; },
    });
})()"""
DATA_SETS = {
    "tickets": ("days", "incidents"),
    "frt": ("days", "incidents"),
    "categories": ("cells",),
    "topics": ("topics",),
    "channel_frt": ("channels",),
    "channel_resolution": ("channels",),
    "ages": ("cells", "totals"),
    "ledger": ("days",),
    "flow": ("days",),
    "accuracy": ("weeks",),
    "confusion": ("cells",),
}
READ = """(dataSets) => {
    const text = (id) => document.getElementById(id).textContent;
    const plain = (row) => Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Date ? +value : value]));
    const charts = {};
    const labels = {};
    for (const place of document.querySelectorAll('[data-chart]')) {
        const name = place.dataset.chart;
        labels[name] = place.getAttribute('aria-label');
        charts[name] = place.hidden ? null : Object.fromEntries(
            dataSets[name].map((source) => [source, keptViews[name].data(source).map(plain)]));
    }
    return {
        charts,
        labels,
        period: text('period'),
        sentence: text('headline'),
        agreement: text('agreement'),
        unfinished: text('channel_resolution-note'),
        topics: text('topics-note'),
        incidents: [...document.querySelectorAll('#incidents li')].map((li) => li.textContent),
        cards: [...document.querySelectorAll('#cards .kpi')].map((card) => ({
            title: card.querySelector('h3').textContent,
            value: card.querySelector('.value').textContent,
            change: card.querySelector('.change')?.textContent ?? '',
            verdict: card.querySelector('.verdict')?.classList[1] ?? '',
        })),
        key: Object.fromEntries([...document.querySelectorAll('#category-key li')].map((item) => [
            item.childNodes[1].textContent.trim(), item.querySelector('.swatch').dataset.colour])),
        days: [...document.querySelectorAll('[data-table="tickets"] tbody th')]
            .map((cell) => cell.textContent),
    };
}"""


@dataclass
class Shown:
    """What the page showed of a setting, and what it had to show."""

    setting: Setting
    page: dict[str, Any]
    figures: dict[str, Any]
    said: Said


def _setting(start: date, days: int, unit: str = "day", **chosen: list[str | None]) -> Setting:
    return Setting(start, start + timedelta(days=days - 1), chosen, unit, None, True)


def _fixed_settings(warehouse: Warehouse) -> list[Setting]:
    """What random settings might miss: ends of the data, few tickets, each incident's days."""
    first, last = warehouse.first_day, warehouse.last_day
    span = (last - first).days + 1
    settings = [
        _setting(first, span, "week"),
        _setting(last - timedelta(days=1), 1),
        _setting(last - timedelta(days=9), 10),
        _setting(first + timedelta(days=5), 7),
        _setting(first + timedelta(days=40), 1, channel=["email"]),
        _setting(first + timedelta(days=40), 7, channel=[]),
    ]
    for incident in warehouse.rows("select * from marts.fct_incidents"):
        start, days = incident["start_day"], incident["days_count"]
        last_before, after = start - timedelta(days=1), start + timedelta(days=days)
        settings += [
            _setting(last_before, 7),
            _setting(after, 2),
            _setting(last_before + timedelta(days=7), 7),
            _setting(start, days, category=[incident["category"]]),
            _setting(after - timedelta(days=2), 3, category=[incident["category"]]),
            _setting(after, days, channel=[incident["channel"]]),
        ]
    # Enough first responses that day, too few the day before.
    grown = warehouse.rows(
        f"""
        with days as (
            select channel, created_day, count(first_response_time_minutes) as n
            from marts.fct_tickets where created_day < '{last}' group by all
        )
        select *, lag(n) over (partition by channel order by created_day) as was
        from days
        qualify n >= {MIN_TICKETS} and was < {MIN_TICKETS}
        order by created_day, channel limit 1
        """
    )
    settings += [_setting(day["created_day"], 1, channel=[day["channel"]]) for day in grown]
    # As many tickets as the day before.
    level = warehouse.rows(
        f"""
        select * from marts.fct_tickets_daily where created_day < '{last}'
        qualify tickets_created = lag(tickets_created) over (order by created_day)
        order by created_day limit 1
        """
    )
    settings += [_setting(day["created_day"], 1) for day in level]
    return [*settings, _decided_by_ties(warehouse)]


def _decided_by_ties(warehouse: Warehouse) -> Setting:
    """Three days whose p95 changed by more than chance, or did not, only as ties do not count."""
    starts = warehouse.rows(
        f"""
        with pairs as (
            select day, created_day >= day as is_now, first_response_time_minutes as minutes
            from intermediate.int_days_spined
            inner join marts.fct_tickets on created_day between day - 3 and day + 2
            where day - 3 >= '{warehouse.first_day}' and day + 2 < '{warehouse.last_day}'
        ),
        limits as (
            select day, quantile_cont(minutes, 0.95) as p95 from pairs where not is_now group by day
        )
        select
            day, {_both("count(minutes)")} as n,
            {_both("count_if(minutes > p95)")} as longer,
            {_both("count_if(minutes < p95)")} as shorter
        from pairs inner join limits using (day) group by day order by day
        """
    )
    for row in starts:
        n, m = row["n"]
        scores = [abs(proportions_score(a, n, b, m)) for a, b in (row["longer"], row["shorter"])]
        if min(scores) < Z_95 < max(scores):
            return _setting(row["day"], 3)
    raise AssertionError("no p95 of the sample is decided by ties")


def _both(aggregate: str) -> str:
    return f"[{aggregate} filter (is_now), {aggregate} filter (not is_now)]"


def _comparable(warehouse: Warehouse, generator: random.Random) -> Setting:
    drawn = warehouse.draw(generator)
    days = generator.choice([1, 3, 7, 14, 28, 28, 60])
    room = (warehouse.last_day - warehouse.first_day).days - 2 * days
    start = warehouse.first_day + timedelta(days=days + generator.randint(0, room))
    chosen = drawn.chosen if generator.random() < 0.6 else {}
    end = start + timedelta(days=days - 1)
    return Setting(start, end, chosen, drawn.unit, drawn.topics_of, drawn.with_waiting)


@pytest.fixture(scope="module")
def warehouse(sample_build) -> Warehouse:
    return Warehouse(sample_build.database)


@pytest.fixture(scope="module")
def shown(browser, sample_page, warehouse) -> Iterator[list[Shown]]:
    """Each setting, drawn once for all tests of this module."""
    generator = random.Random(11)
    settings = _fixed_settings(warehouse)
    settings += [_comparable(warehouse, generator) for _ in range(DRAWN)]
    tab = open_tab(browser, sample_page, script=KEEP_VIEWS)
    tab.page.evaluate("document.querySelector('details[data-table=tickets]').open = true")
    found = []
    for setting in settings:
        tab.page.evaluate(CHOOSE, setting.hash)
        figures = warehouse.expected(setting)
        said = Said(warehouse, setting, figures)
        found.append(Shown(setting, tab.page.evaluate(READ, DATA_SETS), figures, said))
    assert tab.messages == []
    yield found
    tab.page.context.close()


# --- cards and the sentence --------------------------------------------------------------------


def test_cards_say_how_figures_changed_and_whether_that_is_more_than_chance(shown) -> None:
    seen = set()
    for one in shown:
        for card, read in zip(CARDS, one.page["cards"], strict=True):
            assert read == one.said.card(card), f"{card.metric} of {one.setting}"
            seen.add((card.test, read["verdict"]))
    # Each kind of card was seen to be better, worse and neither.
    kinds = {card.test for card in CARDS}
    verdicts = {(kind, verdict) for kind in kinds for verdict in ("better", "worse", "same")}
    assert verdicts <= seen, verdicts - seen
    changes = " ".join(read["change"] for one in shown for read in one.page["cards"])
    for words in (
        *("more, was", "fewer, was", "unchanged", "so far", "about the same", "points"),
        *("last days are not finished", "than 20 tickets in the period before", "No p95 of"),
    ):
        assert words in changes, words


def test_the_sentence_tells_what_moved_most_and_where(shown) -> None:
    for one in shown:
        sentence = one.page["sentence"]
        assert sentence == one.said.sentence(), one.setting
    said = " ".join(one.page["sentence"] for one in shown)
    for words in (
        *("More tickets", "Fewer tickets", "got slower", "got faster", "A larger", "A smaller"),
        *("Without what incidents brought, more", "Without what incidents brought, fewer"),
        *("No clear change in volume or", "grew from", "shrank from", "before held an incident"),
        *("These days hold an incident:", "These days hold 3 incidents", ", among all tickets"),
        *("most of all on", "most of all in", "Too few tickets", "No tickets match", "are older"),
    ):
        assert words in said, words


def test_the_period_is_named_with_what_it_is_compared_with(shown) -> None:
    for one in shown:
        assert one.page["period"] == one.said.period()
    said = " ".join(one.page["period"] for one in shown)
    for words in ("compared with", "last day is not over", "no full period before", "(1 day)"):
        assert words in said, words


def test_days_of_a_table_have_their_weekday_and_say_what_is_not_finished(shown, warehouse) -> None:
    immature = {
        row["created_day"]
        for row in warehouse.rows("select * from marts.fct_sla_daily where not is_mature")
    }
    seen = set()
    for one in shown:
        days = [one.setting.start + timedelta(days=i) for i in range(one.said.length)]
        expected = []
        for day in days:
            state = " (not over)" if day == warehouse.last_day else " (not finished)"
            shown_state = state if day in immature else ""
            expected.append(f"{day:%a} {day.day} {day:%b %Y}{shown_state}")
            seen.add(shown_state)
        assert one.page["days"] == expected
    assert seen == {"", " (not over)", " (not finished)"}


def test_incidents_are_told_in_full(shown) -> None:
    for one in shown:
        assert one.page["incidents"] == one.said.incident_list(), one.setting
    assert max(len(one.page["incidents"]) for one in shown) > 1


def test_agreement_is_told_with_its_interval_and_the_most_frequent_mix_up(shown) -> None:
    for one in shown:
        assert one.page["agreement"] == one.said.agreement(), one.setting
    assert len({one.page["agreement"].partition("mix-up: ")[2] for one in shown}) > 5


def test_a_note_counts_the_days_that_are_not_finished(shown, warehouse) -> None:
    seen = set()
    for one in shown:
        unfinished = warehouse.row(
            "select count(*) as n from marts.fct_sla_daily where not is_mature and "
            f"created_day between '{one.setting.start}' and '{one.setting.end}'"
        )["n"]
        words = "The last day is" if unfinished == 1 else f"The last {unfinished} days are"
        has_note = unfinished and one.said.open_count
        expected = f"{words} not finished: more may be resolved." if has_note else ""
        assert one.page["unfinished"] == expected, one.setting
        tick = f"A tick marks the {one.said.span} before." if one.said.is_compared else ""
        assert one.page["topics"].removeprefix(one.page["topics"].partition("A tick")[0]) == tick
        seen.add(bool(expected))
    assert seen == {True, False}


# --- charts ------------------------------------------------------------------------------------

DAY_MS = 86_400_000


def _milliseconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS


def _lies_over(row: dict[str, Any], first: date, last: date, is_band: bool = False) -> bool:
    """Whether a bar lies over these days, each around its own tick, with a gap between bars."""
    start = _milliseconds(first) - DAY_MS / 2
    end = _milliseconds(last) + DAY_MS / 2
    gap = 0 if is_band else 0.07 * min(end - start, 3 * DAY_MS)
    found = (row["start"], row["middle"], row["end"])
    return found == pytest.approx((start + gap, (start + end) / 2, end - gap), abs=1)


def _same(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def _is_line(rows: list[dict[str, Any]], name: str, values: list[Any], done: list[bool]) -> bool:
    """Whether a line runs through finished values, dashed to the others, with lone points."""
    around = [None, *values, None]
    for i, row in enumerate(rows):
        leads_on = i + 1 < len(rows) and not done[i + 1]
        is_alone = around[i] is None and around[i + 2] is None
        if not (
            _same(row[name], values[i] if done[i] else None)
            and _same(row[f"{name}_open"], values[i] if not done[i] or leads_on else None)
            and _same(row[f"{name}_alone"], values[i] if is_alone else None)
        ):
            return False
    return True


def _drawn(shown: list[Shown], chart: str, source: str) -> Iterator[tuple[Shown, list[Any]]]:
    """Settings in which a chart is drawn, with the rows of one of its data sets."""
    drawn = [(one, one.page["charts"][chart][source]) for one in shown if one.page["charts"][chart]]
    assert len(drawn) > len(shown) / 2
    return iter(drawn)


def _days(one: Shown) -> list[date]:
    return [one.setting.start + timedelta(days=i) for i in range(one.said.length)]


def test_a_chart_is_hidden_only_where_nothing_is_to_be_drawn(shown) -> None:
    for one in shown:
        created, kpi = one.said.kpi("tickets_created"), one.said.kpi
        days = [one.figures[f"frt/{day}/frt_avg_7d_minutes"] for day in _days(one)]
        ledger = [
            one.figures[f"ledger/{day}/{name}_count"]
            for day in _days(one)
            for name in ("opening", "created", "closing")
        ]
        topics = [key for key in one.figures if key.startswith("topics/")]
        expected = {
            **dict.fromkeys(("tickets", "categories", "channel_resolution"), bool(created)),
            "frt": any(value is not None for value in days),
            "topics": bool(topics),
            "channel_frt": bool(kpi("frt_count")),
            "ages": bool(one.figures["backlog/all/open_count"]),
            **dict.fromkeys(("ledger", "flow"), any(ledger)),
            **dict.fromkeys(("accuracy", "confusion"), bool(kpi("tagged_count"))),
        }
        charts = one.page["charts"]
        assert {name: charts[name] is not None for name in charts} == expected, one.setting


def test_bars_of_tickets_stand_at_their_days(shown, warehouse) -> None:
    for one, rows in _drawn(shown, "tickets", "days"):
        days = _days(one)
        figures = [
            [one.figures[f"tickets/{day}/{name}"] for day in days]
            for name in ("tickets_created", "tickets_created_7d_avg")
        ]
        assert all(_lies_over(row, day, day) for row, day in zip(rows, days, strict=True))
        assert [row["tickets"] for row in rows] == figures[0]
        over = [day < warehouse.last_day for day in days]
        assert [row["partial"] for row in rows] == [not is_over for is_over in over]
        assert _is_line(rows, "average", figures[1], over)
        for row, day, created in zip(rows, days, figures[0], strict=True):
            assert row["tip"].startswith(
                f"{day:%a} {day_name(day)}\n{counted(created, 'ticket')}\n"
            )


def test_incidents_are_bands_over_their_days(shown) -> None:
    for chart in ("tickets", "frt"):
        for one, rows in _drawn(shown, chart, "incidents"):
            incidents = one.said.incidents["now"]
            told = one.said.incident_list()
            for row, incident, words in zip(rows, incidents, told, strict=True):
                first = max(incident["start_day"], one.setting.start)
                last = min(incident["end_day"], one.setting.end)
                assert _lies_over(row, first, last, is_band=True), one.setting
                assert row["letter"] == words[0]
                assert row["tip"].endswith(words[2:-1])


def test_lines_of_first_responses_are_those_of_the_table(shown, warehouse) -> None:
    mature = {
        row["created_day"]: row["is_mature"]
        for row in warehouse.rows("select created_day, is_mature from marts.fct_sla_daily")
    }
    scales = set()
    for one, rows in _drawn(shown, "frt", "days"):
        days = _days(one)
        average, median, week = (
            [one.figures[f"frt/{day}/{name}"] for day in days]
            for name in ("frt_avg_minutes", "frt_median_minutes", "frt_avg_7d_minutes")
        )
        known = [value for value in (*average, *week) if value is not None]
        size = 60 if max(known) > 180 else 1
        scales.add(size)
        done = [mature[day] for day in days]
        assert all(_lies_over(row, day, day) for row, day in zip(rows, days, strict=True))

        def scaled(values: list[Any], size: int = size) -> list[Any]:
            return [None if value is None else value / size for value in values]

        assert all(_same(row["value"], v) for row, v in zip(rows, scaled(average), strict=True))
        assert _is_line(rows, "average", scaled(week), done), one.setting
        assert _is_line(rows, "median", scaled(median), done), one.setting
        fills = ["var(--muted)" if is_done else "var(--surface)" for is_done in done]
        assert [row["fill"] for row in rows] == fills
        for row, mean, half in zip(rows, average, median, strict=True):
            assert f"\naverage {duration(mean)}, median {duration(half)}\n" in row["tip"]
    assert scales == {1, 60}


def test_segments_of_categories_stand_on_each_other_in_the_colours_of_the_key(
    shown, warehouse
) -> None:
    for one, rows in _drawn(shown, "categories", "cells"):
        key = one.page["key"]
        names = {spoken(name): name for name in warehouse.values["category"] if name}
        assert key.keys() == names.keys() and len(set(key.values())) == len(key)
        is_week = one.setting.unit == "week"
        starts = sorted({d - timedelta(days=d.weekday()) if is_week else d for d in _days(one)})
        assert len(rows) == len(starts) * len(key)
        for i, start in enumerate(starts):
            first = max(start, one.setting.start)
            last = min(start + timedelta(days=6 if is_week else 0), one.setting.end)
            low = 0
            for row, name in zip(rows[i * len(key) :], key, strict=False):
                tickets = one.figures[f"categories/{start}/{names[name]}"]
                assert _lies_over(row, first, last)
                assert (row["low"], row["high"]) == (low, low + tickets)
                assert row["fill"] == f"var(--{key[name]})"
                assert f"\n{name}: {count(tickets)} of " in row["tip"]
                low += tickets


def test_bars_of_topics_have_a_tick_for_the_period_before(shown) -> None:
    compared = set()
    for one, rows in _drawn(shown, "topics", "topics"):
        found = sorted(
            (-value, key.split("/")[1])
            for key, value in one.figures.items()
            if key.startswith("topics/") and key.endswith("/tickets_created")
        )[:10]
        for row, (tickets, topic) in zip(rows, found, strict=True):
            was = one.figures[f"topics/{topic}/before"]
            assert (row["name"], row["tickets"]) == (spoken(topic), -tickets)
            assert row["before"] == was
            label = count(-tickets) + ("" if was is None else f", was {count(was)}")
            assert row["label"] == label
            assert counted(-tickets, "ticket") in row["tip"]
            compared.add(was is not None)
    assert compared == {True, False}


def test_channels_are_drawn_with_their_median_and_p95(shown) -> None:
    few = set()
    for one, rows in _drawn(shown, "channel_frt", "channels"):
        channels = one.setting.chosen.get("channel", one.said.warehouse.values["channel"])
        by_name = {row["channel"]: row for row in rows}
        for channel in channels:
            n, median, p95 = (
                one.figures[f"channel_frt/{channel}/{name}"]
                for name in ("frt_count", "frt_median_minutes", "frt_p95_minutes")
            )
            row = by_name.pop(spoken(channel), None)
            assert (row is None) == (not n)
            if row is None:
                continue
            is_few = n < MIN_TICKETS
            few.add(is_few)
            assert _same(row["median"], max(0.1, median))
            assert _same(row["p95"], None if is_few else max(0.1, p95))
            assert row["median_label"] == duration(median) + ("*" if is_few else "")
            assert row["p95_label"] == ("" if is_few else duration(p95))
            assert f"\nmedian {duration(median)}\np95 " in row["tip"]
        assert not by_name
    assert few == {True, False}


def test_channels_are_drawn_with_their_resolution_rate(shown) -> None:
    for one, rows in _drawn(shown, "channel_resolution", "channels"):
        by_name = {row["channel"]: row for row in rows}
        for channel in one.setting.chosen.get("channel", one.said.warehouse.values["channel"]):
            created, resolved = (
                one.figures[f"channel_resolution/{channel}/{name}"]
                for name in ("tickets_created", "resolved_count")
            )
            row = by_name.pop(spoken(channel), None)
            assert (row is None) == (not created)
            if row is None:
                continue
            is_open = one.said.warehouse.row(
                f"select count(*) as n from marts.fct_tickets where channel = '{channel}' and "
                f"is_open and created_day between '{one.setting.start}' and '{one.setting.end}'"
            )["n"]
            assert _same(row["rate"], resolved / created)
            # Open tickets of a filter are fewer.
            assert row["rate_at_most"] - row["rate"] <= is_open / created + 1e-9
            if set(one.setting.chosen) <= {"channel"}:
                assert _same(row["rate_at_most"], (resolved + is_open) / created)
            star = "*" if created < MIN_TICKETS else ""
            assert row["label"] == f"{percent(resolved / created)}{star} of {count(created)}"
            assert f"\n{count(resolved)} resolved of {count(created)} created, " in row["tip"]
        assert not by_name


AGES = {
    "< 1": "under_1d",
    "1–3": "1d_to_3d",
    "3–7": "3d_to_7d",
    "7–30": "7d_to_30d",
    "30 +": "over_30d",
}


def test_open_tickets_are_stacked_by_status_and_age(shown) -> None:
    colours = {"pending": "var(--s1)", "escalated": "var(--s2)"}
    for one, rows in _drawn(shown, "ages", "cells"):
        assert len(rows) == 2 * len(AGES)
        for i, row in enumerate(rows):
            bracket = list(AGES)[i // 2]
            ages = [one.figures[f"ages/{s}/age_{AGES[bracket]}_count"] for s in colours]
            low = ages[0] if i % 2 else 0
            assert (row["bracket"], row["low"], row["high"]) == (bracket, low, low + ages[i % 2])
            status, colour = list(colours.items())[i % 2]
            assert row["fill"] == colour
            assert row["tip"].endswith(counted(ages[i % 2], f"{status} ticket"))
        for row in one.page["charts"]["ages"]["totals"]:
            total = one.figures[f"ages/all/age_{AGES[row['bracket']]}_count"]
            assert (row["total"], row["label"]) == (total, count(total))


def test_the_backlog_and_what_moves_it_are_those_of_the_table(shown, warehouse) -> None:
    for chart in ("ledger", "flow"):
        for one, rows in _drawn(shown, chart, "days"):
            days = _days(one)
            closing = [one.figures[f"ledger/{day}/closing_count"] for day in days]
            assert _is_line(rows, "backlog", closing, [day < warehouse.last_day for day in days])
            for row, day in zip(rows, days, strict=True):
                assert _lies_over(row, day, day)
                opening, created, resolved, closed, left_over = (
                    one.figures[f"ledger/{day}/{name}_count"]
                    for name in ("opening", "created", "resolved", "closed", "closing")
                )
                assert (row["closing"], row["created"], row["zero"]) == (left_over, created, 0)
                assert (row["resolved"], row["left"]) == (-resolved, -resolved - closed)
                assert row["tip"] == (
                    f"{day:%a} {day_name(day)}\n{count(opening)} open + {count(created)} created − "
                    f"{count(resolved)} resolved − {count(closed)} closed = {count(left_over)}"
                )


def test_weeks_of_agreement_have_their_interval(shown) -> None:
    for one, rows in _drawn(shown, "accuracy", "weeks"):
        monday = one.setting.start - timedelta(days=one.setting.start.weekday())
        tagged = []
        while monday <= one.setting.end:
            if one.figures[f"accuracy/{monday}/tagged_count"]:
                tagged.append(monday)
            monday += timedelta(days=7)
        for row, week in zip(rows, tagged, strict=True):
            sunday = week + timedelta(days=6)
            first, last = max(week, one.setting.start), min(sunday, one.setting.end)
            assert _lies_over(row, first, last)
            for name, column in (("rate", "rate"), ("low", "ci_low"), ("high", "ci_high")):
                assert _same(row[name], one.figures[f"accuracy/{week}/accuracy_{column}"])
            is_whole = (first, last) == (week, sunday)
            assert row["fill"] == ("var(--accent)" if is_whole else "var(--surface)")
            agreed, of = (one.figures[f"accuracy/{week}/{n}_count"] for n in ("agreed", "tagged"))
            assert f": {count(agreed)} of {count(of)} tagged" in row["tip"]


def test_the_matrix_has_tags_in_rows(shown) -> None:
    for one, rows in _drawn(shown, "confusion", "cells"):
        categories = one.said.warehouse.categories
        assert len(rows) == len(categories) ** 2
        cells = {(row["tag"], row["ai_category"]): row for row in rows}
        for tag in categories:
            for ai in categories:
                row = cells[spoken(tag), spoken(ai)]
                n, of, share = (
                    one.figures[f"confusion/{tag}|{ai}/{name}"]
                    for name in ("tickets_count", "tag_tickets_count", "tag_share")
                )
                assert (row["label"], row["share_label"]) == (count(n), percent(share, 0))
                step = sum((share or 0) >= limit for limit in (0.02, 0.05, 0.15, 0.5))
                assert row["fill"] == f"var(--heat-{step})"
                assert row["tip"].startswith(
                    f"Tagged {spoken(tag)}, AI says {spoken(ai)}\n{count(n)} of {count(of)} tickets"
                )


def test_each_chart_is_told_to_those_who_do_not_see_it(shown, warehouse) -> None:
    for one in shown:
        said, days = one.page["labels"], _days(one)
        kpi, span = one.said.kpi, range_name(one.setting.start, one.setting.end)
        created = {day: one.figures[f"tickets/{day}/tickets_created"] for day in days}
        peak = max(days, key=created.__getitem__)
        assert said["tickets"] == (
            f"Bars: tickets created a day, {span}. {counted(kpi('tickets_created'), 'ticket')}; "
            f"most, {count(created[peak])}, on {day_name(peak)}."
        )
        average, median = (duration(kpi(f"frt_{name}_minutes")) for name in ("avg", "median"))
        assert said["frt"] == (
            f"Lines: time to first response a day, {span}. Average {average}, median {median}."
        )
        by_age = ", ".join(
            f"{bracket} days {count(one.figures[f'ages/all/age_{name}_count'])}"
            for bracket, name in AGES.items()
        )
        is_open = counted(one.figures["backlog/all/open_count"], "open ticket")
        assert said["ages"] == f"Stacked bars: {is_open} by age. {by_age}."
        opening = count(one.figures[f"ledger/{days[0]}/opening_count"])
        closing = count(one.figures[f"ledger/{days[-1]}/closing_count"])
        assert said["ledger"].endswith(f", {span}. From {opening} to {closing}.")
        assert said["accuracy"].endswith(f"In all {percent(kpi('ai_tag_accuracy_rate'))}.")
        for channel in one.setting.chosen.get("channel", warehouse.values["channel"]):
            half = duration(one.figures[f"channel_frt/{channel}/frt_median_minutes"])
            resolved = percent(one.figures[f"channel_resolution/{channel}/resolution_rate"])
            assert f"{spoken(channel)} {half}" in said["channel_frt"]
            assert f"{spoken(channel)} {resolved}" in said["channel_resolution"]


# --- data of other kinds -----------------------------------------------------------------------

# A check that fails, more rejected rows than are shown, days of two other time zones, and incidents
# that go on, are of no channel, and of one kind without a subject.
CHANGES = """
    update marts.fct_data_quality set threshold = 0, is_passing = false
    where check_name = 'invalid_status';
    insert into staging.rejected_tickets
    select * replace (line_number + 100000 as line_number) from staging.rejected_tickets;
    update intermediate.int_days_spined set next_period_starts_at = next_period_starts_at
        + case when month(day) < 7 then interval 3 hour else interval (-330) minute end;
    update marts.fct_incidents set is_ongoing = true
    where incident_number = (select max(incident_number) from marts.fct_incidents);
    update marts.fct_incidents set
        extra_tickets = -3, is_category_above_usual = false, is_topic_above_usual = false
    where incident_number = 1;
    update marts.fct_incidents set
        is_channel_above_usual = false, topic = 'unclear', frt_effect_ci_low = -0.5
    where incident_number = 2;
"""
READ_TABLE = """(id) => [...document.querySelectorAll(`#${id} tbody tr`)].map(
    (row) => [...row.cells].map((cell) => cell.textContent))"""


@pytest.fixture(scope="module")
def changed(browser, sample_build, redact, tmp_path_factory) -> Iterator[tuple[Any, Warehouse]]:
    """The page of changed data, and the data."""
    folder = tmp_path_factory.mktemp("changed")
    database = changed_copy(sample_build.database, folder / "changed.duckdb", CHANGES)
    write_dashboard(database, folder / "page.html", redact=redact)
    tab = open_tab(browser, folder / "page.html", "#period=all")
    assert tab.check == "passed" and tab.messages == []
    yield tab.page, Warehouse(database)
    tab.page.context.close()


@pytest.fixture(scope="module")
def unchanged(browser, sample_page, warehouse) -> Iterator[tuple[Any, Warehouse]]:
    tab = open_tab(browser, sample_page, "#period=all")
    yield tab.page, warehouse
    tab.page.context.close()


@pytest.mark.parametrize(("data", "failing"), [("unchanged", 0), ("changed", 1)])
def test_data_quality_is_that_of_the_warehouse(
    request: pytest.FixtureRequest, data: str, failing: int
) -> None:
    page, warehouse = request.getfixturevalue(data)
    checks = warehouse.rows(
        "select * from marts.fct_data_quality order by is_passing, rows_failed desc, check_name"
    )
    assert page.evaluate(READ_TABLE, "quality-table") == [
        [
            spoken(check["check_name"]),
            *(count(check[f"rows_{name}"]) for name in ("checked", "failed")),
            *(percent(check[name], 2) for name in ("failed_rate", "threshold")),
            "passes" if check["is_passing"] else "fails",
        ]
        for check in checks
    ]
    worse = "cells => cells.map((cell) => cell.classList.contains('worse'))"
    verdicts = page.eval_on_selector_all("#quality-table .verdict", worse)
    assert verdicts == [not check["is_passing"] for check in checks]
    assert sum(verdicts) == failing
    tickets, users = (
        warehouse.row(f"select count(*) as n from staging.rejected_{name}")["n"]
        for name in ("tickets", "users")
    )
    assert tickets != users
    outcome = (
        f"1 check of {len(checks)} fails its threshold."
        if failing
        else f"All {len(checks)} checks are within their thresholds."
    )
    assert page.inner_text("#quality-summary") == (
        f"{counted(tickets, 'ticket row')} and {counted(users, 'user row')} were rejected "
        f"and are in no figure. {outcome}"
    )


@pytest.mark.parametrize(("data", "is_cut"), [("unchanged", False), ("changed", True)])
def test_rejected_rows_are_those_of_the_warehouse(
    request: pytest.FixtureRequest, data: str, is_cut: bool
) -> None:
    page, warehouse = request.getfixturevalue(data)
    rejected = warehouse.rows(
        "select * from staging.rejected_tickets order by line_number, reasons, ticket_id"
    )
    shown = page.evaluate(READ_TABLE, "rejected-table")
    assert len(shown) == (100 if is_cut else len(rejected))
    for cells, row in zip(shown, rejected, strict=False):
        assert cells[0] == str(row["line_number"])
        assert cells[1] == ", ".join(spoken(reason) for reason in row["reasons"].split("|"))
        # The fields may be redacted, and are cut.
        for cell, name in zip(cells[2:], ("ticket_id", "status", "channel"), strict=False):
            assert (row[name] or "").startswith(cell)
    words = f"{counted(len(rejected), 'ticket row')}, by line of the input."
    note = f"The first 100 of {words}" if is_cut else words
    assert page.inner_text("#rejected-note") == note


@pytest.mark.parametrize(
    ("data", "days"),
    [
        ("unchanged", "days are UTC days"),
        ("changed", "days are local days (UTC−03:00, UTC+05:30)"),
    ],
)
def test_the_page_says_as_of_when_and_whose_days(
    request: pytest.FixtureRequest, data: str, days: str
) -> None:
    page, warehouse = request.getfixturevalue(data)
    as_of = warehouse.row("select as_of_at from intermediate.int_clock_derived")["as_of_at"]
    expected = f"Data as of {day_name(as_of.date())}, {as_of:%H:%M} UTC; {days}."
    assert page.inner_text("#as-of") == expected


def test_incidents_of_other_kinds_are_told_in_full(changed) -> None:
    page, warehouse = changed
    incidents = warehouse.rows("select * from marts.fct_incidents order by start_day")
    said = page.locator("#incidents li").all_text_contents()
    assert [words[2:] for words in said] == [incident_text(one) + "." for one in incidents]
    words = " ".join(said)
    for part in ("still going on", "far more than usual of one kind"):
        assert words.count(part) == 1
    assert words.count("more than usual by") == words.count("first responses took") == 2
    assert words.count(" about ") == len(incidents) + 1


def test_incidents_tell_only_what_is_sure() -> None:
    connection = duckdb.connect()
    connection.execute(
        """
        create schema marts;
        create table marts.fct_incidents as
        select
            number as incident_number, date '2025-03-01' + number::int as start_day,
            start_day as end_day, false as is_ongoing, 30 as tickets_created,
            20.0 as expected_tickets, extra as extra_tickets,
            'email' as channel, sure as is_channel_above_usual,
            'financial' as category, sure as is_category_above_usual, 0.5 as category_extra_ratio,
            topic, sure as is_topic_above_usual, 0.4 as topic_extra_ratio,
            30.0 as frt_avg_minutes, 20.0 as frt_expected_minutes, low as frt_effect_ci_low
        from (values
            (1, 10.0, true, 'payout', 1.0),
            (2, 10.0, false, 'payout', -1.0),
            (3, -10.0, true, 'unclear', 0.0)
        ) as incidents (number, extra, sure, topic, low);
        create table marts.fct_tickets_expected_daily as
        select start_day as created_day, 30 as tickets_created, 20.0 as expected_tickets,
            incident_number
        from marts.fct_incidents;
        """
    )
    names = ("channel", "category", "topic", "frt_avg_minutes", "frt_expected_minutes")
    first, second, third = find_incidents(connection, date(2025, 3, 2))
    assert [first[name] for name in names] == ["email", "financial", "payout", 30, 20]
    assert [second[name] for name in names] == [None] * 5
    assert [third[name] for name in names] == ["email", "financial", None, None, None]
    assert [one["is_of_one_kind"] for one in (first, second, third)] == [False, False, True]
    assert [one["extra_by_day"] for one in (first, second, third)] == [[10]] * 3
    assert (first["start_day"], first["end_day"]) == ("2025-03-02", "2025-03-02")
    assert find_incidents(connection, date(2025, 3, 4)) == [third]
