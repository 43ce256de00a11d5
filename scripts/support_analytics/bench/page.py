"""The benchmark's page: Markdown with a table, its plot beside it, and the same as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from support_analytics.bench.goals import above_floor, judge

RESULTS = "results.json"
PAGE = "README.md"
PLOT = "seconds_by_tickets.svg"
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
    parts = [
        "# Benchmark",
        "How long a build takes, on how many tickets, beside the same marts by one hand-written DuckDB script and by "
        "pandas. Everything was measured in one run on one machine, each step in a process of its own: seconds, CPU "
        "seconds and peak memory are the operating system's. Compare the ratios; seconds are this machine's.",
        "## The machine",
        _table(["", ""], [[name, value] for name, value in results["machine"].items()]),
        f"Made by `{results['command']}`"
        + (
            f"; each figure is the median of {results['runs']} runs."
            if results["runs"] > 1
            else ", one run of each step."
        ),
        "## Goals",
        _table(
            ["goal", "limit", "measured", "", "remark"],
            [[g.what, g.limit, g.measured, g.verdict, g.remark] for g in judge(results)],
        ),
        f"![Seconds by number of tickets, both axes logarithmic]({PLOT})",
        "## A full build",
        "What `scripts/build_metrics.py` does: read the files, make every model, run every data test, write the "
        "exports in the format of the input. Seconds; memory and disk in GB.",
        _table(_BUILD_HEADER, list(_build_rows(sizes))),
        "## The steps, and the same marts otherwise",
        "Models and tests on raw tables that are read already. The published marts are those that all three make; dbt "
        "also makes findings, candidates and drift (every model). Start-up of Python and parsing of the project are "
        "left out of the seconds, and are in the memory.",
        _table(_STEP_HEADER, list(_step_rows(sizes))),
        *_notes(),
    ]
    if results.get("floor"):
        parts += ["## Start-up", *_floor_parts(results["floor"])]
    if sizes:
        largest = sizes[-1]
        parts += [
            "## Where the time goes",
            f"Of every model at {largest['tickets']:,} tickets. Models run side by side, so that the seconds of all are "
            "more than those on the clock.",
            _table(["model", "seconds", "share"], list(_model_rows(largest["models_all"]))),
        ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


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
                scale=alt.Scale(type="log"),
                axis=alt.Axis(
                    title="tickets",
                    format="~s",
                    values=[size["tickets"] for size in results["sizes"]],
                ),
            ),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds"),
            color=alt.Color("series:N", title=None, sort=list(_SERIES)),
        )
        .properties(width=560, height=320, background="#ffffff")
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


def _notes() -> list[str]:
    return [
        "- The hand-written script and pandas make the same cells: `tests/python/test_bench.py` compares them with "
        "dbt's, at 1e-9. Neither knows labels of an LLM, of which the benchmark has none.",
        "- The script is what one would write for DuckDB alone: it is "
        "`scripts/support_analytics/bench/handwritten.sql.j2`. pandas is vectorised where pandas can be; it classifies "
        "with Python's `re`, a text at a time, and its seconds include reading Parquet and writing each mart to it.",
        "- The tickets are those of the sample's generator: two years, one creator for ten tickets, seed 6. Parquet "
        "is made of the CSV by DuckDB, without the few records that have too many fields.",
    ]


def _floor_parts(floor: Results) -> list[str]:
    rows = []
    for name, shown in (
        ("one_model", "a project of one model"),
        ("sample", "the sample: models, unit tests, data tests"),
        ("sample_without_unit_tests", "the sample without unit tests"),
    ):
        for parsed, how in (("parsed_afresh", "afresh"), ("parsed_before", "parsed before")):
            rows.append(
                [
                    shown,
                    how,
                    _seconds(floor[name][parsed]["wall_seconds"]),
                    "" if name == "one_model" else f"+{above_floor(floor, name, parsed):.1f}",
                ]
            )
    return [
        "`dbt build` on the command line, as a process of its own: how much of a small build is dbt's start.",
        _table(["`dbt build` of", "", "seconds", "above one model"], rows),
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
