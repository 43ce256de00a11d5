"""The static site: no dead link, no request to anywhere else, and exposures that tell the truth."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import pytest
import yaml
from support_analytics import site as site_module
from support_analytics.build import PROJECT
from support_analytics.errors import UserError
from support_analytics.site import DBT_DOCS, MARKER, build_site, render_guide

READERS = {
    "support_health_page": ("scripts/support_analytics/dashboard",),
    "executive_report": ("scripts/support_analytics/report", "analyses"),
}
CODE = {".py", ".js", ".html", ".j2", ".sql"}


class _Links(HTMLParser):
    """Links and anchors of a page, scripts left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name == "id" and value:
                self.anchors.add(value)


@pytest.fixture(scope="module")
def site(sample_build: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's site, with a report and a page of the kind that a build writes."""
    folder = tmp_path_factory.mktemp("site")
    reports = folder / "reports"
    reports.mkdir()
    (reports / "executive_report.html").write_text("<h1>Report</h1>", encoding="utf-8")
    (reports / "data_dictionary.csv").write_text("mart,column\n", encoding="utf-8")
    # Named from another folder than the project's.
    with _read_elsewhere(sample_build.database), contextlib.chdir(folder):
        build_site(sample_build.database, Path("reports"), Path("site"))
    return folder / "site"


@contextlib.contextmanager
def _read_elsewhere(database: Path) -> Iterator[None]:
    """Another process, a BI tool say, that has the database open."""
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        "print('open', flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with reader:
        assert reader.stdout.readline() == b"open\n"
        yield
        reader.stdin.close()


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    pages = {path: _Links(path.read_text("utf-8")) for path in _own_pages(site)}
    dead = [
        (path.name, link)
        for path, page in pages.items()
        for link in page.links
        if not _leads_somewhere(path, link, pages, site)
    ]
    assert not dead
    assert len(pages) > 5


def test_the_index_leads_to_every_page(site: Path) -> None:
    linked = {(site / link).resolve() for link in _Links((site / "index.html").read_text()).links}
    pages = {path.resolve() for path in site.rglob("*.html")} - {site / "index.html"}
    assert pages <= linked
    assert site / "data_dictionary.csv" in linked
    assert not (site / "support_health.html").exists(), "what was not built is no link either"
    assert "support_health" not in (site / "index.html").read_text()


def test_pages_may_load_nothing_from_outside(site: Path) -> None:
    pages = [site / "index.html", *site.glob("guide/*.html")]
    assert len(pages) > 5
    for page in pages:
        (policy,) = re.findall(
            r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">',
            page.read_text("utf-8"),
        )
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules.pop("default-src") == "'none'", page.name
        # Anything else is of the page itself or lies beside it.
        assert set(rules) == {"style-src", "img-src"}, page.name
        assert set(" ".join(rules.values()).split()) <= {"'unsafe-inline'", "'self'", "data:"}


def test_the_site_says_its_state_and_not_where_it_was_made(
    site: Path, sample_database: duckdb.DuckDBPyConnection
) -> None:
    (as_of_at,) = sample_database.execute(
        "select as_of_at from intermediate.int_clock_derived"
    ).fetchone()
    index = (site / "index.html").read_text("utf-8")
    assert f"Figures as of {as_of_at:%Y-%m-%d %H:%M} UTC." in index
    docs = (site / DBT_DOCS).read_text("utf-8")
    for folder in (PROJECT, site.parent):
        assert str(folder) not in docs


def test_no_page_asks_for_anything_outside(site: Path, browser: Any) -> None:
    requested: list[str] = []
    messages: list[str] = []
    page = browser.new_context().new_page()
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    for path in _own_pages(site):
        page.goto(path.as_uri())
    assert messages == []
    page.goto((site / DBT_DOCS).as_uri())
    page.wait_for_selector("h1:has-text('Support analytics')")
    assert page.locator("a[href*='fct_support_health']").count()
    page.goto((site / DBT_DOCS).as_uri() + "#!/metric/metric.support_analytics.frt_p95")
    page.wait_for_selector("text=Measures")
    inside = ("file://" + str(site), "data:", "blob:")
    assert [url for url in requested if not url.startswith(inside)] == []


def test_overview_leads_to_models_that_exist(site: Path) -> None:
    nodes = _documented_nodes(site)
    overview = (PROJECT / "models" / "overview.md").read_text(encoding="utf-8")
    linked = re.findall(r"#!/\w+/([\w.]+)", overview)
    assert len(linked) > 15
    assert set(linked) <= nodes


@pytest.mark.parametrize("exposure", READERS)
def test_exposures_list_the_marts_that_are_read(exposure: str) -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for folder in READERS[exposure]
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.suffix in CODE
    )
    assert _declared()[exposure] == {mart for mart in _marts() if re.search(rf"\b{mart}\b", text)}


def test_every_mart_is_exported_to_bi() -> None:
    assert _declared()["bi_exports"] == _marts()


def test_a_folder_of_someone_else_is_not_replaced(sample_build: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is no site of this command"):
        build_site(sample_build.database, tmp_path, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_earlier_site_stays_until_the_new_one_is_there(
    sample_build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / MARKER).touch()
    (out / "old.html").write_text("old")
    monkeypatch.setattr(site_module, "_write_dbt_docs", lambda *_: None)
    monkeypatch.setattr(site_module, "_index", lambda *_: "new")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "site" and target == out:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space left"):
        build_site(sample_build.database, tmp_path, out)
    assert (out / "old.html").read_text() == "old"
    monkeypatch.setattr(Path, "rename", rename)
    build_site(sample_build.database, tmp_path, out)
    assert not (out / "old.html").exists() and (out / "index.html").read_text() == "new"


def test_a_missing_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; build it first"):
        build_site(tmp_path / "none.duckdb", tmp_path, tmp_path / "site")


def test_guides_link_within_the_site() -> None:
    source = PROJECT / "docs" / "privacy.md"
    text = (
        "# Title\n\n## What it costs\n\n[a](dashboard.md#top) [b](../seeds/x.csv) "
        "[c](../models/marts/core/fct_tickets.sql) <script>alert(1)</script>"
    )
    page = render_guide(text, source, PROJECT)
    assert '<a href="dashboard.html#top">a</a> b ' in page
    assert "docs/index.html#!/model/model.support_analytics.fct_tickets" in page
    assert 'id="what-it-costs"' in page
    assert "<script>" not in page


def _own_pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if path != site / DBT_DOCS]


def _leads_somewhere(page: Path, link: str, pages: dict[Path, _Links], site: Path) -> bool:
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "data", "mailto"):
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return False
    if target == site / DBT_DOCS:
        return not parts.fragment or parts.fragment.rsplit("/", 1)[-1] in _documented_nodes(site)
    return not parts.fragment or parts.fragment in pages[target].anchors


def _documented_nodes(site: Path) -> set[str]:
    text = (site / DBT_DOCS).read_text(encoding="utf-8")
    return set(re.findall(r'"((?:model|semantic_model)\.support_analytics\.\w+)"', text))


def _marts() -> set[str]:
    models = PROJECT / "models"
    rejected = {path.stem for path in (models / "staging").glob("rejected_*.sql")}
    # Off by default: docs/status_history.md.
    optional = {path.stem for path in (models / "marts" / "history").glob("*.sql")}
    return {path.stem for path in (models / "marts").rglob("*.sql")} - optional | rejected


def _declared() -> dict[str, set[str]]:
    declared = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text(encoding="utf-8"))
    return {
        exposure["name"]: set(re.findall(r"ref\('(\w+)'\)", json.dumps(exposure["depends_on"])))
        for exposure in declared["exposures"]
    }
