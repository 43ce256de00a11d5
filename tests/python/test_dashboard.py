"""The Support Health page in a browser: figures against DuckDB, hostile data, readers, paper."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("altair", reason="altair is not installed")
pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

import build_dashboard
from conftest import changed_copy
from dashboard_page import (
    CHOOSE,
    OPEN_TABLES,
    READ_FIGURES,
    Setting,
    Warehouse,
    same,
    text_differs,
)
from page_words import duration, spoken
from support_analytics.dashboard import write_dashboard
from support_analytics.dashboard.extract import extract, open_warehouse
from support_analytics.dashboard.write import assemble
from support_analytics.errors import UserError
from support_analytics.names import NAMES

SETTINGS_COUNT = 64
AXE = os.environ.get("AXE_CORE")


@pytest.fixture
def changed_page(sample_build, redact, tmp_path: Path) -> Callable[[str], Path]:
    """The page of a copy of the sample's database that a statement changed."""

    def write(statement: str) -> Path:
        database = changed_copy(sample_build.database, tmp_path / "changed.duckdb", statement)
        write_dashboard(database, tmp_path / "changed.html", redact=redact)
        return tmp_path / "changed.html"

    return write


# --- every figure, over random filter settings -------------------------------------------------


def test_every_figure_equals_duckdb_whatever_is_filtered(
    open_page, sample_page: Path, sample_build
) -> None:
    warehouse = Warehouse(sample_build.database)
    generator = random.Random(7)
    tab = open_page(sample_page)
    tab.page.evaluate(OPEN_TABLES)
    compared = 0
    for _ in range(SETTINGS_COUNT):
        setting = warehouse.draw(generator)
        tab.page.evaluate(CHOOSE, setting.hash)
        expected = warehouse.expected(setting)
        read = tab.page.evaluate(READ_FIGURES)
        seen = set()
        for key, value, text in read:
            if key.startswith(("outlier/", "quality/", "rejected/")):
                continue
            assert key in expected, f"{key} is not a figure of {setting}"
            assert same(value, expected[key]), f"{key}: {value} {expected[key]} {setting}"
            assert not text_differs(key, value, text, expected), f"{key}: {value} reads {text}"
            seen.add(key)
        missing = [
            key
            for key in expected
            if key not in seen
            and not key.startswith(("kpi/", "segment/", "incident/", "ordinary/"))
        ]
        assert not missing, f"{missing[:5]} are missing with {setting}"
        outliers = [(key.split("/")[1], value) for key, value, _ in read if "outlier/" in key]
        slowest = warehouse.slowest(setting, 50)
        assert [ticket for ticket, _ in outliers] == [ticket for ticket, _ in slowest]
        for (_, value), (_, minutes) in zip(outliers, slowest, strict=True):
            assert same(value, minutes)
        compared += len(read)
    assert compared > 1000 * SETTINGS_COUNT / 2
    assert tab.messages == []


def test_every_card_stands_with_its_counts(open_page, sample_page: Path, sample_build) -> None:
    tab = open_page(sample_page)
    keys = {key for key, _, _ in tab.page.evaluate(READ_FIGURES) if key.startswith("kpi/")}
    for name in (
        *("tickets_created", "resolved_count", "backlog_closing_count"),
        *("closed_without_solution_count", "frt_median_minutes", "frt_avg_minutes"),
        *("frt_p95_minutes", "resolution_median_minutes", "fcr_strict_rate", "fcr_lenient_rate"),
    ):
        assert {f"kpi/{name}/now", f"kpi/{name}/before"} <= keys
    for name in ("frt_sla_met", "resolution_sla_met"):
        assert {f"kpi/{name}_rate/now", f"kpi/{name}_count/now"} <= keys
        # The last days still ripen, so the rate is compared with nothing.
        assert f"kpi/{name}_rate/before" not in keys
    assert "time proxy" in tab.page.inner_text("#cards").lower()


# --- trust -------------------------------------------------------------------------------------


def _payload(database: Path, redact: Callable[[str], str], **options: Any) -> Any:
    with open_warehouse(database) as connection:
        return extract(connection, redact, **options)


def test_self_check_passes_and_nothing_is_asked_of_a_network(open_page, sample_page: Path) -> None:
    tab = open_page(sample_page)
    assert tab.check == "passed"
    said = re.search(r"([\d,]+) of ([\d,]+) figures equal", tab.page.inner_text("#check"))
    assert said and said[1] == said[2] and int(said[1].replace(",", "")) > 1000
    assert tab.page.is_hidden("#mismatch")
    assert tab.messages == []


def test_a_tampered_figure_fails_loudly(open_page, sample_build, redact, tmp_path: Path) -> None:
    payload = _payload(sample_build.database, redact, with_text=False)
    group = payload.facts["control"]["days"]
    group["rows"][3][group["columns"].index("frt_count")] += 1
    path = tmp_path / "tampered.html"
    path.write_bytes(assemble(payload))
    tab = open_page(path)
    assert tab.check == "failed"
    assert tab.page.is_visible("#mismatch")
    assert "Do not rely on this page" in tab.page.inner_text("#mismatch")
    assert "days 3 frt_count" in tab.page.inner_text("#mismatch")


def test_every_group_of_control_totals_is_checked_to_the_last_digits(
    open_page, sample_build, redact, tmp_path: Path
) -> None:
    payload = _payload(sample_build.database, redact, with_text=False)
    control = payload.facts["control"]
    for group in control.values():
        cells = [
            (row, i)
            for row in group["rows"]
            for i in range(group["keys"], len(row))
            if isinstance(row[i], (int, float)) and row[i]
        ]
        row, i = next((cell for cell in cells if isinstance(cell[0][cell[1]], float)), cells[0])
        row[i] = row[i] * (1 + 1e-6) if isinstance(row[i], float) else row[i] + 1
    outliers = control["outliers"]
    outliers["rows"][7][outliers["columns"].index("ticket_id")] = "T0"
    path = tmp_path / "tampered.html"
    path.write_bytes(assemble(payload))
    tab = open_page(path)
    assert tab.check == "failed"
    assert len(control) == 9
    said = tab.page.inner_text("#mismatch-text")
    assert said.startswith(f"{len(control) + 1} of "), said
    assert tab.page.locator("#mismatch-list li").count() == 5


def test_a_tampered_ticket_fails_loudly(open_page, sample_build, redact, tmp_path: Path) -> None:
    payload = _payload(sample_build.database, redact, with_text=False)
    index = next(i for i, column in enumerate(payload.columns) if column.name == "status")
    column = payload.columns[index]
    flags = next(column for column in payload.columns if column.name == "flags")
    first_open = next(i for i in range(len(column.values)) if flags.values[2 * i] & 2)
    other = 3 if column.values[first_open] == 2 else 2
    values = bytearray(column.values)
    values[first_open] = other
    payload.columns[index] = type(column)(column.name, column.type_name, bytes(values))
    path = tmp_path / "tampered.html"
    path.write_bytes(assemble(payload))
    assert open_page(path).check == "failed"


def test_same_database_same_bytes(sample_build, sample_page: Path, redact, tmp_path: Path) -> None:
    write_dashboard(sample_build.database, tmp_path / "again.html", redact=redact)
    assert (tmp_path / "again.html").read_bytes() == sample_page.read_bytes()


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(
    sample_build, redact, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the disk: writing fails in the middle."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "page.html"
    path.write_text("earlier", "utf-8")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(UserError, match=r"page\.html cannot be written: "):
            write_dashboard(sample_build.database, path, with_text=False, redact=redact)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text("utf-8") == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_policy_forbids_eval_and_the_network(sample_page: Path) -> None:
    html = sample_page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r'(?:src|href)="(?!data:|#)', html)


def test_sample_page_is_small(sample_page: Path) -> None:
    assert sample_page.stat().st_size < 1_600_000


# --- hostile data ------------------------------------------------------------------------------

HOSTILE = (
    "</script><script>document.documentElement.dataset.hacked='yes'</script>",
    "<img src=x onerror=\"document.documentElement.dataset.hacked='yes'\">",
    "\u202eabc\u202c <!-- <script> ${1+1} $policy \\u0000 ' \" & ]]> --> \u2028 \U0001f9e8",
    "javascript:alert(1) =HYPERLINK(1)",
)


@pytest.fixture
def hostile_database(sample_build, tmp_path: Path) -> Path:
    """The sample with hostile words in the texts, topics, plans and countries of the slowest."""
    path = tmp_path / "hostile.duckdb"
    shutil.copyfile(sample_build.database, path)
    with duckdb.connect(str(path)) as connection:
        for rank, text in enumerate(HOSTILE, start=1):
            connection.execute(
                "update intermediate.int_tickets_measured "
                "set message_text = ?, country = ?, ai_topic = ? where ticket_id = "
                "(select ticket_id from marts.fct_frt_outliers where outlier_rank = ?)",
                [text, text, text, rank],
            )
    return path


def test_hostile_text_does_nothing(open_page, hostile_database: Path, redact) -> None:
    path = hostile_database.with_suffix(".html")
    write_dashboard(hostile_database, path, redact=redact)
    tab = open_page(path, "#period=all&waiting=no")
    assert tab.check == "passed"
    assert tab.page.evaluate("document.documentElement.dataset.hacked ?? 'no'") == "no"
    assert tab.page.locator("img").count() == 0
    assert tab.page.evaluate("document.scripts.length") == 4
    shown = tab.page.eval_on_selector_all(
        "#outlier-rows .message", "cells => cells.map((cell) => cell.textContent)"
    )
    assert shown[: len(HOSTILE)] == list(HOSTILE)
    assert tab.messages == []
    # A country of such a name can be chosen, and comes back from the address.
    tab.page.evaluate(
        CHOOSE, "#period=all&country=" + urllib.parse.quote(urllib.parse.quote(HOSTILE[0]))
    )
    assert tab.page.evaluate(READ_FIGURES)[0][1] == "1"


@pytest.mark.parametrize(
    "junk", ["#from=x&to=%E0%A4%A", "#channel=%25E0%25A4%25A", "#period=__proto__"]
)
def test_a_broken_address_shows_the_page(open_page, sample_page: Path, junk: str) -> None:
    tab = open_page(sample_page, junk)
    assert tab.page.evaluate("document.documentElement.dataset.state") == "ready"
    assert tab.messages == []


def test_texts_are_redacted_or_left_out(sample_build, redact, tmp_path: Path) -> None:
    path = changed_copy(
        sample_build.database,
        tmp_path / "personal.duckdb",
        "update intermediate.int_tickets_measured set message_text = 'Write to ana@example.com'",
    )
    redacted = _payload(path, redact).facts
    assert set(redacted["details"]["texts"]) == {"Write to [email]"}
    assert "ana@example.com" not in json.dumps(redacted)
    without = _payload(path, redact, with_text=False).facts
    assert without["details"]["texts"] == []


def test_without_texts_no_rest_of_a_message_is_among_the_rejected_rows(
    sample_build, redact, tmp_path: Path
) -> None:
    path = changed_copy(
        sample_build.database,
        tmp_path / "shifted.duckdb",
        "update staging.rejected_tickets set status = 'rest of a message',"
        " created_at = '1762252200' where reasons = 'malformed_row'",
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        shifted = connection.execute(
            "select count(*) from staging.rejected_tickets where reasons = 'malformed_row'"
        ).fetchall()[0][0]
    assert shifted
    shown = _payload(path, redact).facts["rejected"]["rows"]
    assert sum(row[3] == "rest of a message" for row in shown) == shifted
    # Digits in a column of times are no phone, here as in the exports.
    assert sum(row[5] == "1762252200" for row in shown) == shifted
    without = _payload(path, redact, with_text=False).facts["rejected"]["rows"]
    fields = [row[2:] for row in without if row[1] == "malformed_row"]
    assert fields == [[None] * 4] * shifted
    assert len(without) == len(shown)


def test_plans_and_countries_are_shown_as_exports_show_them(
    sample_build, redact, tmp_path: Path
) -> None:
    path = changed_copy(
        sample_build.database,
        tmp_path / "personal.duckdb",
        "update intermediate.int_tickets_measured set country = 'ana@example.com', plan ="
        " case when channel = 'email' then '+55 11 98765-4321' else '+55 11 98765-1234' end",
    )
    payload = _payload(path, redact, with_text=False)
    assert payload.facts["values"]["plan"] == ["[phone]"]
    assert payload.facts["values"]["country"] == ["[email]"]
    codes = next(column.values for column in payload.columns if column.name == "plan")
    assert set(codes) == {1}
    kept = _payload(path, lambda column: column, with_text=False).facts["values"]
    assert sorted(kept["plan"]) == ["+55 11 98765-1234", "+55 11 98765-4321"]
    assert kept["country"] == ["ana@example.com"]


def test_without_texts_there_is_no_column(open_page, sample_build, redact, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_dashboard(sample_build.database, path, with_text=False, redact=redact)
    tab = open_page(path)
    assert tab.check == "passed"
    assert tab.page.is_hidden("#outlier-message")
    assert tab.page.locator("#outlier-rows .message").count() == 0


# --- readers -----------------------------------------------------------------------------------


def _axe_source() -> str:
    folders = (
        [Path(AXE)] if AXE else [Path("node_modules/axe-core"), Path("tests/node_modules/axe-core")]
    )
    for folder in folders:
        if (folder / "axe.min.js").is_file():
            return (folder / "axe.min.js").read_text("utf-8")
    pytest.skip("axe-core is not installed (npm install axe-core; AXE_CORE names its folder)")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 360)])
def test_axe_finds_nothing(open_page, sample_page: Path, scheme: str, width: int) -> None:
    source = _axe_source()
    tab = open_page(sample_page, color_scheme=scheme, viewport={"width": width, "height": 900})
    tab.page.evaluate(OPEN_TABLES)
    tab.page.evaluate("document.querySelector('details[data-filter]').open = true")
    tab.page.evaluate(source)
    violations = tab.page.evaluate(
        "async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.map((n) => n.html)])"
    )
    assert violations == []


def test_keyboard_reaches_filters_and_tables(open_page, sample_page: Path) -> None:
    page = open_page(sample_page).page
    page.get_by_role("button", name="7 days", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector('html[data-hash="#period=7d"]')
    summary = page.locator('details[data-filter="channel"] > summary')
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_selector('html[data-hash*="channel="]')
    page.keyboard.press("Escape")
    assert summary.evaluate("element => element === document.activeElement")
    table = page.locator('details[data-table="tickets"] > summary')
    table.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector('details[data-table="tickets"] table')
    assert page.locator('details[data-table="tickets"] tbody tr').count() == 7


READ_OUTLIERS = """() => [...document.querySelectorAll('#outlier-rows tr')].map(
    (row) => [...row.cells].map((cell) => cell.textContent))"""


def _slowest(warehouse: Warehouse, redact: Callable[[str], str]) -> list[list[str]]:
    """Rows of the outliers, slowest first, of all tickets that have or await a first response.

    Behind the seven cells stands what else a search looks at.
    """
    rows = warehouse.rows(
        f"""
        select
            ticket_id, created_at, channel, category_effective, status, ai_topic,
            {redact("message_text")} as message_text,
            first_response_time_minutes is null as is_waiting,
            coalesce(
                first_response_time_minutes, (epoch_us(as_of_at) - epoch_us(created_at)) / 6e7
            ) as minutes
        from marts.fct_tickets cross join intermediate.int_clock_derived
        where is_open or first_response_time_minutes is not null
        order by minutes desc, created_at, ticket_id
        """
    )
    return [
        [
            ("waiting " if row["is_waiting"] else "") + duration(row["minutes"]),
            row["ticket_id"],
            f"{row['created_at']:%Y-%m-%d %H:%M}",
            *(spoken(row[name]) for name in ("channel", "category_effective", "status")),
            _cut(row["message_text"]),
            *(row[name] for name in ("channel", "category_effective", "status", "ai_topic")),
            spoken(row["ai_topic"]),
        ]
        for row in rows
    ]


def _cut(text: str | None) -> str:
    return "–" if not text else text if len(text) <= 600 else text[:600] + "…"


def test_outliers_and_searches_show_the_slowest_tickets_as_they_are(
    open_page, sample_page: Path, sample_build, redact
) -> None:
    rows = _slowest(Warehouse(sample_build.database), redact)
    page = open_page(sample_page, "#period=all").page
    answered = [row for row in rows if not row[0].startswith("waiting")]
    assert len(answered) < len(rows)
    for choice, expected in (("#period=all", rows), ("#period=all&waiting=no", answered)):
        page.evaluate(CHOOSE, choice)
        assert page.evaluate(READ_OUTLIERS) == [row[:7] for row in expected[:50]]
        assert page.inner_text("#outlier-count") == f"50 of {len(expected):,} tickets shown"
    for query in (
        *("PIX checkout", "declined cards", "whatsapp escalated", answered[60][1].lower()),
        *("in_app payout", "in-app chat  Payouts", "e-mail not"),
    ):
        page.fill("#search", query)
        page.wait_for_selector('html[data-hash*="search="]')
        found = [
            row
            for row in answered
            if all(
                any(word in text.lower() for text in row[1:2] + row[3:] if text)
                for word in query.lower().split()
            )
        ]
        assert 0 < len(found) < len(answered)
        assert page.evaluate(READ_OUTLIERS) == [row[:7] for row in found[:50]], query
        tickets = f"{len(found):,} ticket{'' if len(found) == 1 else 's'}"
        assert page.inner_text("#outlier-count") == f"{min(50, len(found))} of {tickets} shown"
    page.fill("#search", "xyzzy plugh")
    assert page.is_visible("#outlier-empty")


def test_the_page_opens_on_days_that_have_tickets(open_page, changed_page) -> None:
    path = changed_page(
        "delete from intermediate.int_tickets_measured where created_day >= '2025-10-01'"
    )
    page = open_page(path).page
    assert page.locator("[data-preset=all]").get_attribute("aria-pressed") == "true"
    page.evaluate(CHOOSE, "#period=28d")
    assert page.inner_text("#headline") == "No ticket came in during these days."


def test_the_address_leads_back_to_every_choice(open_page, sample_page: Path) -> None:
    page = open_page(sample_page).page
    page.evaluate(OPEN_TABLES)
    page.click('[data-unit="week"]')
    page.click('[data-topics="2"]')
    page.uncheck("#waiting")
    page.fill("#search", "50% off, & more")
    page.fill("#from", "2025-09-29")
    page.click('details[data-filter="channel"] summary')
    page.locator('details[data-filter="channel"] input').first.uncheck()
    page.keyboard.press("Escape")
    page.wait_for_selector('html[data-hash*="channel="]')
    address = page.evaluate("location.hash")
    for part in (
        "from=2025-09-29&to=",
        "channel=",
        "unit=week",
        "topics=",
        "search=",
        "waiting=no",
    ):
        assert part in address, part
    page.fill("#search", "")
    chosen = page.evaluate("location.hash")
    shown = page.evaluate(READ_FIGURES)
    fresh = open_page(sample_page, address).page
    assert fresh.evaluate("document.documentElement.dataset.hash") == address
    assert fresh.input_value("#search") == "50% off, & more"
    assert not fresh.is_checked("#waiting")
    fresh.evaluate(OPEN_TABLES)
    fresh.evaluate(CHOOSE, chosen)
    assert fresh.evaluate(READ_FIGURES) == shown
    for control in ("unit", "topics", "preset"):
        pressed = f"""() => [...document.querySelectorAll('[data-{control}][aria-pressed=true]')]
            .map((button) => button.dataset.{control})"""
        assert fresh.evaluate(pressed) == page.evaluate(pressed)
    # Each choice alone, too.
    for choice in ("#unit=week", "#waiting=no", "#period=all", "#category=others"):
        fresh.evaluate(CHOOSE, choice)
        assert fresh.evaluate("document.documentElement.dataset.hash") == choice


def test_empty_filters_say_so_in_words(open_page, sample_page: Path) -> None:
    tab = open_page(sample_page, "#channel=")
    assert "No tickets match these filters." in tab.page.inner_text("#headline")
    for text in tab.page.locator(".card .empty").all_inner_texts():
        assert text
    assert "NaN" not in tab.page.inner_text("body")
    assert tab.messages == []


def test_a_phone_needs_no_sideways_scrolling(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, viewport={"width": 360, "height": 740}).page
    page.evaluate(OPEN_TABLES)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('.chart svg')]
            .filter((svg) => svg.getBoundingClientRect().right > innerWidth).length"""
    )
    assert clipped == 0
    assert page.evaluate(MATRIX_LABELS_CUT) == 0


OPEN_EACH_MENU = """async () => {
    const edges = [];
    for (const menu of document.querySelectorAll('details[data-filter]:not([hidden])')) {
        const toggled = new Promise((done) => { menu.ontoggle = done; });
        menu.open = true;
        await toggled;
        const { left, right } = menu.querySelector('.panel').getBoundingClientRect();
        edges.push([left, right]);
        menu.open = false;
    }
    return edges;
}"""


@pytest.mark.parametrize("width", [360, 480, 820])
def test_every_menu_opens_within_the_window(open_page, sample_page: Path, width: int) -> None:
    page = open_page(sample_page, viewport={"width": width, "height": 740}).page
    menus = page.evaluate(OPEN_EACH_MENU)
    assert len(menus) >= 4
    assert all(0 <= left < right <= width for left, right in menus), menus


READ_AXES = """() => Object.fromEntries(
    [...document.querySelectorAll('[data-chart]:not([hidden])')].map((chart) => [
        chart.dataset.chart, [...chart.querySelectorAll('.role-axis')].map(
            (axis) => [...axis.querySelectorAll('.role-axis-label text')]
                .filter((label) => label.getAttribute('opacity') !== '0')
                .map((label) => label.textContent).filter(Boolean))]))"""


def test_axes_read_well_whatever_is_chosen(open_page, sample_page: Path, sample_build) -> None:
    page = open_page(sample_page, viewport={"width": 768, "height": 900}).page
    channels = Warehouse(sample_build.database).values["channel"]
    one_ticket = "#from=2025-10-30&to=2025-10-30&channel=chatbot&category=engagement"
    for choice in [*(f"#channel={channel}" for channel in channels), one_ticket]:
        page.evaluate(CHOOSE, choice)
        axes = page.evaluate(READ_AXES)
        for name, labels in [(key, labels) for key in axes for labels in axes[key]]:
            assert not any("e+" in label for label in labels), f"{name} of {choice}: {labels}"
            if name != "flow":
                assert len(set(labels)) == len(labels), f"{name} of {choice}: {labels}"
    # The axis of one value goes by whole tickets, and its times are apart.
    assert sorted(axes["tickets"][-1]) == ["0", "1", "2", "3", "4"]
    assert sorted(axes["flow"][-1]) == ["0", "1", "1", "2", "3", "4"]
    assert {"1 min", "5 min", "15 min", "1 h"} in [set(labels) for labels in axes["channel_frt"]]


def _tip_over(page: Any, name: str, share: float | None) -> str | None:
    """The words that come up over a chart at this share of its width, or away from it (None).

    On a busy machine a chart may still be about to move or to listen: the pointer moves again.
    """
    chart = page.locator(f'[data-chart="{name}"]')
    chart.scroll_into_view_if_needed()
    for attempt in range(200):
        box = chart.bounding_box()
        x, y = (2, 2) if share is None else (box["x"] + share * box["width"], box["y"] + 25)
        page.mouse.move(x + attempt % 2, y)
        page.wait_for_timeout(50)
        if page.is_visible("#tip") == (share is not None):
            break
    return page.inner_text("#tip") if page.is_visible("#tip") else None


def test_charts_show_what_is_not_finished_and_what_stands_alone(
    open_page, sample_page: Path
) -> None:
    page = open_page(sample_page, "#from=2025-10-10&to=2025-10-31").page

    def marks(name: str, kind: str) -> int:
        return page.locator(f'[data-chart="{name}"] {kind}').count()

    dashed = 'path[stroke-dasharray="4,3"]:is([d*="L"], [d*="C"])'
    assert [marks(name, dashed) for name in ("tickets", "frt", "ledger")] == [1, 2, 1]
    assert "more may be resolved" in page.inner_text("#channel_resolution-note")
    outlined = 'path[stroke-dasharray="3,2"]'
    assert marks("channel_resolution", outlined) == 4
    # Segments stand apart, but no gap eats bars of two pixels.
    gaps = '.mark-rect path[stroke-width="1"]'
    assert marks("flow", gaps) and marks("categories", gaps)
    page.evaluate(CHOOSE, "#period=all&unit=day")
    # The day that is not over keeps its outline.
    assert not marks("flow", gaps) and marks("categories", gaps) == 4
    page.evaluate(CHOOSE, "#from=2025-10-10&to=2025-10-31")
    # Over a day's whole height, not over its point alone.
    for share in (0.3, 0.5, 0.7):
        assert _tip_over(page, "frt", share)
        assert _tip_over(page, "frt", None) is None
    # No line runs through a single day: a point stands for it.
    page.evaluate(CHOOSE, "#from=2025-09-30&to=2025-09-30")
    assert [marks(name, dashed) for name in ("tickets", "frt", "ledger")] == [0, 0, 0]
    points = ".mark-symbol path[d]:not([d=''])"
    assert [marks(name, points) for name in ("tickets", "frt", "ledger")] == [1, 3, 1]
    assert page.inner_text("#channel_resolution-note") == ""


MATRIX_LABELS_CUT = """() => {
    const svg = document.querySelector('[data-chart=confusion] svg');
    const edge = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('.role-axis-label text')].map((t) => t.getBoundingClientRect())
        .filter((box) => box.left < edge.left || box.right > edge.right).length;
}"""


@pytest.mark.parametrize("width", [1024, 1440])
def test_tables_fit_their_cards(open_page, sample_page: Path, width: int) -> None:
    page = open_page(sample_page, viewport={"width": width, "height": 900}).page
    cut = page.evaluate(
        """() => ['backlog', 'scores', 'quality', 'rejected']
            .map((name) => document.getElementById(name + '-table'))
            .filter((place) => place.scrollWidth > place.clientWidth).map((place) => place.id)"""
    )
    assert cut == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fields_stand_out_and_the_bar_hides_nothing(
    open_page, sample_page: Path, scheme: str
) -> None:
    page = open_page(sample_page, color_scheme=scheme, viewport={"width": 900, "height": 800}).page

    def luminance(what: str) -> float:
        rgb = [int(part) / 255 for part in re.findall(r"\d+", page.evaluate(what))[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    border = luminance("getComputedStyle(document.getElementById('search')).borderTopColor")
    for around in ("document.getElementById('search')", "document.body"):
        ground = luminance(f"getComputedStyle({around}).backgroundColor")
        assert (max(border, ground) + 0.05) / (min(border, ground) + 0.05) >= 3
    page.locator("#outlier-more").focus()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        hidden = page.evaluate(
            """() => !document.activeElement.closest('.filters')
                && document.activeElement.getBoundingClientRect().top
                    < document.querySelector('.filters').getBoundingClientRect().bottom"""
        )
        assert not hidden, page.evaluate("document.activeElement.outerHTML")


def test_the_page_says_what_the_report_says(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, "#period=all").page
    topics = page.locator('[data-chart="topics"] .role-mark text').all_text_contents()
    assert {NAMES["bug_report"], NAMES["place_order"], NAMES["pix"]} <= set(topics)
    page.fill("#search", NAMES["card_declined"])
    page.wait_for_selector('html[data-hash*="search="]')
    assert page.locator("#outlier-rows tr").count() > 10


def test_paper_has_every_chart_whole(open_page, sample_page: Path, tmp_path: Path) -> None:
    page = open_page(sample_page, color_scheme="dark").page
    document = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    assert document.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", document)) <= 9
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.chart:not([hidden])')].map((place) => {
            const svg = place.querySelector('svg').getBoundingClientRect();
            const card = place.parentElement.getBoundingClientRect();
            return [svg.left >= card.left, svg.right <= card.right + 0.5, svg.right <= 703.5];
        })"""
    )
    assert page.evaluate(MATRIX_LABELS_CUT) == 0
    # A border on the paper's very edge is cut.
    edges = "cards => cards.map((card) => card.getBoundingClientRect().right)"
    assert max(page.eval_on_selector_all(".card", edges)) <= 702
    assert len(boxes) == 11
    assert all(all(box) for box in boxes)
    # Dark is for screens: on paper the ink is dark.
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(27, 36, 48)"
    assert page.is_hidden(".filters")


# --- the sentence, small data, many tickets ----------------------------------------------------


def _sentence(page: Any, choice: str) -> str:
    page.evaluate(CHOOSE, choice)
    return page.inner_text("#headline").replace("\xa0", " ")


def test_sentence_names_what_moved_and_where(open_page, sample_page: Path) -> None:
    page = open_page(sample_page).page
    words = _sentence(page, "#from=2025-08-04&to=2025-08-10&category=financial")
    assert words.startswith("More tickets came in")
    assert "most of all on" in words and "in financial" not in words
    assert "These days hold an incident, among all tickets:" in words
    words = _sentence(page, "#from=2025-08-04&to=2025-08-10&channel=whatsapp")
    assert "most of all in" in words and "on WhatsApp" not in words


def test_sentence_sets_aside_what_incidents_brought(open_page, sample_page: Path) -> None:
    page = open_page(sample_page).page
    # As many tickets as the incident of September brought came in less: no change of its own.
    words = page.inner_text("#headline")
    assert words.startswith("No clear change in volume or response times: 1,636 tickets")
    assert "incidents brought about 193 of them" in words
    assert "1,340 are older than 30 days" in words
    words = _sentence(page, "#from=2025-08-04&to=2025-08-10")
    assert "tickets came in" not in words and "These days hold an incident:" in words


def test_few_tickets_are_marked_and_compared_with_nothing(open_page, sample_page: Path) -> None:
    tab = open_page(sample_page, "#from=2025-05-04&to=2025-05-04&channel=email")
    page = tab.page
    figures = {key: text for key, _, text in page.evaluate(READ_FIGURES)}
    assert figures["kpi/frt_p95_minutes/now"] == "–"
    assert figures["kpi/frt_median_minutes/now"] != "–"
    assert "Too few tickets to compare" in page.inner_text("#headline")
    cards = page.inner_text("#cards")
    assert "1 in 20" not in cards and "points" not in cards
    assert cards.count("Not compared: fewer than 20 tickets") == 7 - cards.count("not finished")
    assert f"{figures['kpi/frt_median_minutes/now']}*" in cards
    page.evaluate(OPEN_TABLES)
    median = figures["kpi/frt_median_minutes/now"]
    assert f"{median}*" in page.inner_text('details[data-table="channel_frt"]')
    page.evaluate(CHOOSE, "#period=all")
    assert page.locator(".kpi .few").count() == 0


def test_cards_say_who_waits_and_what_can_still_change(open_page, sample_page: Path) -> None:
    page = open_page(sample_page).page
    for name in (
        *("First response, p95", "Resolved", "Closed without solution", "Resolution, median"),
    ):
        card = page.locator(".kpi", has=page.get_by_role("heading", name=name, exact=True))
        words = card.inner_text()
        if name == "First response, p95":
            assert "35 still waiting" in words and "Of those answered, 1 in 20" in words
        else:
            assert "so far (was " in words and "▼" not in words


def test_without_first_responses_no_target_looks_missed(open_page, changed_page) -> None:
    path = changed_page(
        "update intermediate.int_tickets_measured"
        " set first_response_time_minutes = null, is_frt_sla_met = false"
    )
    page = open_page(path).page
    for card in page.locator(".kpi").all():
        words = card.inner_text()
        is_lacking = "The data has no first response times" in words and "–" in words
        assert is_lacking == words.lower().startswith("first response")
    page.evaluate(OPEN_TABLES)
    rows = page.locator('details[data-table="channel_frt"] tbody tr').all_inner_texts()
    assert rows and all("%" not in row for row in rows)
    # Nobody is said to wait for one, and no empty chart blames the filters.
    assert page.locator("#outlier-rows tr").count() == 0
    shown = page.inner_text("main")
    assert shown.count("The data has no first response times") == 4 + 2 + 1
    assert "response times" not in page.inner_text("#headline")


def test_without_texts_the_ai_is_not_judged(open_page, changed_page) -> None:
    path = changed_page("update intermediate.int_tickets_measured set has_text = false")
    page = open_page(path).page
    assert page.inner_text("#agreement").startswith("The data has no message texts")
    # Neither the matrix nor what stands on it is drawn.
    for name in ("topics", "accuracy", "confusion"):
        assert page.is_hidden(f"[data-chart={name}]"), name
    assert page.inner_text("#scores-table") == "The data has no message texts."


def test_skipping_to_the_figures_keeps_the_filters(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, "#period=7d&channel=email").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("location.hash") == "#period=7d&channel=email"


def test_an_end_of_the_period_takes_the_other_along(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, "#from=2025-04-05&to=2025-04-12").page
    for edited, day, expected in (
        ("from", "2025-10-03", "#from=2025-10-03&to=2025-10-03"),
        ("to", "2025-10-10", "#from=2025-10-03&to=2025-10-10"),
        ("to", "2025-05-01", "#from=2025-05-01&to=2025-05-01"),
    ):
        page.fill(f"#{edited}", day)
        page.wait_for_function("(hash) => location.hash === hash", arg=expected)


def test_the_keyboard_is_never_left_nowhere(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, "#period=all").page
    page.focus("#outlier-more")
    page.keyboard.press("Enter")
    focused = "[...document.querySelectorAll('#outlier-rows tr')].indexOf(document.activeElement)"
    assert page.evaluate(focused) == 50
    page.focus("#reset")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.preset") == "7d"
    # A menu that the keyboard leaves covers nothing, and Escape elsewhere opens none.
    page.focus('details[data-filter="channel"] summary')
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details[data-filter=channel]').open")
    page.focus("#search")
    assert not page.evaluate("document.querySelector('details[data-filter=channel]').open")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "search"
    # A search alone can be reset.
    page.fill("#search", "payout")
    assert page.is_enabled("#reset") and "with “payout”" in page.text_content("#chosen")


def test_periods_that_are_not_over_are_outlined(open_page, sample_page: Path) -> None:
    page = open_page(sample_page, "#period=all").page
    page.evaluate(OPEN_TABLES)
    rows = page.locator('details[data-table="categories"] tbody th').all_inner_texts()
    assert "(part of a week)" in rows[0] and "(part of a week)" in rows[-1]
    assert not any("(" in row for row in rows[1:-1])
    opacities = page.eval_on_selector_all(
        '[data-chart="categories"] .mark-rect path',
        "paths => paths.map((path) => path.getAttribute('fill-opacity') ?? '1')",
    )
    assert 0 < opacities.count("0.2") <= 8 < opacities.count("1")


def test_incidents_name_a_channel_only_above_its_usual_share(
    open_page, sample_page: Path, sample_database
) -> None:
    page = open_page(sample_page, "#period=all").page
    said = page.locator("#incidents li").all_inner_texts()
    above = sample_database.sql(
        "select is_channel_above_usual from marts.fct_incidents order by incident_number"
    ).fetchall()
    named = ["more than usual by" in words for words in said]
    assert [(is_named,) for is_named in named] == above
    assert set(named) == {True, False}
    assert page.inner_text("#incidents-of") == ""
    page.evaluate(CHOOSE, "#period=all&channel=email")
    assert "of all tickets" in page.inner_text("#incidents-of")


def test_many_tickets_leave_a_window_that_says_so(
    open_page, sample_build, redact, tmp_path
) -> None:
    path = tmp_path / "page.html"
    report = write_dashboard(sample_build.database, path, max_tickets=5000, redact=redact)
    assert 3000 < report.tickets_count <= 5000
    assert any("12,000 tickets are more than 5,000" in warning for warning in report.warnings)
    tab = open_page(path, "#period=all")
    assert tab.check == "passed"
    assert "The warehouse holds 12,000 tickets" in tab.page.inner_text("#window")
    assert "only the slowest are on this page" in tab.page.inner_text("#outlier-count")
    # Of a day, channel and category it keeps the slowest two.
    warehouse = Warehouse(sample_build.database)
    for cell in warehouse.rows(
        """
        select created_day, channel, category_effective as category
        from marts.fct_tickets where first_response_time_minutes is not null
        group by all having count(*) > 4 order by created_day desc limit 3
        """
    ):
        day = cell.pop("created_day")
        chosen = {name: [value] for name, value in cell.items()}
        setting = Setting(day, day, chosen, "day", None, False)
        tab.page.evaluate(CHOOSE, setting.hash)
        warehouse.expected(setting)
        shown = [row[1] for row in tab.page.evaluate(READ_OUTLIERS)]
        assert shown[:2] == [ticket for ticket, _ in warehouse.slowest(setting, 2)]


def test_errors_are_for_people(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; build it first"):
        write_dashboard(tmp_path / "none.duckdb", tmp_path / "page.html")
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(UserError, match=r"has no marts\.fct_\w+; build it with this version"):
        write_dashboard(tmp_path / "empty.duckdb", tmp_path / "page.html")
    (tmp_path / "text.duckdb").write_text("not a database, but long enough to look like one" * 9)
    with pytest.raises(UserError, match="is not a DuckDB file that can be read"):
        write_dashboard(tmp_path / "text.duckdb", tmp_path / "page.html")


def test_command_writes_the_page_or_says_one_line(
    sample_build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build_dashboard.main(["--db", str(tmp_path / "none.duckdb")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    page = tmp_path / "deep" / "page.html"
    options = ["--db", str(sample_build.database), "--out", str(page), "--no-text"]
    assert build_dashboard.main([*options, "--max-tickets", "5000"]) == 0
    said = capsys.readouterr()
    assert 3000 < int(re.search(r"html: ([\d,]+) tickets", said.out)[1].replace(",", "")) <= 5000
    assert "warning: 12,000 tickets are more than 5,000" in said.err
    assert page.read_text("utf-8").startswith("<!doctype html>")
