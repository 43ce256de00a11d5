"""Incidents that the warehouse found, for the bands on the trend charts."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

# Of all tickets, whatever a reader filters. The effect on first responses is told where it is sure,
# and the channel where it surely brought more of the extra tickets than of the expected ones.
_INCIDENTS = """
select
    start_day, end_day, is_ongoing, incidents.tickets_created, incidents.expected_tickets,
    category, category_extra_ratio, topic, topic_extra_ratio,
    case
        when segments.extra_ci_low / incidents.extra_tickets
            > segments.expected_tickets / incidents.expected_tickets
            then channel
    end as channel,
    extra_by_day,
    case when frt_effect_ci_low > 0 then frt_avg_minutes end as frt_avg_minutes,
    case when frt_effect_ci_low > 0 then frt_expected_minutes end as frt_expected_minutes
from marts.fct_incidents as incidents
inner join marts.fct_incident_segments as segments
    on incidents.incident_number = segments.incident_number
    and segment_type = 'channel' and segment_rank = 1
inner join (
    select
        incident_number,
        list(tickets_created - expected_tickets order by created_day) as extra_by_day
    from marts.fct_tickets_expected_daily
    group by incident_number
) as days on incidents.incident_number = days.incident_number
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
