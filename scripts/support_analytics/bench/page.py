"""The benchmark's page: Markdown with a table, its plot beside it, and the same as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from support_analytics.bench.goals import above_floor, judge

RESULTS = "results.json"
PAGE = "README.md"
PLOT = "seconds_by_tickets.svg"
_TEMPLATE = Path(__file__).with_name("page.md.j2")
_TOP_MODELS = 10
_GIGABYTE = 10**9
_MEGABYTE = 10**6

Results = Mapping[str, Any]
Row = dict[str, Any]


def write_page(results: Results, folder: Path, html: Path) -> list[Path]:
    """Write results.json, the page and its plot to folder, and the page as one HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown, plot = render(results), draw(results)
    files = {
        folder / RESULTS: json.dumps(results, indent=1) + "\n",
        folder / PAGE: markdown,
        folder / PLOT: plot,
        html: render_html(markdown, plot),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(files)


def render(results: Results) -> str:
    """The page as Markdown."""
    sizes = results["sizes"]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    return (
        environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        .render(
            table=_table,
            machine=list(results["machine"].items()),
            command=results["command"],
            runs=results["runs"],
            threads=results["threads"],
            memory_limit=results["memory_limit"],
            goals=[[g.what, g.limit, g.measured, g.verdict, g.remark] for g in judge(results)],
            plot=PLOT,
            build_header=_BUILD_HEADER,
            builds=list(_build_rows(sizes)),
            step_header=_STEP_HEADER,
            steps=list(_step_rows(sizes)),
            floor=_floor_rows(results["floor"]) if results.get("floor") else [],
            largest=f"{sizes[-1]['tickets']:,}",
            models=list(_model_rows(sizes[-1]["models_all"])),
            refresh=list(_refresh_rows(sizes)),
        )
        .rstrip()
        + "\n"
    )


def render_html(markdown: str, plot: str) -> str:
    """The page as one HTML file with the plot inside."""
    from support_analytics.report.charts import Chart
    from support_analytics.report.writer import page

    name = f"images/{PLOT}"
    chart = Chart(PLOT, "Seconds by number of tickets", plot)
    return page(markdown.replace(f"]({PLOT})", f"]({name})"), [chart])


def draw(results: Results) -> str:
    """The plot as SVG."""
    # Imported late: what a process holds when it starts another counts as that one's memory.
    import altair as alt
    import vl_convert

    points = [point for size in results["sizes"] for point in _points(size)]
    chart = (
        alt.Chart(alt.Data(values=points))
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "tickets:Q",
                scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(
                    title="tickets",
                    format="~s",
                    values=[size["tickets"] for size in results["sizes"]],
                ),
            ),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds"),
            color=alt.Color(
                "series:N",
                title=None,
                sort=list(_SERIES),
                # At the side, another machine's font may be wider than the room that is left.
                legend=alt.Legend(orient="top", columns=3, columnPadding=40),
            ),
        )
        .properties(width=640, height=320, background="#ffffff")
    )
    return vl_convert.vegalite_to_svg(chart.to_dict())


_SERIES = (
    "full build from csv",
    "full build from parquet",
    "dbt, published marts",
    "hand-written",
    "pandas",
)


def _points(size: Results) -> Iterator[Row]:
    for suffix, build in size["builds"].items():
        yield _point(size, f"full build from {suffix}", build["wall_seconds"])
    for name, series in (
        ("models_published", "dbt, published marts"),
        ("handwritten", "hand-written"),
        ("pandas", "pandas"),
    ):
        if name in size:
            yield _point(size, series, size[name]["answer"]["running"]["wall_seconds"])


def _point(size: Results, series: str, seconds: float) -> Row:
    return {"tickets": size["tickets"], "series": series, "seconds": round(seconds, 3)}


_BUILD_HEADER = [
    *("tickets", "from", "seconds", "CPU", "reading", "preparing dbt", "models and tests"),
    *("exports", "peak memory", "database", "input"),
]
_PHASES = ("reading", "preparing dbt", "building and testing models", "writing exports")


def _build_rows(sizes: Sequence[Results]) -> Iterator[list[str]]:
    for size in sizes:
        for suffix, build in size["builds"].items():
            phases = build["answer"]["phases"]
            yield [
                f"{size['tickets']:,}",
                suffix,
                _seconds(build["wall_seconds"]),
                _seconds(build["cpu_seconds"]),
                *(_seconds(phases.get(name, {}).get("wall_seconds", 0.0)) for name in _PHASES),
                _gigabytes(build["peak_bytes"]),
                _gigabytes(build["answer"]["database_bytes"]),
                _gigabytes(size["files"][suffix]),
            ]


_STEP_HEADER = ["tickets", "step", "seconds", "CPU", "peak memory", "database", "by hand-written"]
_STEPS = {
    "models_published": "dbt, published marts",
    "models_all": "dbt, every model",
    "data_tests": "dbt, every data test",
    "handwritten": "hand-written DuckDB script",
    "pandas": "pandas",
}


def _step_rows(sizes: Sequence[Results]) -> Iterator[list[str]]:
    for size in sizes:
        by_hand = size.get("handwritten", {}).get("answer", {}).get("running")
        for name, shown in _STEPS.items():
            if name not in size:
                continue
            step = size[name]
            running = step["answer"]["running"]
            size_bytes = step["answer"].get("database_bytes")
            yield [
                f"{size['tickets']:,}",
                shown,
                _seconds(running["wall_seconds"]),
                _seconds(running["cpu_seconds"]),
                _gigabytes(step["peak_bytes"]),
                "" if size_bytes is None else _gigabytes(size_bytes),
                f"{running['wall_seconds'] / by_hand['wall_seconds']:.2f}" if by_hand else "",
            ]


def _floor_rows(floor: Results) -> list[list[str]]:
    rows = []
    for name, shown in (
        ("one_model", "a project of one model"),
        ("sample", "the sample: models, unit tests, data tests"),
        ("sample_without_unit_tests", "the sample without unit tests"),
    ):
        for parsed, how in (("parsed_afresh", "afresh"), ("parsed_before", "before")):
            above = "" if name == "one_model" else f"+{above_floor(floor, name, parsed):.1f}"
            rows.append([shown, how, _seconds(floor[name][parsed]["wall_seconds"]), above])
    return rows


def _refresh_rows(sizes: Sequence[Results]) -> Iterator[list[str]]:
    for size in sizes:
        if "refresh" in size and "parquet" in size["builds"]:
            refresh = size["refresh"]
            seconds, full = refresh["wall_seconds"], size["builds"]["parquet"]["wall_seconds"]
            changed = sum(rows for kind, rows in refresh["rows"].items() if kind != "vanished")
            yield [
                f"{size['tickets']:,}",
                f"{changed:,}",
                _seconds(seconds),
                _seconds(full),
                f"{seconds / full:.0%}",
                _gigabytes(refresh["peak_bytes"]),
            ]


def _model_rows(step: Results) -> Iterator[list[str]]:
    node_seconds = step["answer"]["node_seconds"]
    total = sum(node_seconds.values())
    ranked = sorted(node_seconds.items(), key=lambda item: (-item[1], item[0]))
    for name, seconds in ranked[:_TOP_MODELS]:
        yield [f"`{name}`", _seconds(seconds), f"{seconds / total:.0%}"]
    rest = sum(seconds for _, seconds in ranked[_TOP_MODELS:])
    yield [f"the other {max(len(ranked) - _TOP_MODELS, 0)}", _seconds(rest), f"{rest / total:.0%}"]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}"


def _gigabytes(size: float) -> str:
    if size < 10 * _MEGABYTE:
        return f"{size / _GIGABYTE:.3f}"
    return f"{size / _GIGABYTE:.2f}"
