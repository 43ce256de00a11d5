"""The page's parts: a figure with its table for each chart, filter menus, styles and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template

_FOLDER = resources.files("support_analytics.dashboard") / "page"
# In the order in which later ones use earlier ones.
_SCRIPTS = (
    "data.js",
    "figures.js",
    "check.js",
    "words.js",
    "state.js",
    "compute.js",
    "draw.js",
    "view.js",
    "main.js",
)
_FILTERS = {"channel": "Channel", "category": "Category", "plan": "Plan", "country": "Country"}


@dataclass(frozen=True)
class ChartCard:
    """A chart on the page. key: (shape, colour, words) of each series; scripts fill has_note."""

    title: str
    key: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    has_note: bool = False
    extra: str = ""
    has_table: bool = True


_LINE, _BAR, _DOT, _DIAMOND = "line", "bar", "dot", "diamond"
_HOLLOW, _OUTLINE = "hollow", "hollow outline"
_UNIT_BUTTONS = (
    '<div class="group" role="group" aria-label="Bars by">'
    '<button type="button" data-unit="day">Day</button>'
    '<button type="button" data-unit="week">Week</button></div>'
)
CARDS = {
    "tickets": ChartCard(
        "Tickets a day",
        ((_BAR, "bar", "tickets"), (_LINE, "accent", "7-day average")),
    ),
    "frt": ChartCard(
        "Time to first response",
        (
            (_DOT, "muted", "average of the day"),
            (_LINE, "warm", "7-day average"),
            (_LINE, "accent", "median of the day"),
            (_HOLLOW, "muted", "not finished, lines dashed"),
        ),
    ),
    "categories": ChartCard(
        "Tickets by category", extra=f'{_UNIT_BUTTONS}<ul class="key" id="category-key"></ul>'
    ),
    "topics": ChartCard(
        "Topics",
        has_note=True,
        extra='<div class="pick" id="topic-buttons" role="group" aria-label="Topics of"></div>',
    ),
    "channel_frt": ChartCard(
        "Time to first response by channel",
        (
            (_DOT, "accent", "median"),
            (_DIAMOND, "warm", "p95: of those answered, 1 in 20 waited longer"),
        ),
    ),
    "channel_resolution": ChartCard(
        "Resolution rate by channel",
        ((_BAR, "teal", "resolved"), (_OUTLINE, "muted", "still open")),
        has_note=True,
    ),
    "ages": ChartCard(
        "How long open tickets have waited",
        ((_BAR, "s1", "pending"), (_BAR, "s2", "escalated")),
    ),
    "ledger": ChartCard("Backlog at the end of each day"),
    "flow": ChartCard(
        "What came and what left",
        ((_BAR, "bar", "created"), (_BAR, "teal", "resolved"), (_BAR, "warm", "closed")),
        note="The table under “Backlog at the end of each day” has these figures.",
        has_table=False,
    ),
    "accuracy": ChartCard(
        "AI category against tag, by week",
        (
            (_DOT, "accent", "agreement"),
            (_BAR, "bar", "95% interval"),
            (_HOLLOW, "muted", "part of a week"),
        ),
    ),
    "confusion": ChartCard(
        "Where they differ", note="Each row adds up to one tag; the diagonal is agreement."
    ),
}


def part(name: str) -> str:
    """The text of a file of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def script() -> str:
    """All scripts as one, with nothing of them visible to other scripts."""
    return "(() => {\n'use strict';\n" + "\n".join(part(name) for name in _SCRIPTS) + "})();\n"


def template() -> Template:
    """The document, with $names to be replaced."""
    return Template(part("page.html"))


def filter_menus() -> str:
    """A menu of checkboxes for each filter; the page's script fills in the values."""
    return "\n  ".join(
        f'<details class="menu" data-filter="{name}"><summary>{title} <b>all</b></summary>'
        f'<div class="panel" role="group" aria-label="{title}">'
        '<div class="both"><button type="button" class="all">All</button>'
        '<button type="button" class="none">None</button></div>'
        '<div class="options"></div></div></details>'
        for name, title in _FILTERS.items()
    )


def chart_cards() -> dict[str, str]:
    """Chart name -> HTML of its figure."""
    return {name: _card(name, card) for name, card in CARDS.items()}


def _card(name: str, card: ChartCard) -> str:
    key = "".join(
        f'<li><span class="swatch {shape}" data-colour="{colour}"></span>{escape(words)}</li>'
        for shape, colour, words in card.key
    )
    lines = [
        '<figure class="card">',
        f"<figcaption><h3>{escape(card.title)}</h3>",
        f'<ul class="key">{key}</ul>' if key else "",
        f"{card.extra}</figcaption>",
        f'<div class="chart" data-chart="{name}" role="img" aria-label=""></div>',
        '<p class="empty" hidden></p>',
        f'<p class="quiet" id="{name}-note">{escape(card.note)}</p>'
        if card.note or card.has_note
        else "",
    ]
    if card.has_table:
        title = escape(card.title)
        lines.append(
            f'<details class="rows" data-table="{name}" data-caption="{title}"><summary>Show as '
            f'table<span class="vh">: {title}</span></summary><div class="scroll" role="region" '
            f'aria-label="{title}, as a table" tabindex="0"></div></details>'
        )
    lines.append("</figure>")
    return "\n".join(line for line in lines if line)
