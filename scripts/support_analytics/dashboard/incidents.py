"""Incidents that the warehouse found, for the bands on the trend charts."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

# Of all tickets, whatever a reader filters. The effect on first responses is told where it is sure.
_INCIDENTS = """
select
    start_day, end_day, tickets_created, expected_tickets, channel, category, topic,
    case when frt_effect_ci_low > 0 then frt_avg_minutes end as frt_avg_minutes,
    case when frt_effect_ci_low > 0 then frt_expected_minutes end as frt_expected_minutes
from marts.fct_incidents
where end_day >= ?
order by start_day
"""


def find_incidents(connection: duckdb.DuckDBPyConnection, start: date) -> list[dict[str, Any]]:
    """Incidents that touch the days from start on, in the order of their days, days as ISO text."""
    result = connection.execute(_INCIDENTS, [start])
    names = [column[0] for column in result.description]
    return [
        {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in result.fetchall()
    ]
