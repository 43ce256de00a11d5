"""Incidents that the warehouse found, for the bands on the trend charts."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from support_analytics.names import NO_TOPICS

# Of all tickets, whatever a reader filters. Told is the effect on first responses where it is sure,
# and the channel, category and topic that surely brought more than their usual part.
_INCIDENTS = f"""
select
    start_day, end_day, is_ongoing, incidents.tickets_created, incidents.expected_tickets,
    case when is_channel_above_usual then channel end as channel,
    case when is_category_above_usual then category end as category, category_extra_ratio,
    case when is_topic_above_usual and topic not in {NO_TOPICS} then topic end as topic,
    topic_extra_ratio, incidents.extra_tickets <= 0 as is_of_one_kind,
    extra_by_day,
    case when frt_effect_ci_low > 0 then frt_avg_minutes end as frt_avg_minutes,
    case when frt_effect_ci_low > 0 then frt_expected_minutes end as frt_expected_minutes
from marts.fct_incidents as incidents
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
