"""Days with unusually many tickets, so that the trend chart can mark them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

# A day is held against the same weekday of this many weeks before and after it.
WEEKS_AROUND = 4
# Fewer such days than this tell nothing.
MIN_DAYS_COMPARED = 3
# Marked where the count is above expected + LIMIT * spread, and above expected * MIN_RATIO.
# The spread is that of counts (square root of the expected one).
LIMIT = 4.0
MIN_RATIO = 1.3

_ANOMALY_DAYS = f"""
with days as (
    select created_day as day, isodow(created_day) as weekday, tickets_created
    from marts.fct_tickets_daily
),
expected as (
    select
        days.day,
        days.tickets_created,
        median(others.tickets_created) as expected_tickets,
        count(*) as days_compared
    from days
    inner join days as others
        on days.weekday = others.weekday
        and days.day <> others.day
        and others.day between days.day - {7 * WEEKS_AROUND} and days.day + {7 * WEEKS_AROUND}
    group by days.day, days.tickets_created
)
select day, tickets_created, expected_tickets
from expected
where
    days_compared >= {MIN_DAYS_COMPARED}
    and tickets_created > expected_tickets + {LIMIT} * sqrt(greatest(expected_tickets, 1))
    and tickets_created > expected_tickets * {MIN_RATIO}
order by day
"""

# Which category brought most of the additional tickets of the days from ? to ?.
_CARRIER = f"""
with counts as (
    select created_day as day, isodow(created_day) as weekday, category_effective, tickets_created
    from marts.fct_tickets_by_category_daily
),
expected as (
    select
        counts.day,
        counts.category_effective,
        counts.tickets_created,
        median(others.tickets_created) as expected_tickets
    from counts
    inner join counts as others
        on counts.weekday = others.weekday
        and counts.category_effective = others.category_effective
        and others.day between counts.day - {7 * WEEKS_AROUND} and counts.day + {7 * WEEKS_AROUND}
        and others.day not between ? and ?
    where counts.day between ? and ?
    group by counts.day, counts.category_effective, counts.tickets_created
)
select category_effective
from expected
group by category_effective
order by sum(tickets_created - expected_tickets) desc, category_effective
limit 1
"""


@dataclass
class Incident:
    """Neighbouring days with unusually many tickets."""

    first_day: date
    last_day: date
    tickets: list[int] = field(default_factory=list)
    expected: float = 0.0
    category: str | None = None

    def as_facts(self) -> dict[str, Any]:
        """The incident for the page's header; days as ISO text."""
        return asdict(self) | {
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
        }


def find_incidents(connection: duckdb.DuckDBPyConnection) -> list[Incident]:
    """Incidents in the order of their days, from all tickets, whatever a reader filters.

    A day counts when it has more tickets than the median of the same weekday around it by more
    than chance explains. This is a marker for charts and claims no cause.
    """
    incidents: list[Incident] = []
    for day, tickets, expected in connection.execute(_ANOMALY_DAYS).fetchall():
        if not incidents or day > incidents[-1].last_day + timedelta(days=1):
            incidents.append(Incident(day, day))
        incident = incidents[-1]
        incident.last_day = day
        incident.tickets.append(tickets)
        incident.expected += expected
    for incident in incidents:
        incident.expected /= len(incident.tickets)
        span = [incident.first_day, incident.last_day]
        found = connection.execute(_CARRIER, span * 2).fetchall()
        incident.category = found[0][0] if found else None
    return incidents
