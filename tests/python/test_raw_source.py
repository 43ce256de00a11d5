"""Tickets that stand in Parquet files or in a table give the marts that the same CSV gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile_inputs import draw_inputs, write_inputs
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession

RAW_SEEDS = ("tickets_raw", "users_raw")
# Tickets of two months, with users, faulty rows and rows of too many fields.
INPUTS_SEED = 504
# All that is made of raw rows at first hand, or of what these need; other marts are made of them.
NEAREST_MARTS = ("fct_tickets", "fct_data_quality", "rejected_tickets", "rejected_users")
NO_SOURCE = {"tickets_path": "", "tickets_relation": "", "users_path": "", "users_relation": ""}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtSession]:
    """The project, parsed once."""
    folder = tmp_path_factory.mktemp("raw_source")
    session = DbtSession(
        PROJECT, folder / "raw_source.duckdb", folder, NO_SOURCE, threads=2, log_folder=folder
    )
    session.parse()
    yield session
    session.close()


@pytest.fixture(scope="module")
def run(session: DbtSession) -> Callable[..., None]:
    """Run a dbt command with vars and fail with what it says."""

    def run_command(variables: Mapping[str, str], *command: str) -> None:
        session.variables = {**NO_SOURCE, **variables}
        try:
            results = session._invoke(command).results
        finally:
            session.close()
        failed = [f"{r.node.name}: {r.message}" for r in results if r.status in ("error", "fail")]
        if failed:
            raise AssertionError("\n".join(failed))

    return run_command


def read_marts(database: Path) -> dict[str, list[Any]]:
    """The rows of every published table, in one order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema = 'marts' or table_name like 'rejected_%' order by all"
        ).fetchall()
        return {
            name: connection.execute(f"select * from {schema}.{name} order by all").fetchall()
            for schema, name in names
        }


def test_marts_are_those_of_the_csv(
    session: DbtSession, run: Callable[..., None], tmp_path: Path
) -> None:
    files = write_inputs(draw_inputs(INPUTS_SEED), tmp_path / "inputs")
    build = ("build", "--exclude-resource-types", "unit_test", "test", "--select")
    build += tuple(f"+{mart}" for mart in NEAREST_MARTS)
    run({"tickets_path": str(files["tickets"]), "users_path": str(files["users"])}, *build)
    expected = read_marts(session.database)
    assert set(NEAREST_MARTS) <= set(expected)
    assert len(expected["fct_tickets"]) > 100
    assert len(expected["rejected_tickets"]) > 10

    with duckdb.connect(str(session.database)) as connection:
        connection.execute("create schema given")
        for seed in RAW_SEEDS:
            connection.execute(f"create table given.{seed} as select * from raw.{seed}")
            # Two files, which a pattern names.
            for part in (0, 1):
                connection.execute(
                    f"copy (select * from raw.{seed} where line_number % 2 = {part})"
                    f" to '{tmp_path}/{seed}_{part}.parquet' (format parquet)"
                )

    for given in ("path", "relation"):
        sources = {
            f"{seed.removesuffix('_raw')}_{given}": (
                f"{tmp_path}/{seed}_*.parquet" if given == "path" else f"given.{seed}"
            )
            for seed in RAW_SEEDS
        }
        run(sources, *build)
        assert read_marts(session.database) == expected, given
        with duckdb.connect(str(session.database), read_only=True) as connection:
            kinds = connection.execute(
                "select distinct table_type from information_schema.tables"
                " where table_schema = 'raw' and table_name in ('tickets_raw', 'users_raw')"
            ).fetchall()
        assert kinds == [("VIEW",)], "rows are read in place, not copied"


def test_typed_columns_become_the_text_that_staging_reads(
    session: DbtSession, run: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "typed.parquet"
    duckdb.execute(
        f"""
        copy (
            select
                7 as "Ticket_ID",
                timestamp '2025-03-04 05:06:07.25' as created_at,
                timestamptz '2025-03-04 10:00:00+02' as resolved_at,
                'resolved' as status, 'email' as channel, 360001234567::double as creator_id,
                cast(null as varchar) as tag, 12.5 as first_response_time, 'NULL' as message_text,
                'ignored' as assignee
        ) to '{path}' (format parquet)
        """
    )
    run({"tickets_path": str(path), "users_relation": "none"}, "seed", "--select", *RAW_SEEDS)
    run({"tickets_path": str(path), "users_relation": "none"}, "run", "--select", "+stg_tickets")
    with duckdb.connect(str(session.database), read_only=True) as connection:
        raw = connection.execute("select * exclude (resolved_at) from raw.tickets_raw").fetchall()
        (resolved,) = connection.execute("select resolved_at from staging.stg_tickets").fetchone()
        users = connection.execute("select count(*) from raw.users_raw").fetchone()
    created = "2025-03-04 05:06:07.25"
    assert raw == [
        ("7", created, "resolved", "email", "360001234567", None, "12.5", "NULL", None, None),
    ]
    assert str(resolved) == "2025-03-04 08:00:00"
    assert users == (0,)


FAULTS = {
    "both": (
        {"tickets_path": "a.parquet", "tickets_relation": "given.a"},
        "tickets_path and tickets_relation are both set",
    ),
    "tickets alone": ({"tickets_path": "a.parquet"}, "users_relation to none"),
    "mistyped": (
        {"ticket_path": "a.parquet"},
        "no seed has the var ticket_path; there are ai_labels_",
    ),
    "no required column": (
        {"tickets_path": "seeds/users_raw.csv", "users_relation": "none"},
        "required column 'ticket_id' is missing; there are creator_id, country",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_wrong_source_says_what_to_do(run: Callable[..., None], case: str) -> None:
    variables, message = FAULTS[case]
    with pytest.raises(AssertionError) as fault:
        run(variables, "seed", "--select", *RAW_SEEDS)
    assert message in str(fault.value)
