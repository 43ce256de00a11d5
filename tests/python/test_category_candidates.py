"""A topic that the rules do not know must come up among the candidates for a category."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
from conftest import Build
from support_analytics.build import PROJECT
from support_analytics.dbt_runner import DbtSession

# Left out on purpose, and how its tickets name it.
TOPIC = "coupon"
ITS_WORDS = {"coupon", "coupons", "cupom", "cupon", "discount", "discounts", "voucher", "vouchers"}
FIRST = 10


def candidates(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select phrase from marts.fct_category_candidates order by candidate_rank"
    ).fetchall()
    return [phrase for (phrase,) in rows]


def names_the_topic(phrase: str) -> bool:
    return bool(ITS_WORDS & set(phrase.split()))


def test_a_topic_left_out_of_the_rules_is_found_again(sample_build: Build, tmp_path: Path) -> None:
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        known = candidates(connection)
    assert known
    assert not any(map(names_the_topic, known))

    # Views name the database that they are in, so the copy keeps its name.
    database = tmp_path / sample_build.database.name
    shutil.copyfile(sample_build.database, database)
    with duckdb.connect(str(database)) as connection:
        removed = connection.execute(
            "delete from raw.category_rules where topic = ?", [TOPIC]
        ).fetchone()
        assert removed[0] > 0
    session = DbtSession(
        project=PROJECT,
        database=database,
        work=tmp_path,
        variables={},
        threads=2,
        log_folder=tmp_path / "logs",
    )
    try:
        session.parse()
        session.run("int_category_rules_checked+,+fct_category_candidates")
    finally:
        session.close()

    with duckdb.connect(str(database), read_only=True) as connection:
        found = candidates(connection)
        phrase, ids, texts, first_day, last_day = connection.execute(
            "select phrase, example_ticket_ids, example_texts_redacted, first_day, last_day"
            " from marts.fct_category_candidates where candidate_rank = ?",
            [1 + next(rank for rank, name in enumerate(found) if names_the_topic(name))],
        ).fetchone()
        examples = connection.execute(
            "select ticket_id, message_text from marts.fct_tickets"
            " where list_contains(string_split(?, ', '), ticket_id)",
            [ids],
        ).fetchall()
    assert any(map(names_the_topic, found[:FIRST])), found
    assert len(examples) == 3
    assert all(phrase in text.lower() for _, text in examples)
    assert texts.count(" | ") == 2
    assert first_day < last_day
