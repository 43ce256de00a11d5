"""Sentences of the report that depend on the kind of a finding. Figures come from its row."""

from __future__ import annotations

from datetime import timedelta
from statistics import NormalDist
from typing import Any

from support_analytics.report.service import (
    change_with_range,
    incidents_held,
    is_of_an_incident,
    style_of,
    without_days_of,
)
from support_analytics.report.wording import (
    Plain,
    about,
    capital,
    counted,
    day,
    days,
    decimal,
    escaped,
    hours,
    hours_long,
    listed,
    minutes,
    minutes_pair,
    minutes_with_range,
    name,
    p_value,
    percent,
    points,
    range_in_unit,
    signed,
    thousands_apart,
    tickets_of,
    waited,
    whole,
)

Row = dict[str, Any]

_QUESTIONS = {
    "question_1": "What do creators contact us about, and how is it moving?",
    "question_2": "Where do they wait longest?",
    "question_3": "Which problems come back?",
    "question_4": "Are we meeting the targets, and where not?",
    "question_5": "Can we trust the AI labels?",
}
# What stands above each table: what its columns count.
_QUESTION_NOTES = {
    "question_1": (
        "Share: of all tickets. Growth is a ratio: tickets of the last 28 complete days divided by"
        " those of the 28 before, incidents set aside; 1 is unchanged. Tickets: all that came in."
    ),
    "question_2": (
        "Share: of the hours until resolution of all resolved tickets. Tickets: the resolved ones,"
        " over which the mean is taken. Categories come first, then topics, the longest mean first."
    ),
    "question_3": (
        "Share: of all times that creators came back. Tickets: resolutions at least 7 days old, on"
        " which the figure rests. The reading allows for the number of topics looked at, the"
        " interval does not: some intervals leave out the figure of all tickets by chance."
    ),
    "question_4": (
        "Share: of the tickets with a verdict on that target, met or missed. Tickets: those with a"
        " verdict, on which the figure rests."
    ),
    "question_5": (
        'Tickets: those on which the figure rests. For "finds the tickets tagged so" those that'
        ' agents tagged so, for "is right when given" tagged tickets that the AI labelled so.'
        " Share: of all tagged tickets."
    ),
}
# Which topics a table has, and where the others are.
_TOPICS_SHOWN = {
    "question_1": "the most tickets; `fct_topic_costs` and `fct_topic_trends` have all",
    "question_2": (
        "the longest mean among those with enough resolved tickets; `fct_topic_costs` has all"
    ),
    "question_3": (
        "the highest share of returns among those with enough resolutions; `fct_repeat_contacts`"
        " has all"
    ),
}
# So many topics, and days, are named in a sentence.
_TOPICS_NAMED = 6
_DAYS_NAMED = 5
_LACKS = {
    "texts": "message texts, so that nothing can be said about topics",
    "first_responses": "first response times, so that nothing can be said about first responses",
    "tags": "tags, so that categories are the AI's and cannot be checked",
    "users": "users, so that plans and countries are unknown",
}
_FIGURES = {
    "incident_share": "{value} of the extra tickets of an incident",
    "ticket_share": "{value} of all tickets",
    "waiting_share": "{value} of the hours until resolution",
    "repeat_rate": "{value} of resolutions did not hold",
    "frt_missed_rate": "{value} of first responses late or missing",
    "old_open_share": "{value} of all tickets are open for more than 30 days",
}


def title(finding: Row) -> Plain:
    """The heading of a finding."""
    kind, subject = finding["kind"], name(finding["subject"])
    titles = {
        "incident": lambda: (
            f"Incident about {about(finding['detail'])},"
            f" {days(finding['start_day'], finding['end_day'])}"
        ),
        "growth": lambda: (
            "More tickets come in"
            if finding["subject"] == "all"
            else f"{capital(_tickets(finding))} grow faster than the others"
        ),
        "change": lambda: (
            f"{capital(subject)}: beyond chance only with the days of an incident"
            if is_of_an_incident(finding["detail"], finding["detail"]["calm"])
            else f"{capital(subject)}: {'better' if _is_better(finding) else 'worse'} than before"
        ),
        "repeat_contacts": lambda: "Creators write again about the same topic",
        "sla_missed": lambda: (
            f"{capital(_together(finding))}: first responses miss their target more often"
        ),
        "slow_category": lambda: f"{capital(tickets_of(finding['subject']))} take longest",
        "backlog": lambda: "Old open tickets" if finding["detail"]["old_count"] else "Open tickets",
        "breaches_due": lambda: "Targets that fall due within a day",
    }
    return Plain(titles[kind]())


def headline(finding: Row) -> Plain:
    """A finding in one sentence, for the first page."""
    kind, detail = finding["kind"], finding["detail"]
    tickets = whole(finding["tickets_count"])
    if kind == "incident":
        text = (
            f"{counted(finding['tickets_count'], 'ticket')} more than expected{_most_of(detail)}"
            if detail["extra_tickets"] > 0
            else _extra_of_largest(detail)
        )
        if finding["waiting_hours"] > 0:
            text += f"; resolutions took {waited(finding['waiting_hours'])} longer in all"
        text += f".{' It is still going on.' if detail['is_ongoing'] else ''}"
    elif kind == "slow_category":
        text = (
            f"{hours(finding['estimate'])} on average until resolution, against"
            f" {hours(finding['comparison_value'])} over all;"
            f" {percent(detail['ticket_share'], 0)} of the tickets,"
            f" {percent(detail['waiting_share'], 0)} of the hours until resolution (resolved"
            " tickets)."
        )
    elif kind == "sla_missed":
        rows = finding["together"]
        late = sum(row["tickets_count"] for row in rows)
        wait = sum(row["waiting_hours"] for row in rows)
        text = (
            f"{counted(late, 'late or missing first response')}, {waited(wait)} beyond the target."
        )
    elif kind == "backlog":
        text = (
            f"{open_tickets(finding['tickets_count'])} ({percent(finding['estimate'])} of all"
            f" received), for {hours(finding['waiting_hours'] / finding['tickets_count'])} on"
            " average."
        )
    elif kind == "repeat_contacts":
        text = (
            f"{tickets} times within a week of a resolution"
            f" ({percent(finding['estimate'])} of resolutions); coincidence alone would bring some"
            f" {whole(detail['expected_repeated_count'])}."
        )
    elif kind == "growth":
        text = (
            f"{tickets} more in the last {detail['comparison'].split('_')[0]} complete days than in"
            " the days before,"
            f" {decimal(finding['estimate'], 2)} times as many, incidents set aside."
        )
    else:
        text = str(paragraph(finding))
    return Plain(f"**{title(finding)}.** {text}")


def paragraph(finding: Row) -> Plain:
    """What a finding says: count, interval, comparison."""
    return Plain(_PARAGRAPHS[finding["kind"]](finding))


def open_tickets(count: float) -> str:
    """How many tickets are open: 1 ticket is open."""
    return f"{counted(count, 'ticket')} {'is' if whole(count) == '1' else 'are'} open"


def backlog_grew(streak: Row) -> Plain:
    """Since when every 28-day period ended with more open tickets than it began; or nothing."""
    if streak["periods_count"] < 2:
        return Plain("")
    return Plain(f"The backlog has grown in each 28-day period since {day(streak['since_day'])}.")


def at_stake(recommendation: Row) -> Plain:
    """What a recommendation could save at most."""
    trigger, wait = recommendation["trigger"], recommendation["waiting_hours"]
    if trigger == "old_open_share":
        cost = f" waiting for {hours(wait / recommendation['tickets_count'])} on average"
    elif not wait:
        cost = ""
    elif trigger == "frt_missed_rate":
        cost = f" and {waited(wait)} of waiting beyond the target"
    else:
        cost = f" and {waited(wait)} of waiting for a resolution"
    return Plain(
        f"At stake: {counted(recommendation['tickets_count'], 'ticket')}"
        f" ({percent(recommendation['ticket_share'])} of all){cost}."
    )


def why(recommendation: Row) -> Plain:
    """The figure that made a rule apply, and the rule's limit."""
    value = recommendation["figure_value"]
    is_part = recommendation["trigger"] == "incident_share"
    figure = _FIGURES[recommendation["trigger"]].format(
        value=_part(value, 1) if is_part else percent(value)
    )
    limit = percent(recommendation["min_value"], 0)
    if recommendation["scope"] == "backlog":
        return Plain(f"{figure} (rule: from {limit})")
    if recommendation["scope"] == "weekday":
        weekdays = recommendation["weekdays"]
        together = " together" if len(weekdays) > 1 else ""
        return Plain(f"{listed(weekdays)}{together}: {figure} (rule: from {limit})")
    return Plain(f"{name(recommendation['segment'])}: {figure} (rule: from {limit})")


def hours_at_stake(recommendation: Row) -> str:
    """The hours of a recommendation with their share; those of open tickets for each."""
    wait = recommendation["waiting_hours"]
    if recommendation["trigger"] == "old_open_share":
        return f"{hours(wait / recommendation['tickets_count'])} each so far"
    if recommendation["waiting_share"] is None:
        return "–"
    return f"{whole(wait)} ({percent(recommendation['waiting_share'])})"


def question_title(analysis: str) -> str:
    """The question that an analysis answers."""
    return _QUESTIONS.get(_question(analysis), analysis)


def _question(analysis: str) -> str:
    """`question_1` of the analysis question_1_contacts."""
    return "_".join(analysis.split("_")[:2])


def question_note(analysis: str) -> Plain:
    """What the columns of a question's table count."""
    return Plain(_QUESTION_NOTES.get(_question(analysis), ""))


def topics_left_out(analysis: str, rows: list[Row], topics_counts: dict[str, int]) -> Plain:
    """How many topics are not in a question's table, and where they are; or nothing."""
    question = _question(analysis)
    shown = sum(row["segment"].startswith("topic ") for row in rows)
    if topics_counts.get(question, 0) <= shown:
        return Plain("")
    if not shown:
        return Plain("No topic has enough tickets to be shown.")
    return Plain(
        f"Of {whole(topics_counts[question])} topics these are the {whole(shown)} with"
        f" {_TOPICS_SHOWN[question]}."
    )


def reading(row: Row) -> Plain:
    """What an analysis says in words."""
    return escaped(thousands_apart(row["reading"]))


def segment_name(segment: str) -> Plain:
    """`topic place_order` as `place order`, `category others` as `Other (category)`."""
    kind, _, value = segment.partition(" ")
    if kind in ("topic", "channel"):
        return capital(name(value))
    if kind == "category":
        return Plain(f"{capital(name(value))} (category)")
    return capital(segment)


def styled(value: float | None, style: str) -> str:
    """A key figure in its style: whole, percent or minutes."""
    return {"whole": whole, "percent": percent, "minutes": minutes}[style](value)


def difference(value: float, style: str) -> str:
    """A change in the style of its figure."""
    return points(value) if style == "percent" else signed(minutes(value), value)


def incident_caveat(change: Row, calm: Row | None) -> Plain:
    """Which incidents lie in the weeks compared, and the change without their days; or nothing."""
    parts = [f"{capital(held)}." for held in incidents_held(change["overlapping"])]
    if parts and calm:
        style = style_of(calm["metric"])
        parts.append(
            f"{without_days_of(change['overlapping'])}, the {name(calm['metric'])} went from"
            f" {styled(calm['overall_before'], style)} to {styled(calm['overall_now'], style)}"
            f"{', which can be chance' if calm['verdict'] == 'unsure' else ''}."
        )
    return Plain(" ".join(parts))


def moved_most(parts: list[Row], style: str) -> Plain:
    """Whose tickets changed a figure most, all that read alike, with what they made of it."""
    most = difference(parts[0]["total_effect"], style)
    alike = [
        tickets_of(part["segment"])
        for part in parts
        if difference(part["total_effect"], style) == most
    ]
    return Plain(f"{listed(alike)} ({most}{' each' if len(alike) > 1 else ''})")


def most_often_about(creator: Row) -> Plain:
    """The topic that a creator came back about most often, and how often."""
    return Plain(f"{name(creator['top_topic'])} ({whole(creator['top_topic_repeated_count'])})")


def same_topic(test: Row | None) -> Plain:
    """How much of the difference between fast and slow closures is left within a topic."""
    if test is None or test["estimate"] is None:
        return Plain("")
    span = range_in_unit(test["ci_low"], test["ci_high"], "points")
    chance = (
        ""
        if test["holds"] in ("yes", "the contrary")
        else ", which can be chance among so many questions"
    )
    return Plain(f" (within one topic {points(test['estimate'])}, {span}{chance})")


def lacking(kinds: list[str]) -> Plain:
    """Which kinds of data the export does not have, and what cannot be told for that."""
    return Plain(" ".join(f"The data has no {_LACKS[kind]}." for kind in kinds))


def untested(beliefs: list[str]) -> Plain:
    """Which beliefs the data cannot be asked about; or nothing."""
    if not beliefs:
        return Plain("")
    return Plain(f"This data does not allow a test of: {escaped('; '.join(beliefs))}.")


def backlog_moved(change: int) -> str:
    """How the number of open tickets compares with an earlier one."""
    if not change:
        return "as many as"
    return f"{whole(abs(change))} {'more' if change > 0 else 'fewer'} than"


def untargeted(channels: list[Row]) -> Plain:
    """Which channels have no target, so that no share tells of them; or nothing."""
    told = [
        f"{name(row['channel'])} ({counted(row['tickets_count'], 'ticket')}):"
        f" no target for {row['lacks']}"
        for row in channels
    ]
    return Plain(f"Not judged: {'; '.join(told)}." if told else "")


def chance_of_a_false_one(tests_count: int) -> str:
    """How likely at least one of so many tests at 5% holds by chance alone."""
    return percent(1 - 0.95**tests_count, 0)


def false_alarms_at_most(days_count: int) -> str:
    """How many of the days and segments chance would name: fewer than 4 standard deviations leave.

    Counts are rarer so far out than a normal distribution has it, on the scale of the score.
    """
    alarms = days_count * NormalDist().cdf(-4)
    return "less than one" if alarms < 1 else f"at most {decimal(alarms, 0)}"


def _incident(finding: Row) -> str:
    incident = finding["detail"]
    effect = incident["frt_effect_minutes"]
    text = (
        f"{whole(incident['tickets_created'])} tickets came in where"
        f" {whole(incident['expected_tickets'])} were to be expected"
    )
    if incident["extra_tickets"] > 0:
        text += (
            f": **{whole(incident['extra_tickets'])} extra tickets**"
            f" ({whole(incident['extra_ci_low'])} to {whole(incident['extra_ci_high'])})."
        )
        if parts := _parts_of_extra(incident):
            text += f" {capital(Plain(parts))}."
    else:
        text += f", but **{_extra_of_largest(incident)}**."
    if effect is not None:
        low, high = incident["frt_effect_ci_low"], incident["frt_effect_ci_high"]
        if low > 0:
            longer, span = minutes_with_range(effect, low, high)
            text += (
                f" Those who wrote on these days waited {longer} longer for a first"
                f" response ({span}) than on the same channels on"
                " ordinary days: "
                + minutes_pair(
                    incident["frt_avg_minutes"], "instead of", incident["frt_expected_minutes"]
                )
                + " on average."
            )
        else:
            text += " First responses were not slower than chance would have it."
    # Less than expected says that their tickets are not resolved yet, not that all went well.
    if incident["extra_waiting_hours"] > 0:
        text += (
            f" Until resolution, creators waited {waited(incident['extra_waiting_hours'])} more in"
            " all than expected."
        )
    if incident["is_ongoing"]:
        text += " **It lasts: the last complete day belongs to it.**"
    return text


def _growth(finding: Row) -> str:
    trend = finding["detail"]
    length = trend["comparison"].split("_")[0]
    text = (
        f"Incidents set aside, {whole(trend['ordinary_change'])} more tickets came in during the"
        f" last {length} days than in the {length} before: {decimal(trend['rate_ratio'], 2)} times"
        f" as many ({decimal(trend['rate_ratio_ci_low'], 2)} to"
        f" {decimal(trend['rate_ratio_ci_high'], 2)};"
        f" corrected p {p_value(trend['p_value_holm'])})."
    )
    if finding["subject"] == "all":
        return text
    times = decimal(finding["comparison_value"], 2)
    return f"{text} There were {times} times as many tickets in all."


def _change(finding: Row) -> str:
    change = finding["detail"]
    style = style_of(finding["subject"])
    worse_or_better = "better off" if _is_better(finding) else "worse off"
    moved, span = change_with_range(change)
    before, now = finding["comparison_value"], finding["estimate"]
    if style == "minutes":
        values = minutes_pair(before, "in the four weeks before to", now)
    else:
        values = f"{percent(before)} in the four weeks before to {percent(now)}"
    text = (
        f"From {values} in the four weeks from"
        f" {days(finding['start_day'], finding['end_day'])}: a change of {moved} ({span})."
    )
    if finding["tickets_count"]:
        count, word = (
            whole(abs(finding["tickets_count"])),
            "more" if _is_better(finding) else "fewer",
        )
        text += f" About {count} {word} tickets met their target than at the earlier rate."
    else:
        text += f" Creators are {waited(abs(finding['waiting_hours']))} {worse_or_better}."
    caveat = incident_caveat(change, change["calm"])
    return text + (f" {caveat}" if caveat else "") + ' "Did service change" has its parts.'


def _repeat(finding: Row) -> str:
    contacts = finding["detail"]
    text = (
        f"After {whole(contacts['repeated_count'])} of {whole(contacts['resolved_count'])}"
        f" resolutions (**{percent(contacts['repeat_rate'])}**;"
        f" {percent(contacts['repeat_ci_low'])} to {percent(contacts['repeat_ci_high'])}) the same"
        " creator opened a ticket about the same topic within a week:"
        f" {whole(contacts['repeating_creators_count'])} of {whole(contacts['creators_count'])}"
        " creators. Coincidence alone would bring some"
        f" {whole(contacts['expected_repeated_count'])} of them, as those who write often also"
        " write twice about one topic. Half of these returns came within"
        f" {hours_long(contacts['hours_until_next_median'])}."
    )
    if contacts["fcr_strict_count"] and contacts["slower_count"]:
        text += (
            " After a resolution within the hour it was"
            f" {percent(contacts['fcr_strict_repeat_rate'])}, after a slower one"
            f" {percent(contacts['slower_repeat_rate'])}{same_topic(contacts['like_for_like'])}."
        )
    if contacts["topics"]:
        topics = [
            Plain(f"{name(topic['segment'])} ({percent(topic['repeat_rate'])})")
            for topic in contacts["topics"][:_TOPICS_NAMED]
        ]
        left_out = len(contacts["topics"]) - len(topics)
        if left_out:
            topics.append(Plain(f"{whole(left_out)} more"))
        text += (
            " Beyond chance and coincidence, more come back about"
            f" {listed(topics)} than about other topics."
        )
    return text


def _sla_missed(finding: Row) -> str:
    parts = [
        Plain(
            f"{_on(row)} {whole(row['tickets_count'])} of {whole(row['sample_count'])} first"
            f" responses were late or missing ({percent(row['estimate'])};"
            f" {percent(row['ci_low'])} to {percent(row['ci_high'])})"
        )
        for row in finding["together"]
    ]
    late = sum(row["waiting_hours"] for row in finding["together"])
    ordinary = "Incidents set aside, " if finding["subject_type"] == "weekday" else ""
    told = Plain(f"{ordinary}{listed(parts)}")
    return (
        f"{capital(told)}, against {percent(finding['comparison_value'])} over all."
        f" Together they waited {waited(late)} beyond the target; unanswered tickets are counted"
        " without hours."
    )


def _slow_category(finding: Row) -> str:
    costs = finding["detail"]
    took, span = minutes_with_range(
        60 * finding["estimate"], 60 * finding["ci_low"], 60 * finding["ci_high"]
    )
    text = (
        f"Resolved {tickets_of(finding['subject'])} took **{took}** on average ({span};"
        f" {whole(costs['resolved_count'])} tickets), all resolved tickets"
        f" {hours(finding['comparison_value'])}. They are {percent(costs['ticket_share'], 0)} of"
        f" the tickets and {percent(costs['waiting_share'], 0)} of the hours until resolution"
        f" (resolved tickets); {waited(finding['waiting_hours'])} are beyond the average."
    )
    if costs["topics"]:
        topics = [
            Plain(f"{name(topic['segment'])} ({waited(topic['waiting_hours'])})")
            for topic in costs["topics"]
        ]
        text += (
            f" Of its topics, {listed(topics)} took most hours, tickets that agents tagged"
            " otherwise included."
        )
    return text


def _backlog(finding: Row) -> str:
    age = finding["waiting_hours"] / finding["tickets_count"]
    text = (
        f"**{open_tickets(finding['tickets_count'])}**, {percent(finding['estimate'])} of"
        f" all received ({percent(finding['ci_low'])} to {percent(finding['ci_high'])})"
    )
    if finding["comparison_value"] is not None:
        # The mart's comparison_value: the end of the day 28 days before.
        earlier = day(finding["end_day"] - timedelta(days=28))
        text += f"; at the end of {earlier} it was {percent(finding['comparison_value'])}"
    grew = backlog_grew(finding["detail"]["streak"])
    old = finding["detail"]["old_count"]
    return (
        f"{text}. {f'{grew} ' if grew else ''}The wait so far is {hours(age)} on average"
        f"{f', and more than 30 days for {whole(old)}' if old else ''}. It has no end yet:"
        " hours until resolution, in this report, are of resolved tickets."
    )


def _breaches_due(finding: Row) -> str:
    return (
        f"{counted(finding['tickets_count'], 'target')} of open tickets will pass within 24"
        f" hours of this report's state, of {whole(finding['comparison_value'])} that can still"
        " be met."
        " A count of deadlines, not an estimate: it has no interval."
    )


def still_going_on(findings: list[Row]) -> Plain:
    """Which incident reaches the last complete day, as a sentence; or nothing."""
    ongoing = [
        Plain(f"about {about(row['detail'])} since {day(row['start_day'])}")
        for row in findings
        if row["kind"] == "incident" and row["detail"]["is_ongoing"]
    ]
    if not ongoing:
        return Plain("")
    noun = "An incident is" if len(ongoing) == 1 else "Incidents are"
    return Plain(f"**{noun} still going on: {listed(ongoing)}.**")


def costs(findings: list[Row]) -> list[Row]:
    """The findings that cost something: all but what got better."""
    return [row for row in findings if not (row["kind"] == "change" and _is_better(row))]


def quiet_days(days_below: list[Row]) -> Plain:
    """Days with far fewer tickets than expected, the latest last; or nothing."""
    told = [
        Plain(
            f"{day(row['day'])} ({whole(row['tickets_created'])} where"
            f" {whole(row['expected_tickets'])} were to be expected)"
        )
        for row in days_below[-_DAYS_NAMED:]
    ]
    if not told:
        return Plain("")
    left_out = len(days_below) - len(told)
    if left_out:
        told.append(Plain(counted(left_out, "earlier day")))
    return Plain(f"Far fewer tickets than expected came in on {listed(told)}.")


def _part(ratio: float, digits: int = 0) -> str:
    # Of extra tickets more than all can be of one kind, where others brought fewer than usual.
    return "all" if ratio >= 0.995 else percent(ratio, digits)


def _parts_of_extra(incident: Row) -> str:
    """Who surely brought more than their usual part of the extra tickets; empty without any."""
    parts = []
    if incident["is_category_above_usual"]:
        share = _part(incident["category_extra_ratio"])
        parts.append(f"{share} of them were {tickets_of(incident['category'])}")
    if about(incident) == name(incident["topic"]):
        share = _part(incident["topic_extra_ratio"])
        parts.append(f"{share} {'' if parts else 'of them were '}about {about(incident)}")
    text = ", ".join(parts)
    if incident["is_channel_above_usual"]:
        text += (
            f"{'; ' if parts else ''}{_part(incident['channel_extra_ratio'])}"
            f"{'' if parts else ' of them'} came by {name(incident['channel'])},"
            f" usually {percent(incident['channel_usual_ratio'], 0)}"
        )
    return text


def _extra_of_largest(incident: Row) -> str:
    """Of an incident that is none among all tickets: where most more than usual came in."""
    kinds = ("channel", "category", "topic")
    kind = max(kinds, key=lambda kind: incident[f"{kind}_extra_tickets"])
    where = {
        "channel": f"by {name(incident['channel'])}",
        "category": f"among {tickets_of(incident['category'])}",
        "topic": f"about {name(incident['topic'])}",
    }
    return f"{counted(incident[f'{kind}_extra_tickets'], 'ticket')} more than usual {where[kind]}"


def _most_of(incident: Row) -> str:
    # Nothing for an incident about several topics.
    subject = about(incident)
    if subject == name(incident["topic"]):
        return f", {_part(incident['topic_extra_ratio'])} of them about {subject}"
    if subject == tickets_of(incident["category"]):
        return f", {_part(incident['category_extra_ratio'])} of them {subject}"
    return ""


def _tickets(finding: Row) -> Plain:
    subject = finding["subject"]
    if finding["subject_type"] == "category":
        return tickets_of(subject)
    return Plain(f"tickets about {name(subject)}")


def _is_better(finding: Row) -> bool:
    return finding["tickets_count"] < 0 or finding["waiting_hours"] < 0


def _together(finding: Row) -> Plain:
    return listed([name(row["subject"]) for row in finding["together"]])


def _on(row: Row) -> str:
    if row["subject_type"] == "weekday":
        return f"on {escaped(row['subject'])}s"
    return f"by {name(row['subject'])}"


_PARAGRAPHS = {
    "incident": _incident,
    "growth": _growth,
    "change": _change,
    "repeat_contacts": _repeat,
    "sla_missed": _sla_missed,
    "slow_category": _slow_category,
    "backlog": _backlog,
    "breaches_due": _breaches_due,
}
