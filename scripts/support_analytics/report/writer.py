"""Write the report: Markdown with pictures beside it, and one HTML file that holds everything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import UserError
from support_analytics.report import sentences, service, wording
from support_analytics.report.charts import Chart, draw_charts
from support_analytics.report.compiled_analyses import CATALOG, compile_analyses, run_analyses
from support_analytics.report.figures import TABLES, Marts, chart_data, gather
from support_analytics.warehouse import open_built

REPORT_NAME = "executive_report"
_FOLDER = Path(__file__).resolve().parent
_IMAGES = "images"
_PICTURE = re.compile(r'<p><img src="images/([a-z_]+\.svg)" alt="[^"]*"\s*/?></p>')
_HEADING_OR_TABLE = re.compile(r"(<table>|<h[23]>.*?</h[23]>)")
# The page shows itself and nothing else: no script, no request.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_report(
    db_path: Path,
    out_dir: Path,
    project: Path = PROJECT,
    *,
    with_text: bool = True,
    redact: Callable[[str], str] | None = None,
) -> list[Path]:
    """Write executive_report.md, its pictures and executive_report.html; returns the files.

    with_text: whether messages, redacted as they are, are quoted. redact makes SQL of redacted text
    from a column's SQL; without it the project's macro is used. The same database gives the same
    bytes: nothing reads the clock. Raises UserError when db_path is no database of this project or
    out_dir a file, BuildError when an analysis does not run.
    """
    if out_dir.exists() and not out_dir.is_dir():
        raise UserError(f"--out {out_dir} is a file; give a folder")
    report, charts = render_report(db_path, project, with_text=with_text, redact=redact)
    images = out_dir / _IMAGES
    images.mkdir(parents=True, exist_ok=True)
    files = {images / chart.file_name: chart.svg for chart in charts}
    files[out_dir / f"{REPORT_NAME}.md"] = report
    files[out_dir / f"{REPORT_NAME}.html"] = page(report, charts)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(files)


def render_report(
    db_path: Path,
    project: Path = PROJECT,
    *,
    with_text: bool = True,
    redact: Callable[[str], str] | None = None,
) -> tuple[str, list[Chart]]:
    """The report as Markdown, and its pictures."""
    with open_built(db_path, TABLES, CATALOG, {"threads": "1"}) as connection:
        marts = Marts(connection)
        if marts.row("select 1 from marts.fct_tickets limit 1") is None:
            raise UserError(f"--db {db_path} has no accepted tickets; there is nothing to report")
        queries, redact = compile_analyses(project, redact)
        analyses = run_analyses(connection, queries)
        figures = gather(marts, analyses, project, redact)
        charts = draw_charts(chart_data(marts, figures["lacks"]))
    if not with_text:
        for ticket in figures["breaches_due"]:
            ticket["message_text_redacted"] = ""
    return _markdown(figures, charts), charts


def page(report: str, charts: list[Chart]) -> str:
    """The Markdown as one HTML file, pictures and style inside."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(report)
    pictures = {chart.file_name: chart.svg for chart in charts}
    body = _PICTURE.sub(lambda match: f"<figure>{pictures[match[1]]}</figure>", body)
    # Wide tables scroll by themselves on a phone, and the keyboard reaches them.
    body = "".join(_named_regions(body)).replace("</table>", "</table></div>")
    heading = report.split("\n", 1)[0].removeprefix("# ")
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY, quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _named_regions(body: str) -> Iterator[str]:
    """The page with each table in a region that has the name of its heading."""
    heading, tables_count = "", 0
    for part in _HEADING_OR_TABLE.split(body):
        if part == "<table>":
            tables_count += 1
            label = heading if tables_count == 1 else f"{heading}, table {tables_count}"
            yield f'<div class="table" role="region" aria-label="{label}" tabindex="0">'
        elif part.startswith(("<h2>", "<h3>")):
            heading, tables_count = re.sub("<[^>]*>", "", part), 0
        yield part


def _markdown(figures: dict[str, Any], charts: list[Chart]) -> str:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
        # Whatever a template shows is escaped unless it is Markdown of our own making.
        finalize=wording.escaped,
    )
    for function in (
        wording.whole,
        wording.decimal,
        wording.percent,
        wording.capital,
        wording.p_value,
        sentences.false_alarms_at_most,
        sentences.chance_of_a_false_one,
    ):
        environment.filters[function.__name__] = function
    environment.filters["safe_text"] = wording.escaped
    # Rows that a macro of the template wrote: their cells are escaped already.
    environment.filters["safe_rows"] = wording.Plain
    for module, names in (
        (
            wording,
            "day days instant hours hours_long name counted in_unit range_in_unit p_value"
            " shortened",
        ),
        (
            sentences,
            "title headline paragraph at_stake hours_at_stake why question_title question_note"
            " reading topics_left_out segment_name styled difference backlog_moved"
            " backlog_grew same_topic lacking untested open_tickets moved_most most_often_about"
            " still_going_on costs quiet_days untargeted",
        ),
        (
            service,
            "answer no_comparison incidents_in without_incidents without_days_of style_of"
            " change_with_range",
        ),
    ):
        environment.globals |= {name: getattr(module, name) for name in names.split()}
    environment.globals["question_has_one_measure"] = lambda rows: (
        len({row["measure"] for row in rows}) < 2
    )
    accuracy = next(
        (
            row
            for rows in figures["questions"].values()
            for row in rows
            if row["measure"] == "agrees with the tag" and row["estimate"] is not None
        ),
        None,
    )
    repeat = next(
        (row["detail"] for row in figures["findings"] if row["kind"] == "repeat_contacts"), None
    )
    first_of: dict[str, int] = {}
    for number, finding in enumerate(figures["findings"], start=1):
        first_of.setdefault(finding["kind"], number)
    text = environment.get_template("template.md.j2").render(
        **figures,
        charts={Path(chart.file_name).stem: chart.description for chart in charts},
        accuracy=accuracy,
        repeat=repeat,
        first_of=first_of,
    )
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
