"""Kinds of data that no ticket has: report and page say so, and judge nothing by them."""

from __future__ import annotations

import duckdb


def kinds_lacking(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Which of texts, first_responses, tags and users no accepted ticket has."""
    result = connection.execute(
        """
        select
            count(case when has_text then 1 end) as texts,
            count(first_response_time_minutes) as first_responses,
            count(tag) as tags,
            count(case when has_user then 1 end) as users
        from intermediate.int_tickets_measured
        """
    )
    kinds = [column[0] for column in result.description]
    return [kind for kind, count in zip(kinds, result.fetchall()[0], strict=True) if not count]
