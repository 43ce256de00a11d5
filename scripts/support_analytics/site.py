"""One static folder of everything that people browse: dbt's docs, guides, dashboard, report."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import scratch_session
from support_analytics.errors import UserError
from support_analytics.warehouse import open_built

MARKER = ".support_analytics_site"
DBT_DOCS = Path("docs") / "index.html"
GUIDES = "guide"
# What a build writes for people: file, title, what it is.
REPORTS = (
    ("support_health.html", "Support Health", "The figures of any period, with their definitions."),
    ("executive_report.html", "Executive report", "What happened, why, and what to do."),
    ("benchmark.html", "Benchmark", "How long a build takes, and on how many tickets."),
    ("data_dictionary.csv", "Data dictionary", "Every column: meaning, unit, may it be summed."),
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
a { color: #0b57a4 } img { max-width: 100% }
pre { overflow-x: auto; background: #f3f4f6; padding: .8rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top }
li { margin: .3rem 0 }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #16181c }
  a { color: #8cc1ff } pre { background: #24272e } td, th { border-color: #555 } }
"""


@dataclass(frozen=True)
class Page:
    """A page behind the index: where it lies, below the site's folder, and what it is."""

    path: str
    title: str
    about: str


def build_site(database: Path, reports: Path, out: Path, project: Path = PROJECT) -> list[Page]:
    """Write the site to out, replacing an earlier one as a whole; returns its pages.

    What reports does not hold is left out. Raises UserError for a missing database and for a
    folder at out that is not a site, BuildError when dbt cannot document the database.
    """
    # dbt runs in the project's folder.
    out = out.resolve()
    as_of_at = _as_of_at(database)
    if out.exists() and not (out / MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} exists and is no site of this command; name another folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=out.parent) as work:
        stage = Path(work) / "site"
        stage.mkdir()
        pages = [
            *_copy_reports(reports, stage),
            _write_dbt_docs(database, stage, Path(work), project),
        ]
        guides = _write_guides(project, stage)
        (stage / "index.html").write_text(_index(pages, guides, as_of_at), encoding="utf-8")
        (stage / MARKER).touch()
        earlier = Path(work) / "earlier"
        if out.exists():
            out.rename(earlier)
        try:
            stage.rename(out)
        except OSError:
            if earlier.exists():
                earlier.rename(out)
            raise
    return [*pages, *guides]


def render_guide(text: str, source: Path, project: Path) -> str:
    """A Markdown document of the project as a page of the site.

    Links to guides and models lead to their pages in the site; what the site does not hold (other
    files of the project) keeps its text and loses its link.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following:
            token.attrSet("id", anchor(following.content))
        if token.type == "inline" and token.children:
            token.children = _relinked(token.children, source, project)
    heading = text.lstrip().split("\n", 1)[0].removeprefix("# ")
    body = '<p><a href="../index.html">Support analytics</a></p>'
    return _page(heading, body + markdown.renderer.render(tokens, markdown.options, {}))


def anchor(heading: str) -> str:
    """The fragment that leads to a heading, as GitHub makes it."""
    text = re.sub(r"[^\w\- ]", "", heading.lower())
    return text.replace(" ", "-")


def _as_of_at(database: Path) -> str:
    clock = "intermediate.int_clock_derived"
    with open_built(database, [clock]) as connection:
        (as_of_at,) = connection.execute(
            f"select strftime(as_of_at, '%Y-%m-%d %H:%M') from {clock}"
        ).fetchone()
    return as_of_at


def _copy_reports(reports: Path, stage: Path) -> list[Page]:
    pages = []
    for name, title, about in REPORTS:
        if (reports / name).is_file():
            shutil.copyfile(reports / name, stage / name)
            pages.append(Page(name, title, about))
    return pages


def _write_dbt_docs(database: Path, stage: Path, work: Path, project: Path) -> Page:
    built = database.resolve()
    with scratch_session(project, work, database=built, read_only=True) as session:
        page = session.write_docs().read_text(encoding="utf-8")
    # dbt's page asks for an icon that does not exist, and says where on whose machine it was made.
    page = re.sub(r'<link rel="shortcut icon"[^>]*>', '<link rel="icon" href="data:,"/>', page)
    page = page.replace("<title>dbt Docs</title>", "<title>Support analytics: models</title>")
    for folder in (str(project), str(work)):
        page = page.replace(folder, ".")
    target = stage / DBT_DOCS
    target.parent.mkdir()
    target.write_text(page, encoding="utf-8")
    return Page(
        DBT_DOCS.as_posix(), "Models and metrics", "Every column's definition, lineage, SQL, tests."
    )


def _write_guides(project: Path, stage: Path) -> list[Page]:
    folder = stage / GUIDES
    folder.mkdir()
    pages = []
    for source in _guide_sources(project):
        text = source.read_text(encoding="utf-8")
        path = folder / f"{source.stem}.html"
        path.write_text(render_guide(text, source, project), encoding="utf-8")
        title = text.lstrip().split("\n", 1)[0].removeprefix("# ")
        pages.append(Page(f"{GUIDES}/{path.name}", title, ""))
    if (project / "docs" / "images").is_dir():
        shutil.copytree(project / "docs" / "images", folder / "images")
    return pages


def _guide_sources(project: Path) -> list[Path]:
    return [*sorted((project / "docs").glob("*.md")), project / "DECISIONLOG.md"]


def _relinked(children: Sequence[Token], source: Path, project: Path) -> list[Token]:
    kept = []
    is_dropped = False
    for token in children:
        if token.type == "link_open":
            target = _site_link(str(token.attrGet("href")), source, project)
            is_dropped = target is None
            if target is not None:
                token.attrSet("href", target)
        if is_dropped and token.type in ("link_open", "link_close"):
            continue
        kept.append(token)
    return kept


def _site_link(href: str, source: Path, project: Path) -> str | None:
    """Where a link of a guide leads within the site; None where the site does not hold it."""
    if re.match(r"[a-z]+:|#", href):
        return href
    path, hash_mark, fragment = href.partition("#")
    target = (source.parent / path).resolve()
    if target in _guide_sources(project):
        return f"{target.stem}.html{hash_mark}{fragment}"
    if target.suffix == ".sql" and target.is_relative_to(project / "models"):
        return f"../{DBT_DOCS.as_posix()}#!/model/model.support_analytics.{target.stem}"
    return None


def _index(pages: Sequence[Page], guides: Sequence[Page], as_of_at: str) -> str:
    first = "".join(f"<li>{_link(page)}: {escape(page.about)}</li>" for page in pages)
    rest = "".join(f"<li>{_link(page)}</li>" for page in guides)
    return _page(
        "Support analytics",
        f"<h1>Support analytics</h1><p>Figures as of {as_of_at} UTC.</p><ul>{first}</ul>"
        f"<h2>Guides</h2><ul>{rest}</ul>",
    )


def _link(page: Page) -> str:
    return f'<a href="{escape(page.path)}">{escape(page.title)}</a>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"</head><body>{body}</body></html>\n"
    )
