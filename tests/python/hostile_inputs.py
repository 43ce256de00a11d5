"""Hostile random tickets: every boundary, fault and time zone that the definitions know."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from reference import (
    CATEGORIES,
    CHANNELS,
    OPEN_STATUSES,
    STATUSES,
    TICKET_COLUMNS,
    USER_COLUMNS,
    Settings,
    Target,
    parse_timestamp,
)

# First days that put a change of clocks or a New Year into the weeks after them.
FIRST_DAYS = {
    "UTC": ["2024-12-16", "2025-02-20"],
    "America/Sao_Paulo": ["2018-10-24", "2018-02-08", "2024-12-23"],  # clocks change at midnight
    "America/Havana": ["2025-10-22", "2025-02-27"],  # at midnight, both ways
    "Europe/Madrid": ["2025-03-20", "2024-10-17", "2024-12-24"],
    "Pacific/Auckland": ["2025-09-18", "2024-12-26"],
    "Australia/Lord_Howe": ["2025-09-25", "2025-03-27"],  # by half an hour
    "Asia/Kolkata": ["2024-12-19"],
}
DURATIONS = [0, 59, 60, 61, 3599, 3600, 3659, 3660, 14399, 14400, 14459, 14460, 14519, 86400]
RESPONSES = ["0", "-0", "1", "12", "12.5", " 7 ", ".5", "1e2", "007", "10080", "480.0001"]
BAD_TIMESTAMPS = [
    "31/12/2024 10:00",
    "2025-02-30 10:00",
    "2024-13-01",
    "2024-12-31 24:00",
    "2024-12-31 10:60",
    "2024-12-31 10:00:60",
    "2024-12-31T10",
    "2024-12-31 10:00 UTC",
    "2024-12-31 10:00:00,5",
    "2024-12-31 10:00:00.",
    "2024-12-31  10:00",
    "2024-12-31+02:00",
    "2024-12-31Z",
    "2024-1-5",
    "20241231",
    "1735600000",
    "1999-12-31 10:00",
    "2100-01-01 00:00",
    "0000-00-00",
    "yesterday",
    "infinity",
    "epoch",
    "NULL",
]
NOT_NUMBERS = ["nan", "NaN", "inf", "-Infinity", "abc", "1,5", "12 min", "1h20", "0x10", "NULL"]
NEGATIVES = ["-1", "-0.0001", "-99999"]
TOO_LARGE = ["10080.001", "10081", "1e9"]
TEXTS = [
    "",
    "NULL",
    "Refund, please",
    'She wrote "still waiting", twice',
    "First line\nsecond line\n\nlast",
    "Pago duplicado ¿cuándo? 💳",
    "  spaces stay  ",
    "The member area does not open",
    "How many subscribers did the campaign reach?",
]


@dataclass(frozen=True)
class Inputs:
    """What a build reads, and what a user asks of it."""

    tickets_csv: str
    users_csv: str | None
    sla_targets_csv: str
    timezone: str
    as_of: str | None

    def sla_targets(self) -> dict[str, Target]:
        return {
            row["channel"]: Target(
                float(row["frt_target_minutes"]) if row["frt_target_minutes"] else None,
                float(row["resolution_target_minutes"])
                if row["resolution_target_minutes"]
                else None,
            )
            for row in csv.DictReader(io.StringIO(self.sla_targets_csv))
        }

    def settings(self) -> Settings:
        return Settings(as_of_at=parse_timestamp(self.as_of), reporting_timezone=self.timezone)


# ------------------------------------------------------------------------------- hostile inputs


@dataclass
class Maker:
    """Draws raw rows. Same seed, same rows."""

    rng: random.Random
    zone: ZoneInfo
    days: list[date]
    now: datetime
    targets: dict[str, Target]
    rows: list[list[str]] = field(default_factory=list)

    def instant(self) -> datetime:
        """Some moment of an active day, often beside a local midnight."""
        rng = self.rng
        midnight = datetime.combine(rng.choice(self.days), time(), self.zone).astimezone(UTC)
        after = rng.choice(
            [
                timedelta(0),
                timedelta(seconds=-1),
                timedelta(microseconds=-1),
                timedelta(hours=rng.randrange(24), minutes=rng.randrange(60)),
                timedelta(seconds=rng.randrange(90_000)),
                timedelta(seconds=rng.randrange(90_000)),
                timedelta(microseconds=rng.randrange(86_400_000_000)),
            ]
        )
        return min(midnight + after, self.now)

    def written(self, instant: datetime) -> str:
        """The instant in one of the accepted forms."""
        rng = self.rng
        hours = rng.choice([None, None, None, 0, -3, 2, 13])
        offset = rng.choice(
            [timedelta(0), timedelta(minutes=rng.choice([0, 30]), hours=hours or 0)]
        )
        local = instant.astimezone(timezone(offset))
        if not offset:
            ending = rng.choice(["", "Z", "+00:00", "-00:00", "+00"])
        else:
            ending = f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:]
            if ending.endswith(":00"):
                ending = rng.choice([ending, ending[:3]])
        if local.time() == time() and ending == "" and rng.random() < 0.5:
            return f"{local:%Y-%m-%d}"
        text = f"{local:%Y-%m-%d}{rng.choice(' T')}{local:%H:%M}"
        if local.microsecond:
            text += f":{local:%S.%f}".rstrip("0")
        elif local.second or rng.random() < 0.7:
            text += f":{local:%S}" + rng.choice(["", "", ".0", ".000"])
        return rng.choice(["", "", "", " "]) + text + ending + rng.choice(["", "", "", "\t"])

    def created_at(self, status: str, channel: str) -> datetime:
        """A moment; for open tickets often exactly on the edge of a target or an age bucket."""
        rng, target = self.rng, self.targets.get(channel, Target(None, None))
        edges = [minutes for minutes in target if minutes is not None]
        edges += [hours * 60 for hours in (24, 72, 168, 720)]
        age = timedelta(minutes=rng.choice(edges)) + rng.choice(
            [timedelta(0), timedelta(microseconds=1), timedelta(seconds=-1), timedelta(minutes=1)]
        )
        if rng.random() < (0.4 if status in OPEN_STATUSES else 0.1):
            return max(self.now - age, datetime.combine(self.days[0], time(), UTC))
        return self.instant()

    def resolved_at(self, created_at: datetime, channel: str) -> datetime:
        rng, target = self.rng, self.targets.get(channel, Target(None, None))
        seconds = rng.choice([*DURATIONS, rng.randrange(700_000), rng.randrange(20_000)])
        if target.resolution is not None and rng.random() < 0.25:
            seconds = target.resolution * 60 + rng.choice([0, 59, 60, -1])
        return created_at + timedelta(
            seconds=max(seconds, 0), microseconds=rng.choice([0, 0, 999_999])
        )

    def cased(self, value: str) -> str:
        return self.rng.choice([value, value, value, value.upper(), f" {value.title()} "])

    def ticket(self, number: int) -> list[str]:
        rng = self.rng
        status = rng.choices(STATUSES, [60, 15, 10, 15])[0]
        channel = rng.choice(CHANNELS)
        created_at = self.created_at(status, channel)
        resolved_at = ""
        # Reopened tickets keep a time, those closed without a solution may have one.
        if status == "resolved" or rng.random() < 0.4:
            instant = self.resolved_at(created_at, channel)
            if instant <= self.now:
                resolved_at = self.written(instant)
            elif status == "resolved":
                status = "pending"
        target = self.targets.get(channel, Target(None, None)).frt
        responses = [*RESPONSES, "", "", "", f"{rng.uniform(0, 900):.4f}", f"{rng.randrange(300)}"]
        if target is not None:
            responses += [str(target), f"{target + 0.001:.3f}"]
        return [
            rng.choice([f"T{number}", f"T{number}", f" T{number} ", f"{number:05}", f"t{number}"]),
            self.written(created_at),
            resolved_at,
            self.cased(status),
            self.cased(channel),
            rng.choice([f"C{rng.randrange(30)}"] * 5 + ["", " ", "c1", "nobody", " C2 "]),
            rng.choice(["", "", "  ", *map(self.cased, CATEGORIES)]),
            rng.choice(responses),
            rng.choice(TEXTS) + rng.choice(["", "", f" ({rng.randrange(99)})"]),
        ]

    def spoiled(self, row: list[str]) -> list[str]:
        """The row with one to three faults."""
        rng, row = self.rng, list(row)
        faults = [
            (0, ["", "  "]),
            (1, rng.choice([["", " "], BAD_TIMESTAMPS])),
            (2, rng.choice([[""], BAD_TIMESTAMPS, ["2000-01-01 00:00", "2017-06-01T10:00:00Z"]])),
            (3, ["", "solved", "in_progress", "closed", "NULL"]),
            (4, ["", "phone", "e-mail", "whats app", "in app"]),
            (6, ["billing", "NULL", "check out", "-"]),
            (7, rng.choice([NOT_NUMBERS, NEGATIVES, TOO_LARGE])),
        ]
        for position, values in rng.sample(faults, rng.choice([1, 1, 1, 2, 3])):
            row[position] = rng.choice(values)
        return row

    def version(self, row: list[str]) -> list[str]:
        """Another row with the same ticket_id, sometimes a faulty one, sometimes an exact copy."""
        rng, row = self.rng, list(row)
        kind = rng.randrange(6)
        if kind == 1:
            row[0] = f" {row[0]}\t"
            row[8] += " again"
        elif kind == 2:
            row[3], row[2] = "pending", rng.choice(["", row[2]])
        elif kind == 3:
            created_at = self.instant()
            row[1] = self.written(created_at)
            if resolved_at := parse_timestamp(row[2].strip()):
                row[2] = self.written(max(created_at, resolved_at))
        elif kind == 4 and (created_at := parse_timestamp(row[1].strip())):
            # The same instants, written otherwise: the first line stays.
            row[1] = self.written(created_at)
            row[4] = rng.choice(CHANNELS)
        elif kind == 5:
            # Would be the newest, if it were no faulty row.
            row[2] = self.written(self.now)
            row = self.spoiled(row)
        return row

    def draw(self, count: int) -> None:
        rng = self.rng
        for number in range(count):
            row = self.ticket(number)
            self.rows.append(row)
            while rng.random() < 0.12:
                self.rows.insert(len(self.rows) - rng.randrange(2), self.version(row))
            if rng.random() < 0.05:
                # Another ticket, equal in everything else.
                self.rows.append([f"t-{number}", *row[1:]])
            if rng.random() < 0.12:
                self.rows.append(self.spoiled(self.ticket(1000 + number)))
            if rng.random() < 0.03:
                broken = self.ticket(2000 + number)
                self.rows.append(
                    broken[: rng.randrange(1, 9)] if rng.random() < 0.5 else [*broken, ""]
                )
        if rng.random() < 0.7:
            rng.shuffle(self.rows)


def csv_text(header: list[str], rows: Iterable[list[str]], rng: random.Random) -> str:
    """CSV with blank lines here and there and either ending of lines."""
    out = io.StringIO(newline="")
    ending = rng.choice(["\n", "\r\n"])
    writer = csv.writer(out, lineterminator=ending)
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        if rng.random() < 0.01:
            out.write(ending)
    return out.getvalue()


def users_csv(rng: random.Random) -> str | None:
    if rng.random() < 0.15:
        return None
    header = list(USER_COLUMNS) if rng.random() < 0.8 else ["plan", "creator_id", "extra"]
    values = {
        "country": ["BR", "es", "NA", "", " PT "],
        "plan": ["free", "pro", "", "NULL"],
        "signup_date": ["2021-04-02", "2024-02-29", "", "2023-02-29", "02/04/2021", "unknown"],
        "extra": ["x", ""],
    }
    ids = [f"C{number}" for number in range(24)] + ["", " ", "C1", " C3 ", "C5", "c7"]
    rng.shuffle(ids)
    rows = [
        [key if name == "creator_id" else rng.choice(values[name]) for name in header]
        for key in ids
    ]
    return csv_text(header, rows, rng)


def draw_targets(rng: random.Random) -> dict[str, tuple[str, str]]:
    """Targets as text: some channels without a row, some without one of the two."""
    drawn = {
        channel: (
            rng.choice(["5", "30", "60.5", "480", ""]),
            rng.choice(["60", "90.5", "240", "1440", "2880", ""]),
        )
        for channel in CHANNELS
        if rng.random() < 0.85
    }
    return drawn or {"email": ("30", "")}


def draw_inputs(seed: int) -> Inputs:
    rng = random.Random(seed)
    zone_name = rng.choice(list(FIRST_DAYS))
    zone = ZoneInfo(zone_name)
    first_day = date.fromisoformat(rng.choice(FIRST_DAYS[zone_name]))
    span = rng.choice([2, 9, 20, 40, 75])
    gap = rng.randrange(span)
    days = [
        first_day + timedelta(days=n)
        for n in range(span)
        if not gap <= n < gap + span // 4 and (n == 0 or rng.random() < 0.75)
    ] or [first_day]
    end = days[-1] + timedelta(days=rng.choice([1, 1, 2, 9]))
    now = datetime.combine(end, time(), zone).astimezone(UTC)
    now += timedelta(minutes=rng.choice([0, 0, 240, 1440, 60.5, -1, rng.randrange(1440)]))
    targets_text = draw_targets(rng)
    targets = {
        channel: Target(*(float(text) if text else None for text in pair))
        for channel, pair in targets_text.items()
    }
    maker = Maker(rng, zone, days, now, targets)
    maker.draw(rng.choice([6, 18, 160, 220, 300]))

    order = list(range(len(TICKET_COLUMNS)))
    header, rows = list(TICKET_COLUMNS), maker.rows
    if rng.random() < 0.3:
        # Columns in another order, and one that the project does not know.
        rng.shuffle(order)
        header = [TICKET_COLUMNS[position] for position in order] + ["assignee"]
        rows = [
            [row[position] for position in order] + ["x"] if len(row) == len(order) else row
            for row in rows
        ]
    target_rows = [[channel, *pair] for channel, pair in targets_text.items()]
    return Inputs(
        tickets_csv=csv_text(header, rows, rng),
        users_csv=users_csv(rng),
        sla_targets_csv=csv_text(
            ["channel", "frt_target_minutes", "resolution_target_minutes"], target_rows, rng
        ),
        timezone=zone_name,
        as_of=maker.written(now).strip() if rng.random() < 0.7 else None,
    )


def write_inputs(inputs: Inputs, folder: Path) -> dict[str, Path]:
    """The CSVs, by what the command line calls them."""
    texts = {"tickets": inputs.tickets_csv, "sla-targets": inputs.sla_targets_csv}
    if inputs.users_csv is not None:
        texts["users"] = inputs.users_csv
    folder.mkdir(exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in texts}
    for name, path in paths.items():
        path.write_text(texts[name], encoding="utf-8", newline="")
    return paths
