"""Control totals: figures of the marts that the page recomputes from its ticket rows.

Each group is a list of rows; a row has the keys that say what to recompute and the mart's values
under the mart's column names. page/check.js holds them against the page's own figures.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb

HEALTH_METRICS = (
    "tickets_created",
    "resolved_count",
    "open_count",
    "closed_without_solution_count",
    "resolution_rate",
    "frt_avg_minutes",
    "frt_median_minutes",
    "frt_p95_minutes",
    "resolution_median_minutes",
    "fcr_strict_rate",
    "fcr_lenient_rate",
    "frt_sla_met_rate",
    "resolution_sla_met_rate",
    "backlog_closing_count",
    "ai_tag_accuracy_rate",
)
# What the page shows of fct_data_quality as it is.
DATA_QUALITY = """
select check_name, rows_checked, rows_failed, failed_rate, threshold, is_passing
from marts.fct_data_quality
order by is_passing, rows_failed desc, check_name
"""
_SLA_COLUMNS = """
    {sla}.frt_count, {sla}.frt_avg_minutes, {sla}.frt_median_minutes, {sla}.frt_p95_minutes,
    {sla}.resolution_count, {sla}.resolution_avg_minutes, {sla}.resolution_median_minutes,
    {sla}.resolution_p95_minutes, {sla}.frt_sla_applicable_count, {sla}.frt_sla_met_count,
    {sla}.frt_sla_met_rate, {sla}.resolution_sla_applicable_count,
    {sla}.resolution_sla_met_count, {sla}.resolution_sla_met_rate
"""
_DAYS = f"""
select
    created_day - $start as day,
    tickets.tickets_created, tickets.tickets_created_7d_avg, tickets.resolved_count,
    tickets.open_count, tickets.closed_without_solution_count, tickets.resolution_rate,
    {_SLA_COLUMNS.format(sla="sla")},
    sla.frt_avg_7d_minutes, sla.frt_ticket_weighted_7d_minutes,
    fcr.fcr_strict_count, fcr.fcr_strict_rate, fcr.fcr_lenient_count, fcr.fcr_lenient_rate,
    backlog.opening_count as backlog_opening_count,
    backlog.resolved_count as backlog_resolved_count,
    backlog.closed_count as backlog_closed_count,
    backlog.closing_count as backlog_closing_count
from marts.fct_tickets_daily as tickets
inner join marts.fct_sla_daily as sla using (created_day)
inner join marts.fct_fcr_daily as fcr using (created_day)
inner join marts.fct_backlog_daily as backlog on tickets.created_day = backlog.day
where created_day >= $start
order by created_day
"""
_CHANNEL_WEEKS = f"""
select
    sla.created_week - $start as day, sla.channel,
    sla.tickets_created, {_SLA_COLUMNS.format(sla="sla")}, sla.resolution_rate
from marts.fct_sla_by_channel_weekly as sla
where sla.created_week >= $first_week
order by sla.created_week, sla.channel
"""
_CATEGORY_WEEKS = """
select created_week - $start as day, category_effective as category, tickets_created
from marts.fct_tickets_by_category_weekly
where created_week >= $first_week
order by created_week, category_effective
"""
_ACCURACY_WEEKS = """
select
    created_week - $start as day,
    tagged_count, agreed_count, accuracy_rate, accuracy_ci_low, accuracy_ci_high
from marts.fct_ai_tag_accuracy_weekly
where created_week >= $first_week
order by created_week
"""
_CONFUSION = """
select tag, ai_category, tickets_count, tag_tickets_count, tag_share
from marts.fct_ai_tag_confusion_matrix
order by tag, ai_category
"""
_SCORES = """
select category, precision, recall, f1, support_count
from marts.fct_ai_tag_scores
order by category
"""
_BACKLOG = """
select
    status, open_count, age_avg_hours, age_median_hours, age_p95_hours, age_max_hours,
    age_under_1d_count, age_1d_to_3d_count, age_3d_to_7d_count, age_7d_to_30d_count,
    age_over_30d_count
from marts.fct_backlog_by_status
order by status
"""
_OUTLIERS = """
select outlier_rank, ticket_id, first_response_time_minutes
from marts.fct_frt_outliers
order by outlier_rank
"""


def control_totals(
    connection: duckdb.DuckDBPyConnection, start: date, is_whole: bool
) -> dict[str, dict[str, Any]]:
    """Group -> column names, number of leading key columns, rows; start is the page's first day.

    Where the page holds a rolling window, groups over all tickets are left out, and weeks that
    began before it.
    """
    first_week = _first_week(start, is_whole)
    days = {"start": start}
    weeks = {"start": start, "first_week": first_week}
    groups = {
        "days": _group(connection, _DAYS, 1, days),
        "channel_weeks": _group(connection, _CHANNEL_WEEKS, 2, weeks),
        "category_weeks": _group(connection, _CATEGORY_WEEKS, 2, weeks),
        "accuracy_weeks": _group(connection, _ACCURACY_WEEKS, 1, weeks),
        "backlog": _group(connection, _BACKLOG, 1, {}),
        "health": _health(connection, start),
    }
    if is_whole:
        groups["confusion"] = _group(connection, _CONFUSION, 2, {})
        groups["scores"] = _group(connection, _SCORES, 1, {})
        groups["outliers"] = _group(connection, _OUTLIERS, 1, {})
    return groups


def _first_week(start: date, is_whole: bool) -> date:
    # The data's first week may be a part of one; nothing of it is missing on the page.
    monday = start - timedelta(days=start.weekday())
    return monday if is_whole or monday == start else monday + timedelta(days=7)


def _group(
    connection: duckdb.DuckDBPyConnection, query: str, keys: int, parameters: dict[str, Any]
) -> dict[str, Any]:
    result = connection.execute(query, parameters)
    columns = [description[0] for description in result.description]
    return {"keys": keys, "columns": columns, "rows": [list(row) for row in result.fetchall()]}


def _health(connection: duckdb.DuckDBPyConnection, start: date) -> dict[str, Any]:
    """Support health as rows: days from and to, which of now, before and change, the metrics."""
    rows = []
    for period, first, last in connection.execute(
        "select period, period_start_day, period_end_day from marts.fct_support_health "
        "where period_start_day >= ? order by period",
        [start],
    ).fetchall():
        for which, suffix in (("now", ""), ("before", "_previous"), ("change", "_change")):
            columns = ", ".join(f"{metric}{suffix}" for metric in HEALTH_METRICS)
            values = connection.execute(
                f"select {columns} from marts.fct_support_health where period = ?", [period]
            ).fetchall()[0]
            # A period before that the page's window does not reach has nothing to be compared.
            days_before = (last - first).days + 1
            if which != "now" and period != "all" and (first - start).days < days_before:
                continue
            rows.append([(first - start).days, (last - start).days, which, *values])
    return {"keys": 3, "columns": ["from", "to", "which", *HEALTH_METRICS], "rows": rows}
