"""The sample generator: deterministic, complete, with exactly what docs/sample_data.md plants."""

import csv
import io
import math
import re
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import generate_sample  # noqa: E402
from support_analytics.sample import (  # noqa: E402
    CHANNELS,
    INCIDENTS,
    TICKET_COLUMNS,
    SampleConfig,
    Ticket,
    dirt,
    ticket_lines,
    write_tickets,
    write_users,
)
from support_analytics.sample.writer import clean_tickets  # noqa: E402

SMALL = SampleConfig(tickets=400, creators=120, seed=7)
INCIDENT_DAYS = {day for incident in INCIDENTS for day in incident.days}


@pytest.fixture(scope="module")
def tickets() -> list[Ticket]:
    return list(clean_tickets(SampleConfig()))


@pytest.fixture(scope="module")
def committed() -> str:
    return (ROOT / "seeds" / "tickets_raw.csv").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def committed_rows(committed: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(committed, newline="")))


def day_of(ticket: Ticket) -> date:
    return datetime.fromtimestamp(ticket.created, UTC).date()


def written(config: SampleConfig, folder: Path) -> tuple[bytes, bytes]:
    write_tickets(config, folder / "tickets.csv")
    write_users(config, folder / "users.csv")
    return (folder / "tickets.csv").read_bytes(), (folder / "users.csv").read_bytes()


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(SMALL, tmp_path) == written(SMALL, tmp_path)


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    other = SampleConfig(tickets=400, creators=120, seed=8)
    assert written(SMALL, tmp_path) != written(other, tmp_path)


def test_committed_seeds_are_what_the_generator_writes(tmp_path: Path) -> None:
    tickets_csv, users_csv = written(SampleConfig(), tmp_path)
    for name, content in (("tickets_raw.csv", tickets_csv), ("users_raw.csv", users_csv)):
        assert content == (ROOT / "seeds" / name).read_bytes(), (
            f"seeds/{name} is not what the generator writes; run python scripts/generate_sample.py"
        )


def test_committed_tickets_stay_small(committed: str) -> None:
    assert len(committed.encode()) < 2_900_000
    assert "\r" not in committed


def test_counts(committed_rows: list[list[str]]) -> None:
    assert tuple(committed_rows[0]) == TICKET_COLUMNS
    assert len(committed_rows) - 1 == 12000 + dirt.dirty_row_count(12000)
    users = (ROOT / "seeds" / "users_raw.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(users) == 2000 + 5
    ids = Counter(line.split(",")[0] for line in users)
    assert ids.pop("") == 2
    assert sum(count - 1 for count in ids.values()) == 3


@pytest.mark.parametrize("count", [1, 30, 5000])
def test_number_of_clean_tickets_is_exact(count: int) -> None:
    config = SampleConfig(tickets=count, creators=50, dirty=False)
    assert sum(1 for _ in ticket_lines(config)) == count


def reasons_of(rows: list[list[str]]) -> Counter[str]:
    """A small reading of the rejection rules, apart from the models that apply them."""
    reasons: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for row in rows:
        found = set()
        if len(row) != len(TICKET_COLUMNS):
            reasons["malformed_row"] += 1
            continue
        values = [value.strip() for value in row]
        ticket_id, created, resolved, status, channel, _, tag, frt, _ = values
        instants = {}
        for name, value in (("created", created), ("resolved", resolved)):
            try:
                instant = datetime.fromisoformat(value) if value else None
                if instant and instant.tzinfo is None:
                    instant = instant.replace(tzinfo=UTC)
                instants[name] = instant
            except ValueError:
                found.add(f"unparseable_{name}_at")
        if not ticket_id:
            found.add("missing_ticket_id")
        if not created:
            found.add("missing_created_at")
        if status.lower() not in ("resolved", "pending", "escalated", "closed_without_solution"):
            found.add("invalid_status")
        if channel.lower() not in CHANNELS:
            found.add("invalid_channel")
        if tag.lower() not in ("", "checkout", "financial", "engagement", "others"):
            found.add("invalid_tag")
        if status.lower() == "resolved" and not resolved:
            found.add("resolved_without_resolved_at")
        start, end = instants.get("created"), instants.get("resolved")
        if start and end and end < start:
            found.add("resolved_before_created")
        try:
            minutes = float(frt or 0)
            if not math.isfinite(minutes):
                found.add("first_response_time_not_a_number")
            elif minutes < 0:
                found.add("first_response_time_negative")
            elif minutes > 10080:
                found.add("first_response_time_too_large")
        except ValueError:
            found.add("first_response_time_not_a_number")
        reasons.update(found)
        if not found:
            accepted[ticket_id] += 1
    reasons["duplicate_ticket_id"] = sum(count - 1 for count in accepted.values())
    reasons["accepted"] = len(accepted)
    return reasons


def test_every_rejection_reason_is_there(committed_rows: list[list[str]]) -> None:
    reasons = reasons_of(committed_rows[1:])
    assert reasons.pop("accepted") == 12000
    expected = {reason for kind in dirt.SPOILED_KINDS for reason in kind.reasons}
    assert set(reasons) == expected | {"duplicate_ticket_id"}
    assert min(reasons.values()) >= 2
    too_long = [row for row in committed_rows if len(row) > len(TICKET_COLUMNS)]
    too_short = [row for row in committed_rows if len(row) < len(TICKET_COLUMNS)]
    assert len(too_long) >= 2
    assert len(too_short) >= 2


def test_duplicates_are_exact_and_updated(committed_rows: list[list[str]]) -> None:
    rows = [row for row in committed_rows[1:] if len(row) == len(TICKET_COLUMNS) and row[0]]
    assert sum(count > 1 for count in Counter(map(tuple, rows)).values()) >= 2
    by_id: dict[str, set[str]] = {}
    for row in rows:
        by_id.setdefault(row[0], set()).add(row[3])
    assert sum(len(statuses) > 1 for statuses in by_id.values()) >= 2


def test_no_dirty_leaves_only_accepted_rows() -> None:
    config = SampleConfig(tickets=2000, creators=300, dirty=False)
    rows = [row for row in ticket_lines(config) if isinstance(row, list)]
    assert reasons_of(rows) == Counter(accepted=2000)


def test_no_instant_after_the_end(tickets: list[Ticket]) -> None:
    end = datetime(2025, 11, 1, tzinfo=UTC).timestamp()
    assert max(ticket.resolved or ticket.created for ticket in tickets) < end
    assert all(t.resolved is None or t.resolved >= t.created for t in tickets)


def test_shares(tickets: list[Ticket]) -> None:
    def share(matches: int) -> float:
        return matches / len(tickets)

    status = Counter(ticket.status for ticket in tickets)
    assert share(status["resolved"]) == pytest.approx(0.78, abs=0.03)
    assert share(status["pending"]) == pytest.approx(0.09, abs=0.02)
    assert share(status["escalated"]) == pytest.approx(0.06, abs=0.02)
    assert share(status["closed_without_solution"]) == pytest.approx(0.07, abs=0.02)
    tagged = [ticket for ticket in tickets if ticket.tag]
    assert 1 - share(len(tagged)) == pytest.approx(1 / 3, abs=0.03)
    wrong = sum(ticket.tag != ticket.category for ticket in tagged) / len(tagged)
    assert wrong == pytest.approx(0.06, abs=0.01)
    assert share(sum(not ticket.frt for ticket in tickets)) == pytest.approx(0.05, abs=0.015)
    creators = Counter(t.creator_id for t in tickets if t.creator_id)
    assert share(sum(n for _, n in creators.most_common(100))) == pytest.approx(0.225, abs=0.03)


def test_incidents_stand_where_the_constants_say(tickets: list[Ticket]) -> None:
    for incident in INCIDENTS:
        planted = Counter(day_of(t) for t in tickets if t.incident == incident.name)
        assert set(planted) == set(incident.days)
        for day, extra_share in zip(incident.days, incident.extra_share, strict=True):
            weeks = [day + timedelta(days=7 * k) for k in (-3, -2, -1, 1, 2, 3)]
            ordinary = sum(day_of(t) in weeks for t in tickets) / len(weeks)
            assert planted[day] / ordinary == pytest.approx(extra_share, rel=0.35)


def test_no_other_day_stands_out(tickets: list[Ticket]) -> None:
    days = [date(2025, 4, 1) + timedelta(days=i) for i in range(214)]
    for segment in ("all", "channel", "category", "topic"):
        counts: dict[str, Counter[date]] = {}
        for ticket in tickets:
            key = "" if segment == "all" else getattr(ticket, segment)
            counts.setdefault(key, Counter())[day_of(ticket)] += 1
        for name, by_day in counts.items():
            for day in days:
                same = [day + timedelta(days=7 * k) for k in range(-6, 7) if k]
                same = [d for d in same if days[0] <= d <= days[-1] and d not in INCIDENT_DAYS]
                expected = sum(by_day[d] for d in same) / len(same)
                # The square root makes the spread of counts about one everywhere.
                score = 2 * (math.sqrt(by_day[day] + 0.375) - math.sqrt(expected + 0.375))
                assert day in INCIDENT_DAYS or score < 3, (segment, name, day)


def test_incidents_can_be_left_out() -> None:
    config = SampleConfig(tickets=3000, incidents=INCIDENTS[1:2])
    assert {ticket.incident for ticket in clean_tickets(config)} == {"", "payout_delay"}


def test_texts_vary(tickets: list[Ticket]) -> None:
    texts = [ticket.text for ticket in tickets]
    assert len(set(texts)) / len(texts) >= 0.97
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) >= 8
    assert max(lengths) <= 60
    shingles: Counter[str] = Counter()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        shingles.update({" ".join(words[i : i + 6]) for i in range(len(words) - 5)})
    assert shingles.most_common(1)[0][1] / len(texts) <= 0.025
    assert len({ticket.topic for ticket in tickets}) >= 25
    assert not any("{" in text or "[" in text for text in texts)


def test_texts_hold_only_fictitious_personal_data(tickets: list[Ticket]) -> None:
    texts = " ".join(ticket.text for ticket in tickets)
    domains = set(re.findall(r"@([\w.-]+\w)", texts))
    assert domains == {"example.com", "example.org", "example.net"}
    private = sum("@" in t.text or "CPF" in t.text for t in tickets)
    assert 0.005 < private / len(tickets) < 0.04


def test_awkward_texts_are_there(tickets: list[Ticket]) -> None:
    texts = [ticket.text for ticket in tickets]
    for mark in ("\n", ",", '"', "ã", "🙏"):
        assert sum(mark in text for text in texts) >= 2, mark


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tickets", "0"], "--tickets 0: must be at least 1"),
        (["--start", "2025-05-01", "--end", "2025-04-01"], "lies before --start"),
        (["--start", "May"], "'May' is not a day"),
        (["--incidents", "flood"], "no incident 'flood'"),
        (
            ["--tickets-out", "same.csv", "--users-out", "./same.csv"],
            "--tickets-out and --users-out are the same file, same.csv; give another --users-out",
        ),
        (["--tickets-out", "no/such/folder/tickets.csv"], "cannot write"),
    ],
)
def test_wrong_arguments_end_with_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    outputs = ["--tickets-out", str(tmp_path / "t.csv"), "--users-out", str(tmp_path / "u.csv")]
    try:
        code = generate_sample.main([*outputs, *arguments])
    except SystemExit as stop:
        code = stop.code
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
