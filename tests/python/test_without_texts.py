"""`--no-text` leaves no text of a message in any file for people, whichever command writes it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("altair", reason="altair is not installed")
pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

import build_dashboard
import build_report
from conftest import TICKET_HEADER
from support_analytics import cli, dbt_runner
from support_analytics.dashboard import write_dashboard
from support_analytics.dbt_runner import DATABASE_NAME
from support_analytics.report import write_report

# In every message, and nowhere else.
WORDS = ("xylophone", "zeppelin")
RESOLVED = (
    f"T{day},2025-09-0{day} 10:00,2025-09-0{day} 19:00,resolved,email,c1,financial,500,"
    f"xylophone {day}: refund please"
    for day in range(1, 7)
)
TICKETS = (
    *RESOLVED,
    # Its target falls due within a day: the report quotes such.
    "T7,2025-09-07 09:00,,pending,email,c2,,,xylophone: my payout is missing",
    # The unquoted comma puts a part of the message under no column's name.
    "T8,2025-09-07 10:00,,pending,email,c2,financial,3,a xylophone, my zeppelin",
)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of a build with page and report, without texts."""
    folder = tmp_path_factory.mktemp("silent")
    tickets, out = folder / "tickets.csv", folder / "out"
    tickets.write_text("".join(f"{line}\n" for line in (TICKET_HEADER, *TICKETS)), "utf-8")
    given = ["--tickets", str(tickets), "--out", str(out), "--max-rejected-rate", "1", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        # Data tests are more than half of the time, and about something else.
        patch.setattr(dbt_runner, "NOT_BUILT", (*dbt_runner.NOT_BUILT, "test"))
        assert cli.main([*given, "--dashboard", "--report", "--no-text"]) == 0
    return out


def texts_in(folder: Path) -> list[str]:
    """Files below folder that hold a word of a message. The database has them all, and stays."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        path.relative_to(folder).as_posix()
        for path in files
        if path.suffix != ".duckdb" and any(word in shown(path) for word in WORDS)
    ]


def shown(path: Path) -> str:
    """A file's text, that of a page's data block too."""
    text = path.read_text("utf-8")
    if 'id="block"' in text:
        text += json.dumps(facts_of(text))
    return text


def facts_of(page: str) -> Any:
    """The facts in a page's data block, as the page reads them."""
    block = re.search(r'<script type="text/plain" id="block">([^<]+)<', page)[1]
    content = zlib.decompress(base64.b64decode(block))
    length = int.from_bytes(content[:4], "little")
    return json.loads(content[4 : 4 + length])["facts"]


def test_no_output_of_a_build_holds_a_text(silent: Path) -> None:
    names = {path.suffix for path in silent.rglob("*")}
    assert {".csv", ".html", ".json", ".md", ".svg"} <= names
    assert texts_in(silent) == []
    facts = facts_of((silent / "support_health.html").read_text("utf-8"))
    assert facts["details"]["texts"] == [] and not facts["details"]["with_text"]
    assert facts["details"]["ids"], "there are tickets whose texts could be shown"


def test_with_texts_page_and_report_hold_them(silent: Path, tmp_path: Path) -> None:
    database = silent / DATABASE_NAME
    for write, name in ((write_dashboard, "page.html"), (write_report, "report")):
        write(database, tmp_path / name, redact=lambda column: column)
    assert texts_in(tmp_path) == [
        "page.html",
        "report/executive_report.html",
        "report/executive_report.md",
    ]


@pytest.mark.parametrize(
    "main", [build_dashboard.main, build_report.main], ids=["dashboard", "report"]
)
def test_no_command_writes_a_text(
    main: Callable[[list[str]], int], silent: Path, tmp_path: Path
) -> None:
    out = tmp_path / "written" / "page.html"
    assert main(["--db", str(silent / DATABASE_NAME), "--out", str(out), "--no-text"]) == 0
    assert out.exists()
    assert texts_in(tmp_path) == []
