"""A model that was edited makes its rows anew, though its inputs are as they were.

`dbt build` on a database of one's own is a refresh: rows whose input is the same are kept.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import islice

import duckdb
import pytest
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession

LAST_MODEL = "int_tickets_measured"
TICKETS_COUNT = 40
# Path of a model, what stands in it, what is written instead, and what then holds of every row.
EDITS = [
    (
        "staging/base_tickets_parsed.sql",
        "lower({{ trimmed('tag') }}) as tag",
        "'others' as tag",
        "tag = 'others'",
    ),
    (
        "intermediate/classification/int_tickets_evidence_found.sql",
        "{{ plain_text('message_text') }} as remaining_text",
        "'' as remaining_text",
        "evidence_set_id is null",
    ),
    (
        "intermediate/int_tickets_measured.sql",
        "tickets.status = 'closed_without_solution' as is_closed_without_solution",
        "true as is_closed_without_solution",
        "is_closed_without_solution",
    ),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> DbtSession:
    """A copy of the project with the first tickets of the sample, built once."""
    folder = tmp_path_factory.mktemp("edited_models")
    project = folder / "project"
    for name in ("models", "macros", "seeds", "dbt_packages"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "packages.yml", "profiles.example.yml"):
        shutil.copy(PROJECT / name, project / name)
    with (PROJECT / "seeds/tickets_raw.csv").open(encoding="utf-8", newline="") as sample:
        first_lines = "".join(islice(sample, 1 + TICKETS_COUNT))
    (project / "seeds/tickets_raw.csv").write_text(first_lines, encoding="utf-8", newline="")
    session = DbtSession(
        project, folder / "edited.duckdb", folder, {}, threads=2, log_folder=folder
    )
    build(session)
    return session


def build(session: DbtSession) -> None:
    """Make the models that keep rows, from what is in the project now."""
    # A session parses once.
    fresh = replace(session, _manifest=None)
    try:
        fresh.parse()
        fresh.run(f"+{LAST_MODEL}")
    finally:
        fresh.close()


@pytest.mark.parametrize(("path", "written", "edited", "holds"), EDITS)
def test_no_row_of_the_code_before_stays(
    session: DbtSession, path: str, written: str, edited: str, holds: str
) -> None:
    file = session.project / "models" / path
    code = file.read_text(encoding="utf-8")
    assert code.count(written) == 1
    file.write_text(code.replace(written, edited), encoding="utf-8")
    try:
        build(session)
    finally:
        file.write_text(code, encoding="utf-8")
    with duckdb.connect(str(session.database), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema from information_schema.tables where table_name = ?", [file.stem]
        ).fetchall()
        counts = connection.execute(
            f"select count(*), count(case when {holds} then 1 end) from {tables[0][0]}.{file.stem}"
        ).fetchall()
    rows_count, as_edited_count = counts[0]
    assert rows_count > 0
    assert as_edited_count == rows_count
