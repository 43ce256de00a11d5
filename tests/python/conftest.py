"""Fixtures that test modules share: the sample built once a session, and small raw files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dashboard_page import CHROMIUM, CHROMIUM_OPTIONS, Tab, open_tab
from support_analytics import dbt_runner
from support_analytics.build import DATABASE_NAME, PROJECT, BuildOptions, build

# A folder of an earlier `build_metrics.py` run on the sample, to save the seconds of another.
REUSED_BUILD = "SUPPORT_ANALYTICS_TEST_BUILD"

TICKET_COLUMNS = (
    *("ticket_id", "created_at", "resolved_at", "status", "channel", "creator_id", "tag"),
    *("first_response_time", "message_text"),
)
TICKET_HEADER = ",".join(TICKET_COLUMNS)
TICKET_LINES = (
    "007,2025-09-01 10:00,2025-09-01 10:59:59,resolved,email,c1,checkout,12.5,Pix not accepted",
    "T2,2025-09-02T01:30:00.25Z,,pending,chatbot,c2,,,NA",
    'T3,2025-09-03,2025-09-05,closed_without_solution,in_app,c9,others,3,"Write to ana@example.com',
    'or ""call"""',
    "T4,2025-09-04 08:00+02:00,2025-09-04 09:00,resolved,whatsapp,c1,financial,1,=payout late",
    "T5,not a day,,resolved,fax,c1,,-1,rejected",
    "T6,2025-09-04",
)
USER_LINES = ("creator_id,country,plan,signup_date", "c1,BR,pro,2024-01-31", "c2,ES,free,")


@dataclass(frozen=True)
class Build:
    """Outputs of a build: the folder of exports and the DuckDB file."""

    exports: Path
    database: Path


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return PROJECT


@pytest.fixture(scope="session")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample's marts, built once for all tests. Read only."""
    reused = os.environ.get(REUSED_BUILD)
    exports = Path(reused) if reused else tmp_path_factory.mktemp("sample") / "exports"
    if not reused:
        seeds = PROJECT / "seeds"
        build(
            BuildOptions(
                tickets=seeds / "tickets_raw.csv", users=seeds / "users_raw.csv", out=exports
            )
        )
    return Build(exports, exports / DATABASE_NAME)


@pytest.fixture
def sample_database(sample_build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the sample's database."""
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        yield connection


@pytest.fixture
def leave_out_data_tests(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Builds of this process run no data tests from then on: they are more than half of the time.

    For tests about something else, on data that others build with data tests.
    """

    def leave_out() -> None:
        monkeypatch.setattr(dbt_runner, "NOT_BUILT", (*dbt_runner.NOT_BUILT, "test"))

    return leave_out


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    """Write lines, a text or bytes to a file in the test's folder and return its path."""

    def write(name: str, *content: str | bytes) -> Path:
        path = tmp_path / name
        if content and isinstance(content[0], bytes):
            path.write_bytes(content[0])
        else:
            path.write_text("".join(f"{line}\n" for line in content), "utf-8", newline="")
        return path

    return write


@pytest.fixture
def tickets_file(write_file: Callable[..., Path]) -> Path:
    """Four tickets that are accepted and two that are not."""
    return write_file("tickets.csv", TICKET_HEADER, *TICKET_LINES)


@pytest.fixture
def users_file(write_file: Callable[..., Path]) -> Path:
    """Two creators."""
    return write_file("users.csv", *USER_LINES)


@pytest.fixture(scope="session")
def redact() -> Callable[[str], str]:
    """The project's redaction, compiled once."""
    from support_analytics.dashboard.write import project_redaction

    return project_redaction()


@pytest.fixture(scope="session")
def sample_page(sample_build, redact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample."""
    from support_analytics.dashboard import write_dashboard

    path = tmp_path_factory.mktemp("page") / "support_health.html"
    write_dashboard(sample_build.database, path, redact=redact)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, or a skip with the reason."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Tab]]:
    """Open a file in a fresh profile and wait until it is drawn."""
    tabs: list[Tab] = []

    def opened(path: Path, fragment: str = "", **options: Any) -> Tab:
        tabs.append(open_tab(browser, path, fragment, **options))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.page.context.close()


def changed_copy(database: Path, target: Path, statement: str) -> Path:
    """A copy of a built database, changed by one statement."""
    shutil.copyfile(database, target)
    with duckdb.connect(str(target)) as connection:
        connection.execute(statement)
    return target
