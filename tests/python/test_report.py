"""The report: fresh, deterministic, safe to open, and readable on any data; the dictionary too."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from conftest import TICKET_HEADER, Build, changed_copy
from support_analytics.build import DATABASE_NAME, PROJECT, BuildOptions, build
from support_analytics.data_dictionary import additive, definition, unit, write_dictionary
from support_analytics.errors import UserError
from support_analytics.report import figures, sentences, service, wording, write_report
from support_analytics.report.charts import draw_charts
from support_analytics.report.writer import page

REPORTS = PROJECT / "reports"
REFRESH = (
    "is stale: run `make build`, or python scripts/build_report.py --db support_analytics.duckdb"
    " --out reports, and commit the result"
)
HOSTILE = "<img src=x onerror=alert(1)> | `code` **bold** [link](http://x.example) {{ 7*7 }} $&"


class Page(HTMLParser):
    """Elements and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def report_folder(sample_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's report, written once."""
    folder = tmp_path_factory.mktemp("report")
    write_report(sample_build.database, folder)
    return folder


def report_files(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("executive_report.*"), *folder.glob("images/*.svg")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_committed_report_is_fresh(report_folder: Path) -> None:
    built, committed = report_files(report_folder), report_files(REPORTS)
    for name, content in built.items():
        assert committed.get(name) == content, f"reports/{name} {REFRESH}"


def test_same_database_same_bytes(report_folder: Path, sample_build: Build, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / DATABASE_NAME
    copy.parent.mkdir()
    shutil.copyfile(sample_build.database, copy)
    write_report(copy, tmp_path / "out")
    assert report_files(tmp_path / "out") == report_files(report_folder)


@pytest.fixture(scope="module")
def other_report(sample_build: Build, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of as many tickets as the sample's, of elsewhere: their backlog never changes."""
    folder = tmp_path_factory.mktemp("other")
    database = changed_copy(
        sample_build.database,
        folder / DATABASE_NAME,
        "update intermediate.int_clock_derived set reporting_timezone = 'America/Sao_Paulo';"
        "update raw.tickets_raw set ticket_id = 'mine' where line_number = 2;"
        "update marts.fct_backlog_daily set closing_count = 100",
    )
    write_report(database, folder)
    return (folder / "executive_report.md").read_text("utf-8")


def test_days_of_another_time_zone_are_said(report_folder: Path, other_report: str) -> None:
    words = f"23:56 UTC; days are those of {wording.escaped('America/Sao_Paulo')}."
    assert words in other_report.split("## The short answer")[0]
    sample = (report_folder / "executive_report.md").read_text("utf-8")
    assert "23:56 UTC. " in sample.split("## The short answer")[0]


def test_an_export_of_as_many_tickets_is_no_sample(other_report: str) -> None:
    assert "12,000 tickets;" in other_report
    assert "made-up" not in other_report


def test_a_backlog_that_stays_has_not_grown(other_report: str) -> None:
    assert "open_tickets.svg" in other_report, "the backlog is reported"
    assert "The backlog has grown" not in other_report


def test_no_text_quotes_no_message(sample_build: Build, tmp_path: Path) -> None:
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        texts = connection.execute(
            "select message_text_redacted from marts.fct_sla_breaches_due where due_rank <= 10"
        ).fetchall()
    beginnings = [text[:20] for (text,) in texts]
    quoting, silent = tmp_path / "quoting", tmp_path / "silent"
    write_report(sample_build.database, quoting)
    write_report(sample_build.database, silent, with_text=False)
    shown, left_out = ((folder / "executive_report.md").read_text() for folder in (quoting, silent))
    assert any(beginning in shown for beginning in beginnings)
    assert not any(beginning in left_out for beginning in beginnings)


@pytest.mark.parametrize("keeps_items", [False, True])
def test_creators_are_shown_as_exports_show_them(
    sample_build: Build, tmp_path: Path, keeps_items: bool
) -> None:
    database = changed_copy(
        sample_build.database,
        tmp_path / DATABASE_NAME,
        "update marts.fct_repeat_creators set plan = '+55 11 98765-4321', country ="
        " 'Write to bia@example.com', creator_id = case creator_rank when 1 then"
        " 'ana@example.com' when 2 then '2125550123' else creator_id end",
    )
    write_report(database, tmp_path, redact=(lambda column: column) if keeps_items else None)
    text = (tmp_path / "executive_report.md").read_text("utf-8")
    for item in ("ana@example.com", "bia@example.com", "98765-4321"):
        assert (item in text) == keeps_items, item
    if not keeps_items:
        # An id of bare digits stays, whatever phone it looks like.
        for shown in ("[email]", "[phone]", "Write to [email]", "2125550123"):
            assert f"| {wording.escaped(shown)} |" in text, shown


def test_every_incident_and_finding_is_told(report_folder: Path, sample_build: Build) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    assert "17 to 19 June 2025" in text
    assert "5 to 8 August 2025" in text
    assert "23 to 26 September 2025" in text
    assert len(re.findall(r"^### \d+\. Incident", text, re.MULTILINE)) == 3
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        findings = connection.execute(
            "select tickets_count, kind from marts.fct_findings"
        ).fetchall()
        actions = connection.execute(
            "select action from marts.fct_recommendations order by recommendation_rank"
        ).fetchall()
    told = re.split(r"^### \d+\. ", text, flags=re.MULTILINE)[1:]
    for tickets_count, kind in findings:
        count = re.compile(rf"(?<![\d,.]){wording.whole(tickets_count)}(?![\d,]|\.\d)")
        assert kind == "change" or any(count.search(finding) for finding in told), kind
    for (action,) in actions:
        assert action in text


def section(text: str, heading: str) -> str:
    return text.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]


def test_key_figures_are_not_judged_by_their_sign(report_folder: Path) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    table = section(text, "### Key figures, last 28 complete days")
    assert "First response, average" in table
    assert not re.search("better|worse", table)


def test_tables_of_questions_show_every_row(report_folder: Path, sample_build: Build) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        topics = connection.execute(
            "select count(distinct segment) from marts.fct_topic_costs where segment_type = 'topic'"
        ).fetchone()[0]
    for question, wholes_count in (
        ("Question 1. What do creators contact us about, and how is it moving?", 1),
        ("Question 2. Where do they wait longest?", 0),
    ):
        told = section(text, f"### {question}")
        assert told.count("(category) |") == 4, question
        assert len(re.findall(r"^\| .* \|$", told, re.MULTILINE)) == 1 + wholes_count + 14
        assert f"Of {topics} topics these are the 10 with" in told, question
        assert "Share: " in told and "Tickets: " in told, question
    assert not re.search(r"\| \d{4,} (wrong|missed) \|", text)


def test_a_change_shows_its_interval_and_the_incident_behind_it(
    report_folder: Path, sample_build: Build
) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        change = connection.execute(
            "select overall_change, overall_change_ci_low, overall_change_ci_high"
            " from marts.fct_change_decomposition"
            " where comparison = '4_weeks' and metric = 'frt_sla_met_rate'"
        ).fetchone()
    moved, low, high = map(wording.points, change)
    told = text.split("within target: beyond chance only with the days of an incident\n")[1]
    told = told.split("\n#")[0]
    assert f"a change of {moved} ({low.removesuffix(' points')} to {high})" in told
    assert "The earlier weeks held the incident about newsletters of 23 to 26 September" in told
    assert "which can be chance" in told


def test_incidents_in_the_weeks_compared_are_all_named() -> None:
    from datetime import date

    def incident(topic: str, month: int, is_now: bool) -> dict[str, object]:
        start = date(2025, month, 1)
        return {
            "topic": topic,
            "is_topic_above_usual": True,
            "category": "others",
            "start_day": start,
            "end_day": start,
            "is_now": is_now,
            "is_before": not is_now,
        }

    calm = {"metric": "frt_avg_minutes", "overall_before": 30, "overall_now": 40, "verdict": "x"}
    rows = [incident("pix", 1, False), incident("payout", 2, False), incident("cart", 3, True)]
    assert sentences.incident_caveat({"overlapping": rows}, calm) == (
        "The earlier weeks held the incidents about Pix of 1 January 2025 and about payouts of"
        " 1 February 2025. The later weeks hold the incident about the cart of 1 March 2025."
        " Without their days, the average time to the first response went from 30 minutes to"
        " 40 minutes."
    )
    assert sentences.incident_caveat({"overlapping": []}, calm) == ""
    # One that lies in both is named in both.
    crossing = incident("pix", 1, True) | {"is_before": True}
    told = sentences.incident_caveat({"overlapping": [crossing]}, calm)
    assert told.count("the incident about Pix of 1 January 2025") == 2


def change(metric: str, before: float, now: float, verdict: str) -> dict[str, object]:
    from datetime import date

    incident = {
        "topic": "pix",
        "is_topic_above_usual": True,
        "category": "others",
        "start_day": date(2025, 1, 1),
        "end_day": date(2025, 1, 2),
    }
    return {
        "metric": metric,
        "overall_before": before,
        "overall_now": now,
        "overall_change": now - before,
        "overall_change_ci_low": now - before - 1,
        "overall_change_ci_high": now - before + 1,
        "verdict": verdict,
        "overlapping": [incident | {"is_before": True, "is_now": False}],
        "sample_before": 5,
        "sample_now": 6,
        "now_start_day": date(2025, 2, 1),
        "now_end_day": date(2025, 2, 28),
    }


def test_the_answer_leads_with_what_holds_without_incidents() -> None:
    rows = {"a": change("frt_sla_met_rate", 0.7, 0.8, "better")}
    speed = change("frt_avg_minutes", 92, 98, "unsure")
    calm = {"a": change("frt_sla_met_rate", 0.79, 0.8, "unsure"), "b": speed}
    told = service.answer(rows, calm)
    assert told.startswith("**Service is about the same as in the four weeks before.** ")
    assert "better (share of first responses within target from 70.0% to 80.0%), but the" in told
    assert "the earlier weeks held the incident about Pix of 1 to 2 January 2025" in told
    assert "average time to the first response from 92 to 98 minutes; all of that can be" in told
    # Where incidents change nothing, the verdict stands.
    assert service.answer(rows, rows).startswith("**Service is better than in the four weeks")


def test_too_few_tickets_are_not_too_few_weeks() -> None:
    few = {"a": change("frt_sla_met_rate", 0.7, 0.8, "too_few")}
    assert "Too few tickets came in during the weeks compared: 6 in" in service.answer(few, few)
    assert "eight whole weeks" in service.answer({}, {})
    mixed = few | {"b": change("resolution_sla_met_rate", 0.7, 0.8, "worse")}
    assert service.overall_verdict(mixed) == "worse"


@pytest.mark.parametrize("is_above", [True, False])
def test_a_channel_is_named_where_it_brought_more_than_its_part(is_above: bool) -> None:
    from datetime import date

    detail = {
        "tickets_created": 20,
        "expected_tickets": 10.0,
        "extra_tickets": 10.0,
        "extra_ci_low": 5.0,
        "extra_ci_high": 15.0,
        "category": "checkout",
        "is_category_above_usual": True,
        "category_extra_ratio": 0.9,
        "topic": "pix",
        "is_topic_above_usual": True,
        "topic_extra_ratio": 0.7,
        "channel": "whatsapp",
        "channel_extra_ratio": 0.49,
        "channel_usual_ratio": 0.38,
        "is_channel_above_usual": is_above,
        "frt_effect_minutes": None,
        "extra_waiting_hours": 1.0,
        "is_ongoing": False,
    }
    told = sentences.paragraph(
        {"kind": "incident", "detail": detail, "start_day": date(2025, 1, 1)}
    )
    assert ("49% came by WhatsApp, usually 38%" in told) == is_above
    assert "WhatsApp" in told or not is_above
    assert told.endswith("creators waited 1 hour more in all than expected.")
    assert "90% of them were checkout tickets, 70% about Pix" in told
    # Nothing is told of parts that can be usual, nor of hours below what was expected.
    detail |= {"is_category_above_usual": False, "extra_waiting_hours": -3.0}
    finding = {"kind": "incident", "detail": detail, "start_day": date(2025, 1, 1)}
    told = sentences.paragraph(finding)
    assert "(5 to 15). 70% of them were about Pix" in told and "waited" not in told
    # All tickets were fewer, one channel's were more: no part of the extra tickets exists.
    detail |= {"extra_tickets": -2.0, "category_extra_ratio": None, "topic_extra_ratio": None}
    detail |= {"channel_extra_ratio": None, "is_channel_above_usual": False}
    detail |= {"is_topic_above_usual": False, "channel_extra_tickets": 32.0}
    detail |= {"category_extra_tickets": 4.0, "topic_extra_tickets": 5.0}
    told = sentences.paragraph(finding)
    assert "were to be expected, but **32 tickets more than usual by WhatsApp**." in told
    headline = sentences.headline(
        finding
        | {"tickets_count": 32.0, "waiting_hours": -3.0, "end_day": date(2025, 1, 1)}
        | {"subject": "pix"}
    )
    assert headline.endswith(".** 32 tickets more than usual by WhatsApp.")


def test_parts_of_extra_tickets_are_no_more_than_all() -> None:
    assert sentences._part(1.15) == "all"
    assert sentences._part(0.994) == "99%"
    rule = {"trigger": "incident_share", "scope": "topic", "segment": "pix", "min_value": 0.3}
    assert sentences.why(rule | {"figure_value": 1.12}).startswith("Pix: all of the extra tickets")
    assert sentences.why(rule | {"figure_value": 0.656}).startswith("Pix: 65.6% of the extra")


def test_what_is_still_going_on_is_said_first() -> None:
    from datetime import date

    detail = {"topic": "pix", "category": "checkout", "is_topic_above_usual": True}
    finding = {"kind": "incident", "start_day": date(2025, 1, 1), "detail": detail}
    detail["is_ongoing"] = False
    assert sentences.still_going_on([finding]) == ""
    detail["is_ongoing"] = True
    said = "**An incident is still going on: about Pix since 1 January 2025.**"
    assert sentences.still_going_on([finding]) == said


def test_what_got_better_is_no_cost() -> None:
    better = {"kind": "change", "tickets_count": -8, "waiting_hours": 0}
    worse = {"kind": "change", "tickets_count": 8, "waiting_hours": 0}
    backlog = {"kind": "backlog", "tickets_count": 8, "waiting_hours": 80}
    assert sentences.costs([better, worse, backlog]) == [worse, backlog]


def test_labels_that_agree_little_more_than_chance_are_told(
    sample_build: Build, tmp_path: Path
) -> None:
    database = changed_copy(
        sample_build.database,
        tmp_path / DATABASE_NAME,
        "update marts.fct_ai_tag_agreement set kappa_ci_high = 0.39, accuracy_rate = 0.197,"
        " expected_agreement_rate = 0.25 where segment_type = 'all'",
    )
    write_report(database, tmp_path)
    told = "in 19.7% of cases,\nwhere chance alone would bring 25.0%"
    assert told in (tmp_path / "executive_report.md").read_text("utf-8")


def test_channels_without_a_target_are_named(sample_build: Build, tmp_path: Path) -> None:
    database = changed_copy(
        sample_build.database,
        tmp_path / DATABASE_NAME,
        "update raw.sla_targets set frt_target_minutes = null where channel = 'email'",
    )
    write_report(database, tmp_path)
    with duckdb.connect(str(database), read_only=True) as connection:
        (tickets,) = connection.execute(
            "select count(*) from marts.fct_tickets where channel = 'email'"
        ).fetchone()
    told = f"Not judged: e-mail ({tickets:,} tickets): no target for first responses."
    assert told in (tmp_path / "executive_report.md").read_text("utf-8")


def test_what_lacks_its_data_is_not_answered() -> None:
    row = {"measure": "agrees with the tag", "tickets_count": 5}
    analyses = {"question_5": [row], "hypothesis_1": [row]}
    assert figures._questions(analyses, []) == {"question_5": [row]}
    assert figures._questions(analyses, ["texts"]) == {"question_5": []}
    staffing = [
        {"hypothesis": "Staffing leaves gaps", "estimate": -0.1, "reading": "yes"},
        {"hypothesis": "Staffing leaves gaps", "estimate": None, "reading": "yes"},
    ]
    waits = [
        {"hypothesis": "Open tickets hide long waits", "estimate": 5, "reading": "description"},
        {"hypothesis": "Open tickets hide long waits", "estimate": None, "reading": "yes"},
    ]
    # A belief of which one measure was tested is not called untested; a description tests nothing.
    analyses = {"hypothesis_6_staffing": staffing, "hypothesis_9_waits": waits, "question_1": []}
    assert figures._untested(analyses, []) == ["Open tickets hide long waits"]
    assert len(figures._untested(analyses, ["first_responses"])) == 2
    # Nor is one forgotten whose analysis found nothing to compare.
    empty = {"hypothesis_2_chatbot_tickets_escalate_more": []}
    assert figures._untested(empty, []) == ["Chatbot tickets escalate more"]


def test_only_tests_that_are_shown_are_corrected_for() -> None:
    def row(hypothesis: str, p_value: float) -> dict[str, object]:
        return {"hypothesis": hypothesis, "estimate": 1, "p_value": p_value, "reading": "yes"}

    analyses = {
        "hypothesis_5_topic": [row("Topic predicts resolution time", 0.03)],
        "hypothesis_6_staffing": [row("Staffing leaves gaps", 0.5)],
    }
    shown = figures._hypotheses(analyses, [])
    assert [(test["p_value_holm"], test["holds"]) for test in shown] == [
        (0.06, "perhaps: not after correction"),
        (0.5, "cannot be told"),
    ]
    shown = figures._hypotheses(analyses, ["first_responses"])
    assert [(test["p_value_holm"], test["holds"]) for test in shown] == [(0.03, "yes")]


def test_a_figure_that_reads_the_same_is_called_the_same() -> None:
    health = {
        f"{metric}{when}": None
        for metric, *_ in figures._KEY_FIGURES
        for when in ("", "_previous", "_change")
    }
    health |= {"frt_count": 19, "frt_count_previous": 50, "resolution_count": 20}
    health |= {"resolution_count_previous": 20, "open_count": 1, "tickets_created_previous": 9}
    health |= {"resolution_median_minutes": 5, "resolution_median_minutes_previous": 9}
    health |= {"resolution_median_minutes_change": -4, "frt_sla_met_rate": 0.5}
    health |= {"fcr_strict_rate": 0.0621, "fcr_strict_rate_previous": 0.0619}
    health |= {"fcr_strict_rate_change": 0.0002}
    health |= {"frt_p95_minutes": 45, "frt_p95_minutes_previous": 112}
    health |= {"frt_p95_minutes_change": -67}

    def told(title: str, **changed: object) -> tuple[object, ...]:
        rows = figures._key_figures(health | changed, [], 20)
        row = next(row for row in rows if row["title"] == title)
        return row["now"], row["before"], row["word"]

    assert told("FCR strict")[2] == "the same"
    p95 = "First response, p95"
    assert told(p95) == (None, 112, "too few to compare")
    few_before = {"frt_count": 20, "frt_count_previous": 19}
    assert told(p95, **few_before) == (45, None, "too few to compare")
    # What open tickets can still change waits for them.
    median = "Resolution, median"
    assert told(median) == (5, 9, "too early to compare")
    assert told(median, open_count=0) == (5, 9, "shorter")
    # A period without a figure is not a period that the data lacks.
    assert told("First response SLA met") == (0.5, None, "none then")
    assert told(median, tickets_created_previous=None)[2] == "no earlier period"


def test_days_with_few_tickets_are_named() -> None:
    from datetime import date

    days = [
        {"day": date(2025, 1, number), "tickets_created": 0, "expected_tickets": 30.6}
        for number in range(1, 8)
    ]
    assert sentences.quiet_days([]) == ""
    assert sentences.quiet_days(days[:1]) == (
        "Far fewer tickets than expected came in on 1 January 2025 (0 where 31 were to be"
        " expected)."
    )
    told = sentences.quiet_days(days)
    assert "came in on 3 January 2025 (0" in told
    assert told.endswith(" and 2 earlier days.")


def test_growth_of_the_backlog_is_said_where_each_period_has_it(report_folder: Path) -> None:
    from datetime import date

    text = (report_folder / "executive_report.md").read_text("utf-8")
    assert "More and more tickets stay open" not in text
    assert "The backlog has grown in each 28-day period since 17 April 2025." in text
    since = {"since_day": date(2025, 1, 1)}
    assert sentences.backlog_grew(since | {"periods_count": 1}) == ""
    assert sentences.backlog_grew(since | {"periods_count": 2}).endswith("since 1 January 2025.")


def test_recommendations_name_their_finding(report_folder: Path) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    table = section(text, "## What to do")
    numbers = dict(re.findall(r"^### (\d+)\. (.*)$", text, re.MULTILINE))
    titles = {title: number for number, title in numbers.items()}
    for words, title in (
        ("open for more than 30 days:", "Old open tickets"),
        (
            "Saturday and Sunday together",
            "Saturday and Sunday: first responses miss their target more often",
        ),
        ("payouts: ", "Financial tickets take longest"),
        ("passwords: ", "Creators write again about the same topic"),
        ("Watch the Pix success rate", "Incident about Pix, 17 to 19 June 2025"),
    ):
        line = next(line for line in table.splitlines() if words in line)
        assert f"| finding {titles[title]} |" in line
    # Figures of topics that no finding and no table shows are in the mart.
    shown = section(text, "### Question 2. Where do they wait longest?")
    for line in table.splitlines():
        if "of the hours until resolution" in line and "| question 2 |" in line:
            topic = line.split(" | ")[3].split(":")[0]
            assert f"| {topic[0].upper()}{topic[1:]} |" in shown
    assert "| `fct_topic_costs` |" in table
    assert "114 days each so far" in table


def test_weekdays_told_together_weigh_together(report_folder: Path, sample_build: Build) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    with duckdb.connect(str(sample_build.database), read_only=True) as connection:
        incident, weekdays, weekday = connection.execute(
            "select max(case when kind = 'incident' then effect_score end),"
            " sum(case when subject_type = 'weekday' then effect_score end),"
            " max(case when subject_type = 'weekday' then effect_score end)"
            " from marts.fct_findings"
        ).fetchone()
    assert weekday < incident < weekdays
    titles = re.findall(r"^### \d+\. (\w+)", text, re.MULTILINE)
    assert titles.index("Saturday") < titles.index("Incident")


def test_tables_are_regions_with_the_name_of_their_heading(report_folder: Path) -> None:
    html = Page((report_folder / "executive_report.html").read_text("utf-8"))
    labels = [attributes["aria-label"] for _, attributes in html.elements if "role" in attributes]
    tables = [label for label in labels if label and len(label) < 80]
    assert len(tables) == len(set(tables)) > 10
    heading = "Did service change, and why"
    assert heading in tables and f"{heading}, table 2" in tables
    text = (report_folder / "executive_report.html").read_text("utf-8")
    assert not re.search(r"<th[^>]*></th>", text)
    assert "break-before: page" not in text


def test_an_incident_without_a_topic_is_about_its_category() -> None:
    incident = {"topic": "unclear", "category": "checkout"}
    incident |= {"is_topic_above_usual": True, "is_category_above_usual": True}
    assert wording.about(incident) == "checkout tickets"
    assert wording.about(incident | {"topic": "pix"}) == "Pix"
    of_a_category = incident | {"topic": "pix", "is_topic_above_usual": False}
    assert wording.about(of_a_category) == "checkout tickets"
    assert wording.about(of_a_category | {"category": "others"}) == "tickets of other subjects"
    assert wording.about(of_a_category | {"is_category_above_usual": False}) == "several topics"


@pytest.mark.parametrize(
    ("value", "expected"), [(1, "1 ticket"), (0, "0 tickets"), (1.6, "2 tickets")]
)
def test_one_is_singular(value: float, expected: str) -> None:
    assert wording.counted(value, "ticket") == expected
    assert sentences.open_tickets(1) == "1 ticket is open"


def test_no_figure_is_typed_into_the_template() -> None:
    template = (PROJECT / "scripts/support_analytics/report/template.md.j2").read_text("utf-8")
    words = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template, flags=re.DOTALL)
    numbers = set(re.findall(r"\d[\d.,]*%?", words))
    # Lengths of windows and levels of confidence, not figures of the data.
    assert numbers <= {"28", "95", "95%", "5%,", "0.05", "4", "0.05.", "4:", "5%", "19", "20"}, (
        numbers
    )


def test_page_holds_everything_and_asks_for_nothing(report_folder: Path) -> None:
    text = (report_folder / "executive_report.html").read_text("utf-8")
    html = Page(text)
    tags = [tag for tag, _ in html.elements]
    assert tags.count("svg") == 6
    assert not {"script", "img", "iframe", "link", "object"} & set(tags)
    for tag, attributes in html.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert not (attributes.get("src") or attributes.get("href") or "").startswith("http")
        if tag == "svg":
            assert len(attributes["aria-label"] or "") > 60
    assert "default-src 'none'" in text
    assert "@page { size: A4" in text
    for line in (report_folder / "executive_report.md").read_text("utf-8").splitlines():
        assert "None" not in line
        assert "nan" not in line.split()


def test_words_of_the_report_say_what_the_data_cannot_show(report_folder: Path) -> None:
    text = (report_folder / "executive_report.md").read_text("utf-8")
    limits = text.split("## What this data cannot show")[1]
    for phrase in ("first contact", "One row a ticket", "made-up", "AI label agrees", "Causes"):
        assert phrase in text if phrase == "made-up" else phrase in limits
    assert "made-up sample" in text.split("## The short answer")[0]


def test_hostile_texts_and_short_data(write_file: Callable[..., Path], tmp_path: Path) -> None:
    quoted = '"' + HOSTILE.replace('"', '""') + ' ana@example.com"'
    lines = [
        f"T{i},2025-09-0{1 + i % 3} 10:00:00,,pending,email,<b>c{i}</b>,checkout,,{quoted}"
        for i in range(9)
    ]
    database = tmp_path / "out" / DATABASE_NAME
    build(
        BuildOptions(tickets=write_file("tickets.csv", TICKET_HEADER, *lines), out=tmp_path / "out")
    )
    write_report(database, tmp_path / "report")
    markdown = (tmp_path / "report" / "executive_report.md").read_text("utf-8")
    html = (tmp_path / "report" / "executive_report.html").read_text("utf-8")
    assert "It cannot be told." in markdown
    assert "The data has no first response times" in markdown
    assert "No rule of `seeds/recommendation_rules.csv` applies" in markdown
    assert "no day has enough of the same weekdays" in markdown
    assert "| – |" not in section(markdown, "### Key figures, last 28 complete days")
    assert "made-up sample" not in markdown
    assert "onerror" in " ".join(Page(html).words)
    assert "ana@example.com" not in markdown
    for text in (markdown, html):
        assert "<img src=x" not in text
    assert "**bold**" not in markdown
    assert "<strong>bold" not in html
    assert "<a " not in html


def test_a_build_without_redaction_has_a_report_without(
    write_file: Callable[..., Path], tmp_path: Path, leave_out_data_tests: Callable[[], None]
) -> None:
    leave_out_data_tests()
    lines = [
        f"T{day},2025-09-0{day} 10:00,2025-09-0{day} 10:30,resolved,email,ana@example.com,,5,Pix"
        for day in range(1, 4)
    ]
    # Long after: three tickets in three days are no coincidence then.
    later = "T9,2025-12-20 10:00,,pending,email,,,,Pix"
    users = ("creator_id,country,plan,signup_date", "ana@example.com,BR,+55 11 98765-4321,")
    out = tmp_path / "out"
    build(
        BuildOptions(
            tickets=write_file("tickets.csv", TICKET_HEADER, *lines, later),
            users=write_file("users.csv", *users),
            out=out,
            redact=False,
            report=True,
        )
    )
    text = (out / "executive_report.md").read_text("utf-8")
    assert "| ana@example.com | +55 11 98765-4321 |" in text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.duckdb", "no such file; build it first"),
        ("other.duckdb", "has no marts"),
        ("older.duckdb", "lacks what the report reads; build it again with this version"),
    ],
)
def test_wrong_databases_end_with_one_line(
    path: str, message: str, sample_build: Build, tmp_path: Path
) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    older = "drop table marts.fct_sla_breaches_due"
    changed_copy(sample_build.database, tmp_path / "older.duckdb", older)
    with pytest.raises(UserError, match=message):
        write_report(tmp_path / path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("script", ["build_report.py", "build_data_dictionary.py"])
def test_commands_have_help(script: str) -> None:
    command = [sys.executable, str(PROJECT / "scripts" / script), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--out" in shown.stdout


def test_a_file_cannot_be_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file is a file; give a folder"):
        write_report(tmp_path / "no.duckdb", tmp_path / "file")


def test_command_reports_a_missing_database(tmp_path: Path) -> None:
    command = [sys.executable, str(PROJECT / "scripts" / "build_report.py")]
    run = subprocess.run(
        [*command, "--db", str(tmp_path / "no.duckdb"), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("error: --db ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (wording.minutes(7.04), "7.0 minutes"),
        (wording.minutes(119.4), "119 minutes"),
        (wording.minutes(120), "2.0 hours"),
        (wording.hours(80), "3 days"),
        (wording.percent(0.4375), "43.8%"),
        (wording.points(-0.00001), "+0.0 points"),
        (wording.whole(None), "–"),
        (wording.whole(12000), "12,000"),
        (wording.minutes_pair(66, "to", 171), "1.1 to 2.9 hours"),
        (wording.minutes_with_range(119, 66, 171), ("2.0 hours", "1.1 to 2.9 hours")),
        (wording.minutes_with_range(80, 49, 110), ("80 minutes", "49 to 110 minutes")),
        (wording.minutes_with_range(3000, 1440, 5760), ("2.1 days", "1.0 to 4.0 days")),
        (wording.thousands_apart("1858 wrong"), "1,858 wrong"),
        (wording.thousands_apart("median 1234.56789 hours"), "median 1,234.56789 hours"),
        (wording.escaped("a|b <i>\n*c*"), "a&#124;b &#60;i&#62; &#42;c&#42;"),
        (wording.listed(["a", "b", "c"]), "a, b and c"),
        (wording.p_value(0.0004), "below 0.001"),
    ],
)
def test_wording(shown: object, expected: object) -> None:
    assert shown == expected


def test_days_in_words() -> None:
    from datetime import date

    june = date(2025, 6, 17)
    assert wording.days(june, june) == "17 June 2025"
    assert wording.days(june, date(2025, 6, 19)) == "17 to 19 June 2025"
    assert wording.days(june, date(2025, 7, 1)) == "17 June to 1 July 2025"
    assert (
        wording.days(date(2024, 12, 30), date(2025, 1, 2)) == "30 December 2024 to 2 January 2025"
    )


def test_no_rows_no_chart() -> None:
    names = ("daily", "incidents", "weekly", "categories", "staffing", "decomposition", "backlog")
    assert draw_charts({name: [] for name in names}) == []
    assert "<h1>Empty</h1>" in page("# Empty\n", [])


def test_committed_dictionary_is_fresh(tmp_path: Path) -> None:
    write_dictionary(PROJECT, tmp_path / "data_dictionary.csv")
    assert (REPORTS / "data_dictionary.csv").read_text("utf-8") == (
        tmp_path / "data_dictionary.csv"
    ).read_text("utf-8"), (
        "reports/data_dictionary.csv is stale: run python scripts/build_data_dictionary.py and"
        " commit the result"
    )


def test_dictionary_covers_every_exported_column(sample_build: Build) -> None:
    with (REPORTS / "data_dictionary.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    listed = {(line["mart"], line["column"]) for line in lines}
    exported = set()
    for path in sample_build.exports.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            exported |= {(path.stem, column) for column in next(csv.reader(file))}
    assert exported == listed
    for line in lines:
        assert line["definition"], line
        assert "{{" not in line["definition"], line
        if line["column"].endswith(("_rate", "_p95_minutes", "_median_minutes", "_avg_minutes")):
            assert line["additive"] == "no", line


@pytest.mark.parametrize(
    ("mart", "column", "data_type", "expected_unit", "expected_additive"),
    [
        ("fct_sla_daily", "frt_p95_minutes", "double", "minutes", "no"),
        ("fct_sla_daily", "frt_sum_minutes", "double", "minutes", "yes"),
        ("fct_sla_daily", "frt_sla_met_rate", "double", "0 to 1", "no"),
        ("fct_sla_daily", "frt_sla_met_count", "bigint", "tickets", "yes"),
        ("fct_sla_daily", "is_mature", "boolean", "true or false", ""),
        (
            "fct_backlog_daily",
            "closing_count",
            "bigint",
            "tickets",
            "no: a level; take the last day",
        ),
        ("fct_support_health", "tickets_created", "bigint", "tickets", "no: periods overlap"),
        ("fct_tickets_daily", "created_day", "date", "local date", ""),
        ("fct_repeat_contacts", "creators_count", "bigint", "creators", "no"),
        ("fct_ai_tag_agreement", "tagged_count", "bigint", "tickets", "within one segment_type"),
        ("fct_category_candidates", "words_count", "integer", "words", "no"),
        ("fct_category_candidates", "searched_tickets_count", "bigint", "tickets", "no"),
        (
            "fct_incident_segments",
            "extra_ratio",
            "double",
            "ratio",
            "no",
        ),
    ],
)
def test_units_and_additivity(
    mart: str, column: str, data_type: str, expected_unit: str, expected_additive: str
) -> None:
    assert unit(mart, column, data_type) == expected_unit
    assert additive(mart, column, data_type) == expected_additive


def test_definition_is_the_measures_of_a_doc_block() -> None:
    block = "- **Measures**: how many,\n  in all.\n- **Formula**: `count(*)`.\n"
    assert definition(block) == "how many, in all."
    assert definition("Plain\nwords.") == "Plain words."
