"""Models of a second's fraction, for tests of what happens around them.

They accept what is not malformed and publish both tables. Patch build._run_models with `run`.
"""

from __future__ import annotations

import duckdb
from support_analytics.dbt_runner import DbtSession, Mart, Outcome
from support_analytics.exports import CellRules

_SQL = """
    create schema if not exists staging;
    create schema if not exists intermediate;
    create schema if not exists marts;
    create table staging.stg_tickets as
        select * from raw.tickets_raw where malformed_record is null;
    create table staging.rejected_tickets as
        select line_number, 'malformed_row' as reasons, message_text, malformed_record
        from raw.tickets_raw where malformed_record is not null;
    create table intermediate.int_clock_derived as select timestamp '2025-11-04' as as_of_at;
    create table marts.fct_data_quality as
        select 'joinability_to_users' as check_name, 0 as rows_checked, 0 as rows_failed;
"""


def run(session: DbtSession, *_: object) -> tuple[Outcome, CellRules]:
    """Stand in for build._run_models."""
    with duckdb.connect(str(session.database), config=dict(session.settings)) as connection:
        connection.execute(_SQL)
    marts = [
        Mart("fct_tickets", "staging.stg_tickets", ("line_number",), frozenset()),
        Mart("rejected_tickets", "staging.rejected_tickets", ("line_number",), frozenset()),
    ]
    return Outcome(marts=marts, models_count=2, tests_count=0), CellRules(lambda column: column)
