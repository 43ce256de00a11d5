"""Page, report, site and requests open a built database in one way, with one set of messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support_analytics.dashboard import write_dashboard
from support_analytics.errors import UserError
from support_analytics.llm.project import open_tickets
from support_analytics.report import write_report
from support_analytics.site import build_site

# Holds the file open for writing until its input ends.
HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
READERS = {
    "page": lambda database, out: write_dashboard(database, out / "page.html"),
    "report": lambda database, out: write_report(database, out),
    "site": lambda database, out: build_site(database, out, out / "site"),
    "requests": lambda database, out: open_tickets(database, ("ticket_id",)),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_database_that_cannot_be_read_is_named_with_its_remedy(
    reader: str, tmp_path: Path
) -> None:
    text, empty = tmp_path / "text.duckdb", tmp_path / "o'empty.duckdb"
    text.write_text("no database, but long enough to look like one " * 9)
    duckdb.connect(str(empty)).close()
    said = {}
    for path in (tmp_path / "none.duckdb", text, empty):
        with pytest.raises(UserError) as caught:
            READERS[reader](path, tmp_path / "out")
        said[path.name] = str(caught.value).removeprefix(f"--db {path}")
    assert said["none.duckdb"] == ": no such file; build it first with scripts/build_metrics.py"
    assert said["text.duckdb"].startswith(" is not a DuckDB file that can be read (")
    assert said["text.duckdb"].endswith("); give the database of a build")
    assert said["o'empty.duckdb"].startswith((" has no marts.fct_", " has no intermediate.int_"))
    assert said["o'empty.duckdb"].endswith("; build it with this version first")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("reader", READERS)
def test_a_database_that_another_process_writes_is_said_to_be(reader: str, tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(UserError, match=f"open for writing in another process.*{holder.pid}"):
            READERS[reader](path, tmp_path / "out")
        holder.communicate()
