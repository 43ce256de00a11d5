"""The page's charts, written in Altair and compiled to Vega.

A chart here has no data: page/draw.js fills its named data sets from the figures of the current
filters. Colours are CSS variables, so that dark, light and paper need no second chart. Text that
depends on the data (an axis title with its unit) is a signal: SIGNAL + name in a title.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

SIGNAL = "signal:"
_VEGA_LITE = "6.4"
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

INK = "var(--ink)"
MUTED = "var(--muted)"
GRID = "var(--grid)"
SURFACE = "var(--surface)"
ACCENT = "var(--accent)"
BAR = "var(--bar)"
WARM = "var(--warm)"
ALERT = "var(--alert-band)"
TEAL = "var(--teal)"

_DATES = {
    "year": "%Y",
    "quarter": "%b",
    "month": "%b",
    "week": "%-d %b",
    "day": "%-d %b",
    "hours": " ",
    "minutes": " ",
}
_MINUTE_LABELS = (
    "datum.value < 60 ? datum.value + ' min'"
    " : datum.value < 1440 ? (datum.value / 60) + ' h'"
    " : (datum.value / 1440) + ' d'"
)
_MINUTE_TICKS = [0.1, 0.5, 1, 5, 15, 60, 240, 1440, 4320, 10080]


def vega_charts() -> dict[str, dict[str, Any]]:
    """Chart name -> Vega specification. The names are those of the chart elements in page.html."""
    charts = {
        "tickets": _tickets(),
        "frt": _frt(),
        "categories": _categories(),
        "topics": _topics(),
        "channel_frt": _channel_frt(),
        "channel_resolution": _channel_resolution(),
        "ages": _ages(),
        "ledger": _ledger(),
        "flow": _flow(),
        "accuracy": _accuracy(),
        "confusion": _confusion(),
    }
    return {name: _compiled(chart) for name, chart in charts.items()}


def _data(name: str) -> alt.NamedData:
    return alt.NamedData(name=name)


def _time_axis(title: str | None = None) -> alt.Axis:
    return alt.Axis(
        title=title,
        format=_DATES,
        grid=False,
        tickCount={"expr": "max(2, width / 80)"},
        labelOverlap="parity",
        labelSeparation=10,
    )


def _time(field: str, **options: Any) -> alt.X:
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc", nice=False), **options)


def _count_axis(title: str) -> alt.Axis:
    return alt.Axis(title=title, format=",d", tickCount=5)


def _count_scale() -> alt.Scale:
    """A scale of at least four tickets: the ticks of a shorter one are not whole.

    Each layer needs it: Vega-Lite forgets the fields of those that do not have it.
    """
    return alt.Scale(domain={"unionWith": [0, 4]})


def _line(field: str, colour: str, width: float, x: alt.X, **options: Any) -> list[alt.Chart]:
    """A line: dashed to days that are not finished, a point where a value stands alone."""
    scale = options.pop("scale", alt.Undefined)
    base = alt.Chart(_data("days"))
    return [
        base.mark_line(color=colour, strokeWidth=width, strokeDash=dash, **options).encode(
            x=x, y=alt.Y(f"{field}{part}:Q", scale=scale)
        )
        for part, dash in (("", [1, 0]), ("_open", [4, 3]))
    ] + [
        base.mark_point(filled=True, size=40, color=colour, opacity=1).encode(
            x=x, y=alt.Y(f"{field}_alone:Q", scale=scale)
        )
    ]


def _hover(x: alt.X) -> alt.Chart:
    """Unseen bands over whole days: a point is hard to hit."""
    return (
        alt.Chart(_data("days"))
        .mark_bar(opacity=0)
        .encode(x=x, x2="end:T", y=alt.value(0), y2=alt.value("height"), tooltip="tip:N")
    )


def _incident_bands() -> alt.Chart:
    return (
        alt.Chart(_data("incidents"))
        .mark_rect(fill=ALERT)
        .encode(
            x=_time("start", axis=_time_axis()),
            x2="end:T",
            y=alt.value(0),
            y2=alt.value("height"),
            tooltip="tip:N",
        )
    )


def _incident_letters() -> alt.Chart:
    return (
        alt.Chart(_data("incidents"))
        .mark_text(dy=9, fontWeight="bold", color="var(--alert)", fontSize=12)
        .encode(
            x=_time("middle", axis=_time_axis()), y=alt.value(0), text="letter:N", tooltip="tip:N"
        )
    )


def _tickets() -> alt.LayerChart:
    """Bars a day, an outlined one for the day that is not over, and the 7-day average."""
    bars = (
        alt.Chart(_data("days"))
        .mark_bar(cornerRadiusTopLeft=1.5, cornerRadiusTopRight=1.5)
        .encode(
            x=_time("start", axis=_time_axis()),
            x2="end:T",
            y=alt.Y("tickets:Q", axis=_count_axis("Tickets created a day"), scale=_count_scale()),
            y2=alt.datum(0),
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("stroke:N", scale=None),
            strokeDash=alt.condition("datum.partial", alt.value([3, 2]), alt.value([0])),
            tooltip="tip:N",
        )
    )
    average = _line(
        "average", ACCENT, 2.5, _time("middle"), scale=_count_scale(), interpolate="monotone"
    )
    return _sized(alt.layer(_incident_bands(), bars, *average, _incident_letters()), 220)


def _frt() -> alt.LayerChart:
    """A point a day (hollow while answers may still come) and the 7-day average."""
    points = (
        alt.Chart(_data("days"))
        .mark_point(strokeWidth=1.2, stroke=MUTED, opacity=0.8)
        .encode(
            x=_time("middle", axis=_time_axis()),
            y=alt.Y(
                "value:Q",
                axis=alt.Axis(title=f"{SIGNAL}unit_title", tickCount=5, format=",~f"),
            ),
            fill=alt.Fill("fill:N", scale=None),
            size=alt.Size("size:Q", scale=None),
            tooltip="tip:N",
        )
    )
    average = _line("average", WARM, 2.5, _time("middle"), interpolate="monotone")
    median = _line("median", ACCENT, 1.5, _time("middle"))
    hover = _hover(_time("start", axis=_time_axis()))
    chart = alt.layer(_incident_bands(), hover, points, *median, *average, _incident_letters())
    return _sized(chart.add_params(alt.param(name="unit_title", value="")), 220)


def _categories() -> alt.Chart:
    chart = (
        alt.Chart(_data("cells"))
        .mark_bar()
        .encode(
            x=_time("start", axis=_time_axis()),
            x2="end:T",
            y=alt.Y("low:Q", axis=_count_axis(f"{SIGNAL}unit_title"), scale=_count_scale()),
            y2="high:Q",
            fill=alt.Fill("fill:N", scale=None),
            fillOpacity=alt.FillOpacity("fill_opacity:Q", scale=None),
            stroke=alt.Stroke("stroke:N", scale=None),
            strokeWidth=alt.StrokeWidth("gap:Q", scale=None),
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip="tip:N",
        )
        .add_params(alt.param(name="unit_title", value=""))
    )
    return _sized(chart, 340)


def _topics() -> alt.LayerChart:
    """A bar a topic, its name above, and a tick where the period before stood."""
    # By a field: without one, topics keep the place that they had before a filter changed.
    order = alt.EncodingSortField(field="rank", op="min")
    rows = alt.Y("name:N", sort=order, axis=None, scale=alt.Scale(padding=0))
    base = alt.Chart(_data("topics"))
    bars = base.mark_bar(height=8, cornerRadius=2, yOffset=7).encode(
        y=rows,
        x=alt.X("tickets:Q", axis=_count_axis("Tickets"), scale=_count_scale()),
        fill=alt.Fill("fill:N", scale=None),
        tooltip="tip:N",
    )
    before = base.mark_tick(height=14, thickness=2, color=INK, yOffset=7).encode(
        y=rows, x=alt.X("before:Q", scale=_count_scale()), tooltip="tip:N"
    )
    names = base.mark_text(align="left", dy=-6, fontSize=12, fill=INK, limit=200).encode(
        y=rows, x=alt.value(0), text="name:N"
    )
    counts = base.mark_text(align="right", dy=-6, fontSize=12, fill=MUTED).encode(
        y=rows, x=alt.value("width"), text="label:N"
    )
    return _sized(alt.layer(bars, before, names, counts), alt.Step(30))


def _channel_frt() -> alt.LayerChart:
    rows = alt.Y(
        "channel:N",
        sort=None,
        axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=6, labelFontSize=12),
    )
    # One value alone would make a scale without length, and all its ticks would fall together.
    scale = alt.Scale(type="log", nice=False, padding=30, domain={"unionWith": [5, 60]})
    axis = alt.Axis(
        title="Time to first response (log scale)",
        values=_MINUTE_TICKS,
        labelExpr=_MINUTE_LABELS,
        labelOverlap="greedy",
        labelSeparation=8,
    )
    base = alt.Chart(_data("channels"))
    rule = base.mark_rule(strokeWidth=3, color=BAR, strokeCap="round").encode(
        y=rows, x=alt.X("median:Q", scale=scale, axis=axis), x2="p95:Q"
    )
    median = base.mark_point(size=90, filled=True, color=ACCENT, opacity=1).encode(
        y=rows, x=alt.X("median:Q", scale=scale, axis=axis), tooltip="tip:N"
    )
    p95 = base.mark_point(size=90, filled=True, shape="diamond", color=WARM, opacity=1).encode(
        y=rows, x=alt.X("p95:Q", scale=scale, axis=axis), tooltip="tip:N"
    )
    median_text = base.mark_text(dy=-12, fontSize=11, fill=INK).encode(
        y=rows, x=alt.X("median:Q", scale=scale, axis=axis), text="median_label:N"
    )
    p95_text = base.mark_text(dy=-12, fontSize=11, fill=INK).encode(
        y=rows, x=alt.X("p95:Q", scale=scale, axis=axis), text="p95_label:N"
    )
    return _sized(alt.layer(rule, median, p95, median_text, p95_text), alt.Step(46))


def _channel_resolution() -> alt.LayerChart:
    rows = alt.Y(
        "channel:N",
        sort=None,
        axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=6, labelFontSize=12),
    )
    base = alt.Chart(_data("channels"))
    # What is open can still be resolved.
    open_part = base.mark_bar(
        height=15, fill="transparent", stroke=MUTED, strokeDash=[3, 2], cornerRadius=2
    ).encode(y=rows, x="rate:Q", x2="rate_at_most:Q", tooltip="tip:N")
    bars = base.mark_bar(height=16, color=TEAL, cornerRadius=2).encode(
        y=rows,
        x=alt.X(
            "rate:Q",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(title="Resolved, of the tickets created", format=".0%", tickCount=5),
        ),
        tooltip="tip:N",
    )
    labels = base.mark_text(
        align="left", x=8, fontSize=12, fill="var(--on-teal)", fontWeight=600
    ).encode(y=rows, text="label:N")
    return _sized(alt.layer(bars, open_part, labels), alt.Step(46))


def _ages() -> alt.LayerChart:
    columns = alt.X(
        "bracket:N",
        sort=None,
        axis=alt.Axis(title="Age of the open tickets, days", labelAngle=0, ticks=False),
        scale=alt.Scale(paddingInner=0.25, paddingOuter=0.15),
    )
    bars = (
        alt.Chart(_data("cells"))
        .mark_bar(stroke=SURFACE)
        .encode(
            x=columns,
            y=alt.Y("low:Q", axis=_count_axis("Open tickets"), scale=_count_scale()),
            y2="high:Q",
            fill=alt.Fill("fill:N", scale=None),
            strokeWidth=alt.StrokeWidth("gap:Q", scale=None),
            tooltip="tip:N",
        )
    )
    totals = (
        alt.Chart(_data("totals"))
        .mark_text(dy=-7, fontSize=12, fill=INK)
        .encode(x=columns, y="total:Q", text="label:N")
    )
    return _sized(alt.layer(bars, totals), 150)


def _ledger() -> alt.LayerChart:
    base = alt.Chart(_data("days"))
    x = _time("middle", axis=_time_axis())
    y = alt.Y("closing:Q", axis=_count_axis("Open at the end of the day"), scale=_count_scale())
    area = base.mark_area(color=BAR, opacity=0.45, interpolate="step-after").encode(x=x, y=y)
    lines = _line("backlog", ACCENT, 2, x, scale=_count_scale(), interpolate="step-after")
    return _sized(alt.layer(area, *lines, _hover(_time("start"))), 170)


def _flow() -> alt.LayerChart:
    base = alt.Chart(_data("days"))
    x = _time("start", axis=_time_axis())
    axis = alt.Axis(
        title="Came and left a day",
        tickCount=5,
        labelExpr="format(abs(datum.value), ',d')",
    )

    def bars(colour: str, start: str, end: str) -> alt.Chart:
        y = alt.Y(f"{start}:Q", axis=axis, scale=_count_scale())
        return base.mark_bar(color=colour, stroke=SURFACE).encode(
            x=x,
            x2="end:T",
            y=y,
            y2=f"{end}:Q",
            strokeWidth=alt.StrokeWidth("gap:Q", scale=None),
            tooltip="tip:N",
        )

    came, resolved = bars(BAR, "created", "zero"), bars(TEAL, "zero", "resolved")
    closed = bars(WARM, "resolved", "left")
    zero = alt.Chart(_data("days")).mark_rule(color=MUTED).encode(y=alt.datum(0))
    return _sized(alt.layer(came, resolved, closed, zero), 170)


def _accuracy() -> alt.LayerChart:
    base = alt.Chart(_data("weeks"))
    x = alt.X(
        "middle:T", scale=alt.Scale(type="utc", nice=False, padding=14), axis=_time_axis("Week")
    )
    y = alt.Y(
        "rate:Q",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(title="Agrees with the tag", format=".0%", tickCount=5),
    )
    band = base.mark_rule(color=BAR, strokeWidth=5, strokeCap="round").encode(
        x=x, y=alt.Y("low:Q", scale=alt.Scale(zero=False, nice=True)), y2="high:Q", tooltip="tip:N"
    )
    line = base.mark_line(color=ACCENT, strokeWidth=1.5).encode(x=x, y=y)
    points = base.mark_point(size=40, stroke=ACCENT, opacity=1).encode(
        x=x, y=y, fill=alt.Fill("fill:N", scale=None), tooltip="tip:N"
    )
    return _sized(alt.layer(band, line, points), 240)


def _confusion() -> alt.LayerChart:
    base = alt.Chart(_data("cells"))
    x = alt.X(
        "ai_category:N",
        sort=None,
        axis=alt.Axis(
            title="AI category",
            orient="top",
            # Slanting words lean to the left, where there is room for them.
            labelAngle={"expr": "narrow ? 30 : 0"},
            labelAlign={"expr": "narrow ? 'right' : 'center'"},
            ticks=False,
            domain=False,
            labelOverlap=False,
            labelLimit=200,
            labelFontSize=12,
            labelPadding=6,
        ),
    )
    y = alt.Y(
        "tag:N",
        sort=None,
        axis=alt.Axis(
            title="Agent's tag", ticks=False, domain=False, labelPadding=6, labelFontSize=12
        ),
    )
    cells = base.mark_rect(stroke=SURFACE, strokeWidth=2).encode(
        x=x, y=y, fill=alt.Fill("fill:N", scale=None), tooltip="tip:N"
    )
    counts = base.mark_text(fontSize=13, dy=-6, fontWeight=600).encode(
        x=x, y=y, text="label:N", fill=alt.Fill("ink:N", scale=None)
    )
    shares = base.mark_text(fontSize=11, dy=9).encode(
        x=x, y=y, text="share_label:N", fill=alt.Fill("ink:N", scale=None)
    )
    chart = alt.layer(cells, counts, shares).add_params(alt.param(name="narrow", value=False))
    return _sized(chart, alt.Step(52))


def _sized(chart: Any, height: int | alt.Step) -> Any:
    return chart.properties(
        width="container",
        height=height,
        background="transparent",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        padding={"left": 2, "right": 6, "top": 6, "bottom": 2},
        config=alt.Config(
            font=_FONT,
            view=alt.ViewConfig(stroke=None),
            axis=alt.AxisConfig(
                labelColor=MUTED,
                titleColor=MUTED,
                titleFontWeight="normal",
                titleFontSize=12,
                labelFontSize=11,
                gridColor=GRID,
                domainColor=GRID,
                tickColor=GRID,
                titlePadding=8,
            ),
        ),
    )


def _compiled(chart: alt.TopLevelMixin) -> dict[str, Any]:
    spec = chart.to_dict()
    vega = vl_convert.vegalite_to_vega(spec, vl_version=_VEGA_LITE)
    return _with_signals(vega)


def _with_signals(node: Any) -> Any:
    """Turn texts that name a signal into references to it; Vega-Lite has no words for that."""
    if isinstance(node, dict):
        return {
            key: {"signal": value.removeprefix(SIGNAL)}
            if key == "title" and isinstance(value, str) and value.startswith(SIGNAL)
            else _with_signals(value)
            for key, value in node.items()
        }
    return [_with_signals(item) for item in node] if isinstance(node, list) else node
