"""Every figure of the report, read from the marts. Nothing is computed here that a mart has."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.errors import UserError, one_line
from support_analytics.exports import redacted_user_texts_sql
from support_analytics.lacking import kinds_lacking
from support_analytics.names import TITLES
from support_analytics.report.sentences import styled
from support_analytics.report.service import overall_verdict
from support_analytics.report.wording import Plain

Row = dict[str, Any]

# What no database of a build is without; of the rest `Marts` says what is missing.
TABLES = (
    "marts.fct_tickets",
    "marts.fct_support_health",
    "marts.fct_findings",
    "marts.fct_incidents",
    "marts.fct_recommendations",
)
# What open tickets can still change, and the earlier period had more time for.
_STILL_CHANGING = ("resolution_median_minutes", "closed_without_solution_count")
# (metric, the words for more and for less, its style). No word says better or worse: the mart has
# no interval for these figures.
_KEY_FIGURES = (
    ("tickets_created", ("more", "fewer"), "whole"),
    ("frt_median_minutes", ("longer", "shorter"), "minutes"),
    ("frt_avg_minutes", ("longer", "shorter"), "minutes"),
    ("frt_p95_minutes", ("longer", "shorter"), "minutes"),
    ("frt_sla_met_rate", ("higher", "lower"), "percent"),
    ("resolution_sla_met_rate", ("higher", "lower"), "percent"),
    ("fcr_strict_rate", ("higher", "lower"), "percent"),
    ("resolution_median_minutes", ("longer", "shorter"), "minutes"),
    ("closed_without_solution_count", ("more", "fewer"), "whole"),
    ("backlog_closing_count", ("more", "fewer"), "whole"),
)
# The belief that is tested within topics, beside the plain shares of the finding about returns.
_FAST_CLOSURES = "Repeat contacts follow fast closures"
# The kind of data without which a measure, by its first words, and a belief say nothing.
_MEASURE_NEEDS = (
    ("first response", "first_responses"),
    ("creators back", "texts"),
    ("agrees with the tag", "texts"),
    ("finds the tickets", "texts"),
    ("is right when given", "texts"),
)
_BELIEF_NEEDS = {
    "Staffing leaves gaps": "first_responses",
    "A slow first response goes with fewer resolutions": "first_responses",
    "Repeat contacts follow fast closures": "texts",
    "Topic predicts resolution time": "texts",
    "Tag coverage goes with accuracy": "texts",
}
# Where a rule's figures stand when no finding has them.
_QUESTION_OF = {"ticket_share": 1, "waiting_share": 2, "repeat_rate": 3, "frt_missed_rate": 4}
# And where those of topics that are not among the shown ones stand.
_MART_OF = {
    "ticket_share": "fct_topic_costs",
    "waiting_share": "fct_topic_costs",
    "repeat_rate": "fct_repeat_contacts",
    "incident_share": "fct_incident_segments",
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Marts:
    """Rows of a database's tables as dictionaries, read on one thread: always in one order."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of the query."""
        try:
            cursor = self.connection.execute(query, list(values))
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise UserError(
                "the database lacks what the report reads; build it again with this version: "
                + one_line(str(error), 200)
            ) from None
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of the query, or None."""
        rows = self.rows(query, values)
        return rows[0] if rows else None


def gather(
    marts: Marts,
    analyses: dict[str, list[Row]],
    project: Path,
    redact: Callable[[str], str],
) -> dict[str, Any]:
    """What the template reads, by name. redact makes SQL of redacted text from a column's SQL."""
    clock = marts.row("select * from intermediate.int_clock_derived")
    lacks = kinds_lacking(marts.connection)
    changes = _changes(marts, "4_weeks", lacks)
    calm_changes = _changes(marts, "4_weeks_calm", lacks)
    hypotheses = _hypotheses(analyses, lacks)
    findings = _findings(marts)
    for finding in findings:
        if finding["kind"] == "change":
            metric = finding["subject"]
            finding["detail"] = changes[metric] | {"calm": calm_changes.get(metric)}
        if finding["kind"] == "repeat_contacts":
            finding["detail"]["like_for_like"] = next(
                (row for row in hypotheses if row["hypothesis"] == _FAST_CLOSURES), None
            )
    recommendations = marts.rows(
        """
        select recommendations.*, costs.tickets_created as recent_tickets_count
        from marts.fct_recommendations as recommendations
        left join marts.fct_topic_costs as costs
            on costs.period = 'last_28d' and costs.segment_type = recommendations.scope
            and costs.segment = recommendations.segment
            and recommendations.trigger <> 'incident_share'
        order by recommendation_rank
        """
    )
    questions = _questions(analyses, lacks)
    for recommendation in recommendations:
        recommendation["follows_from"] = _follows_from(recommendation, findings, questions)
        recommendation["weekdays"] = [
            row["subject"]
            for finding in findings
            if finding["subject_type"] == "weekday"
            for row in finding["together"]
        ]
    health = {row["period"]: row for row in marts.rows("select * from marts.fct_support_health")}
    return {
        "clock": clock,
        "health": health,
        "lacks": lacks,
        "key_figures": _key_figures(health["last_28d"], lacks, clock["min_tickets_for_percentile"]),
        "days_with_incidents": _days_with_incidents(marts, health),
        "changes": changes,
        "verdict": overall_verdict(changes),
        "calm_verdict": overall_verdict(calm_changes),
        "calm_changes": calm_changes,
        "volume": marts.row(
            "select * from marts.fct_topic_trends"
            " where segment_type = 'all' order by before_start_day limit 1"
        ),
        "findings": findings,
        "incidents": marts.rows("select * from marts.fct_incidents order by incident_number"),
        "recommendations": recommendations,
        "doubtful_labels": marts.row(
            "select * from marts.fct_ai_tag_agreement where segment_type = 'all'"
            f" and kappa_ci_high < {_FAIR_KAPPA}"
        ),
        "breaches_due": marts.rows(
            "select * from marts.fct_sla_breaches_due order by due_rank limit 10"
        ),
        "breaches_due_count": _count(marts, "marts.fct_sla_breaches_due"),
        "repeat_creators": _repeat_creators(marts, redact),
        "hypotheses": hypotheses,
        "untested_hypotheses": _untested(analyses, lacks),
        "days_below": marts.rows(
            "select anomaly_day as day, tickets_created, expected_tickets"
            " from marts.fct_anomaly_days where segment_type = 'all' and direction = 'below'"
            " order by anomaly_day"
        ),
        "streak": _streak(marts),
        "tests_count": sum(row["p_value"] is not None for row in hypotheses),
        "questions": questions,
        "untargeted_channels": marts.rows(
            "select channel, count(*) as tickets_count,"
            " concat_ws(' or ', case when frt_target_minutes is null then 'first responses' end,"
            " case when resolution_target_minutes is null then 'resolutions' end) as lacks"
            " from marts.fct_tickets left join raw.sla_targets using (channel)"
            " group by all having lacks <> '' order by channel"
        ),
        "resolution_misses": marts.row(
            "select count(*) as missed_count,"
            " count(case when is_resolved then 1 end) as late_count,"
            " count(case when is_open then 1 end) as open_count,"
            " count(case when is_closed_without_solution then 1 end) as closed_count"
            " from marts.fct_tickets where not is_resolution_sla_met"
        ),
        "topics_counts": _topics_counts(marts),
        "days_looked_at": marts.row(
            "select count(*) as n, count(distinct segment_type || segment) as segments"
            " from intermediate.int_segment_days_scored"
        ),
        "rejected_count": _count(marts, "staging.rejected_tickets"),
        "untagged_count": _count(marts, "marts.fct_tickets where tag is null"),
        "unjoined_count": _count(marts, "marts.fct_tickets where not has_user"),
        "backlog": marts.row(
            "select sum(open_count) as open_count from marts.fct_backlog_by_status"
        ),
        "is_sample": _is_sample(marts, project),
    }


def chart_data(marts: Marts, lacks: list[str]) -> dict[str, list[Row]]:
    """Rows that the pictures are drawn from; none for those whose kind of data lacks."""
    data = {
        "daily": marts.rows("select * from marts.fct_tickets_expected_daily order by created_day"),
        "incidents": marts.rows("select * from marts.fct_incidents order by incident_number"),
        "weekly": marts.rows(
            "select * from marts.fct_sla_weekly where days_in_data = 7 order by created_week"
        ),
        "categories": marts.rows(
            "select * from marts.fct_topic_costs where period = 'all'"
            " and segment_type = 'category' order by tickets_created desc, segment"
        ),
        "staffing": marts.rows(
            "select hours.*, clock.min_tickets_for_percentile as fewest"
            " from marts.fct_staffing_hours as hours"
            " cross join intermediate.int_clock_derived as clock order by weekday, hour"
        ),
        "decomposition": marts.rows(
            "select * from marts.fct_change_decomposition where comparison = '4_weeks'"
            " and metric = 'frt_sla_met_rate' and dimension = 'channel'"
            " order by abs(total_effect) desc, segment"
        ),
        "backlog": marts.rows("select * from marts.fct_backlog_daily order by day"),
    }
    if "first_responses" in lacks:
        data |= {"weekly": [], "staffing": [], "decomposition": []}
    return data


def _streak(marts: Marts) -> Row:
    """Over how many 28-day periods, back from the last complete day, the backlog has grown."""
    ends = marts.rows(
        "select backlog.day, backlog.closing_count from marts.fct_backlog_daily as backlog,"
        " intermediate.int_clock_derived as clock where backlog.day < clock.as_of_day"
        " and (clock.as_of_day - 1 - backlog.day) % 28 = 0 order by backlog.day desc"
    )
    grown = list(
        takewhile(lambda pair: pair[0]["closing_count"] > pair[1]["closing_count"], pairwise(ends))
    )
    return {"periods_count": len(grown), "since_day": grown[-1][1]["day"] if grown else None}


def _days_with_incidents(marts: Marts, health: dict[str, Row]) -> list[str]:
    """Which of the last 28 days and the 28 before hold an incident, in words."""
    start = health["last_28d"]["period_start_day"]
    end = health["last_28d"]["period_end_day"]
    held = _overlapping(marts, start - (end - start) - timedelta(days=1), start, end)
    return [
        words
        for flag, words in (("is_before", "the days before held"), ("is_now", "these days hold"))
        if any(row[flag] for row in held)
    ]


def _overlapping(marts: Marts, before: date, now: date, end: date) -> list[Row]:
    """Incidents from before to end: with days before now (is_before), from now on (is_now)."""
    return marts.rows(
        "select *, start_day < ? as is_before, end_day >= ? as is_now from marts.fct_incidents"
        " where end_day >= ? and start_day <= ? order by start_day",
        [now, now, before, end],
    )


def _follows_from(
    recommendation: Row, findings: list[Row], questions: dict[str, list[Row]]
) -> Plain:
    """The finding that a rule acts on, by its number; else the question or mart."""
    trigger, segment = recommendation["trigger"], recommendation["segment"]

    def fits(finding: Row) -> bool:
        kind = finding["kind"]
        return {
            "incident_share": kind == "incident"
            and finding["subject"] == segment
            and finding["detail"]["topic_extra_ratio"] == recommendation["figure_value"],
            "waiting_share": kind == "slow_category"
            and segment in {topic["segment"] for topic in finding["detail"]["topics"]},
            "repeat_rate": kind == "repeat_contacts",
            "frt_missed_rate": kind == "sla_missed"
            and (
                finding["subject"] == segment
                or finding["subject_type"] == recommendation["scope"] == "weekday"
            ),
            "old_open_share": kind == "backlog",
        }.get(trigger, False)

    number = next((number for number, row in enumerate(findings, start=1) if fits(row)), None)
    if number:
        return Plain(f"finding {number}")
    question = _QUESTION_OF.get(trigger)
    is_shown = recommendation["scope"] != "topic" or any(
        row["segment"] == f"topic {segment}"
        for analysis, rows in questions.items()
        if analysis.startswith(f"question_{question}")
        for row in rows
    )
    return Plain(f"question {question}" if question and is_shown else f"`{_MART_OF[trigger]}`")


def _questions(analyses: dict[str, list[Row]], lacks: list[str]) -> dict[str, list[Row]]:
    """The rows of each question that the data can answer."""

    def is_answered(row: Row) -> bool:
        needed = (kind for start, kind in _MEASURE_NEEDS if row["measure"].startswith(start))
        return row["tickets_count"] and not any(kind in lacks for kind in needed)

    return {
        name: [row for row in rows if is_answered(row)]
        for name, rows in analyses.items()
        if name.startswith("question")
    }


def _is_tested(row: Row, lacks: list[str]) -> bool:
    return row["estimate"] is not None and _BELIEF_NEEDS.get(row["hypothesis"]) not in lacks


def _untested(analyses: dict[str, list[Row]], lacks: list[str]) -> list[str]:
    """The beliefs of which no measure could be tested; without rows, as the file is named."""
    return [
        rows[0]["hypothesis"] if rows else name.split("_", 2)[2].replace("_", " ").capitalize()
        for name, rows in analyses.items()
        if name.startswith("hypothesis")
        and not any(_is_tested(row, lacks) and row["reading"] != "description" for row in rows)
    ]


def _count(marts: Marts, rows: str) -> int:
    return marts.rows(f"select count(*) as rows_count from {rows}")[0]["rows_count"]


def _key_figures(health: Row, lacks: list[str], fewest: int) -> list[Row]:
    """Where each figure went, in a word. Of fewer tickets than fewest nothing is compared."""
    figures = []
    for metric, (rises, falls), style in _KEY_FIGURES:
        if metric.startswith("frt_") and "first_responses" in lacks:
            continue
        now, before = health[metric], health[f"{metric}_previous"]
        change = health[f"{metric}_change"]
        is_small = was_small = False
        if style == "minutes":
            count = "resolution_count" if metric.startswith("resolution") else "frt_count"
            is_small = health[count] < fewest
            was_small = (health[f"{count}_previous"] or 0) < fewest
        if metric.endswith("p95_minutes"):
            now, before = (None if is_small else now), (None if was_small else before)
        if health["tickets_created_previous"] is None:
            word = "no earlier period"
        elif is_small or was_small:
            word = "too few to compare"
        elif metric in _STILL_CHANGING and health["open_count"]:
            word = "too early to compare"
        elif now is None or before is None:
            word = "none now" if now is None else "none then"
        elif change is None:
            word = "too early to compare"
        elif styled(now, style) == styled(before, style):
            word = "the same"
        else:
            word = rises if change > 0 else falls
        figures.append(
            {
                "title": TITLES[metric],
                "now": now,
                "before": before,
                "style": style,
                "word": word,
            }
        )
    return figures


def _changes(marts: Marts, comparison: str, lacks: list[str]) -> dict[str, Row]:
    """For each metric the change over four mature weeks, and what made it, by channel."""
    changes: dict[str, Row] = {}
    rows = marts.rows(
        "select * from marts.fct_change_decomposition where comparison = ?"
        " order by metric, dimension, abs(total_effect) desc, segment",
        [comparison],
    )
    for row in rows:
        if row["metric"].startswith("frt_") and "first_responses" in lacks:
            continue
        change = changes.setdefault(row["metric"], dict(row) | {"channel": [], "category": []})
        change[row["dimension"]].append(row)
    for change in changes.values():
        for dimension in ("channel", "category"):
            change[f"{dimension}_mix"] = sum(row["mix_effect"] for row in change[dimension])
            change[f"{dimension}_rate"] = sum(row["rate_effect"] for row in change[dimension])
        change["sample_before"] = sum(row["tickets_count_before"] for row in change["channel"])
        change["sample_now"] = sum(row["tickets_count_now"] for row in change["channel"])
        change["overlapping"] = _overlapping(
            marts, change["before_start_day"], change["now_start_day"], change["now_end_day"]
        )
    return changes


def _findings(marts: Marts) -> list[Row]:
    """Findings by their weight; the weekdays that miss targets are told, and weigh, together."""
    findings: list[Row] = []
    weekdays: Row | None = None
    for finding in marts.rows("select * from marts.fct_findings order by finding_rank"):
        finding["detail"] = _detail(marts, finding)
        if finding["kind"] == "sla_missed" and finding["subject_type"] == "weekday":
            if weekdays is not None:
                weekdays["together"].append(finding)
                weekdays["together"].sort(key=lambda row: _WEEKDAYS.index(row["subject"]))
                continue
            weekdays = finding
        finding["together"] = [finding]
        findings.append(finding)
    return sorted(findings, key=lambda row: -sum(part["effect_score"] for part in row["together"]))


def _detail(marts: Marts, finding: Row) -> Any:
    """The row of another mart that the finding's paragraph needs."""
    kind = finding["kind"]
    if kind == "backlog":
        return marts.row(
            "select sum(age_over_30d_count) as old_count from marts.fct_backlog_by_status"
        ) | {"streak": _streak(marts)}
    if kind == "incident":
        return marts.row(
            "select * from marts.fct_incidents where start_day = ?", [finding["start_day"]]
        )
    if kind == "slow_category":
        return marts.row(
            "select * from marts.fct_topic_costs where period = 'all'"
            " and segment_type = 'category' and segment = ?",
            [finding["subject"]],
        ) | {
            "topics": marts.rows(
                "select costs.* from marts.fct_topic_costs as costs where period = 'all'"
                " and segment_type = 'topic' and not is_resolution_small_sample and segment in"
                " (select ai_topic from marts.fct_tickets where ai_category = ?)"
                " order by waiting_hours desc, segment limit 3",
                [finding["subject"]],
            )
        }
    if kind == "repeat_contacts":
        return marts.row("select * from marts.fct_repeat_contacts where segment_type = 'all'") | {
            "topics": marts.rows(
                "select * from marts.fct_repeat_contacts where return_level = 'above'"
                " order by repeat_rate desc, segment"
            )
        }
    if kind == "growth":
        return marts.row(
            "select * from marts.fct_topic_trends where segment_type = ? and segment = ?"
            " and now_start_day = ?",
            [finding["subject_type"], finding["subject"], finding["start_day"]],
        )
    return None


def _topics_counts(marts: Marts) -> dict[str, int]:
    """How many topics the marts have behind each question whose table shows some of them."""
    costs = "marts.fct_topic_costs where period = 'all' and segment_type = 'topic'"
    return {
        "question_1": _count(marts, costs),
        "question_2": _count(marts, costs),
        "question_3": _count(marts, "marts.fct_repeat_contacts where segment_type = 'topic'"),
    }


def _repeat_creators(marts: Marts, redact: Callable[[str], str]) -> list[Row]:
    """The creators who come back most, with personal items taken out of what names them."""
    first = "select * from marts.fct_repeat_creators order by creator_rank limit 5"
    columns = ("creator_id", "plan", "country")
    shown = {
        (row["column_name"], row["text"]): row["shown"]
        for row in marts.rows(redacted_user_texts_sql(f"({first})", columns, redact))
    }
    return [
        row | {name: shown.get((name, row[name]), row[name]) for name in columns}
        for row in marts.rows(first)
    ]


# Agreement beyond chance up to here is no more than fair (Landis and Koch, 1977).
_FAIR_KAPPA = 0.4
# Below this p-value something is told as found: the macro significance_level of the models.
_SIGNIFICANCE_LEVEL = 0.05


def holm(p_values: list[float | None]) -> list[float | None]:
    """p-values corrected for their number (Holm): each is as strict as if it had been alone."""
    order = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for passed, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, p * (len(order) - passed)))
        corrected[i] = largest
    return corrected


def _hypotheses(analyses: dict[str, list[Row]], lacks: list[str]) -> list[Row]:
    """The tests of beliefs that are shown, and what holds after a correction for their number."""
    tests = [
        row
        for name, rows in analyses.items()
        if name.startswith("hypothesis")
        for row in rows
        if _is_tested(row, lacks)
    ]
    for row, corrected in zip(tests, holm([row["p_value"] for row in tests]), strict=True):
        row["p_value_holm"] = corrected
        row["holds"] = row["reading"]
        if row["reading"] in ("yes", "the contrary") and corrected is not None:
            row["holds"] = (
                row["reading"]
                if corrected < _SIGNIFICANCE_LEVEL
                else "perhaps: not after correction"
                if row["p_value"] < _SIGNIFICANCE_LEVEL
                else "cannot be told"
            )
    return tests


def _is_sample(marts: Marts, project: Path) -> bool:
    """Whether the tickets are those of the project's made-up sample."""
    path = project / "seeds" / "tickets_raw.csv"
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", newline="") as file:
        records = csv.reader(file)
        next(records)
        sample = [record[0] for record in records]
    loaded = marts.rows("select ticket_id from raw.tickets_raw")
    return len(loaded) == len(sample) and {row["ticket_id"] or "" for row in loaded} == set(sample)
