"""Dirty rows: each breaks one rule of the raw data (one kind breaks two), beside the clean rows."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

DIRTY_SHARE = 0.005
ROWS_PER_KIND = 2  # at the least, however small the sample

Row = list[str]
ID, CREATED, RESOLVED, STATUS, CHANNEL, CREATOR, TAG, FRT, TEXT = range(9)


@dataclass(frozen=True)
class Kind:
    """A kind of dirty row and the reasons for which staging rejects it.

    ``spoil`` turns an accepted row with an id of its own into a dirty one.
    """

    name: str
    reasons: tuple[str, ...]
    spoil: Callable[[Row, random.Random], Row]


def _setting(column: int, *values: str) -> Callable[[Row, random.Random], Row]:
    def spoil(row: Row, rng: random.Random) -> Row:
        row[column] = rng.choice(values)
        return row

    return spoil


def _resolved_without_resolved_at(row: Row, rng: random.Random) -> Row:
    row[STATUS], row[RESOLVED] = "resolved", ""
    return row


def _resolved_before_created(row: Row, rng: random.Random) -> Row:
    row[RESOLVED] = f"{int(row[CREATED][:4]) - 1}{row[CREATED][4:7]}-15 12:00:00"
    return row


def _two_reasons(row: Row, rng: random.Random) -> Row:
    row[STATUS], row[FRT] = "in_progress", "-1"
    return row


def _too_many_fields(row: Row, rng: random.Random) -> Row:
    row[TEXT] = row[TEXT].replace('"', "").replace("\n", " ")
    return [*row, rng.choice(("exported by hand", "see note", "pt-BR", "v2"))]


def _too_few_fields(row: Row, rng: random.Random) -> Row:
    return row[: rng.choice((4, 5, 7, 8))]


SPOILED_KINDS = (
    Kind("missing_ticket_id", ("missing_ticket_id",), _setting(ID, "", "  ")),
    Kind("missing_created_at", ("missing_created_at",), _setting(CREATED, "")),
    Kind(
        "unparseable_created_at",
        ("unparseable_created_at",),
        _setting(CREATED, "31/07/2025 10:22", "2025-02-30 09:00:00", "yesterday", "0000-00-00"),
    ),
    Kind(
        "unparseable_resolved_at",
        ("unparseable_resolved_at",),
        _setting(RESOLVED, "soon", "2025-13-01 08:00:00", "08-05-2025", "45877.5"),
    ),
    Kind("invalid_status", ("invalid_status",), _setting(STATUS, "open", "done", "solved")),
    Kind("empty_status", ("invalid_status",), _setting(STATUS, "")),
    Kind("invalid_channel", ("invalid_channel",), _setting(CHANNEL, "telegram", "phone", "sms")),
    Kind("empty_channel", ("invalid_channel",), _setting(CHANNEL, "")),
    Kind("invalid_tag", ("invalid_tag",), _setting(TAG, "billing", "marketing", "n/a")),
    Kind(
        "resolved_without_resolved_at",
        ("resolved_without_resolved_at",),
        _resolved_without_resolved_at,
    ),
    Kind("resolved_before_created", ("resolved_before_created",), _resolved_before_created),
    Kind(
        "frt_not_a_number",
        ("first_response_time_not_a_number",),
        _setting(FRT, "15 min", "NaN", "fast", "inf", "1h20"),
    ),
    Kind("frt_negative", ("first_response_time_negative",), _setting(FRT, "-3", "-45", "-0.5")),
    Kind(
        "frt_too_large", ("first_response_time_too_large",), _setting(FRT, "10081", "99999", "1e6")
    ),
    Kind("too_many_fields", ("malformed_row",), _too_many_fields),
    Kind("too_few_fields", ("malformed_row",), _too_few_fields),
    Kind("two_reasons", ("invalid_status", "first_response_time_negative"), _two_reasons),
)
# These stand beside the clean row whose id they share; one row of each pair is rejected.
EXACT_COPY, STALE_COPY, SPACED_COPY = "exact_copy", "stale_copy", "spaced_copy"
COPY_KINDS = (EXACT_COPY, STALE_COPY, SPACED_COPY)
RAW_KINDS = frozenset({"too_many_fields", "too_few_fields"})
KIND_NAMES = tuple(kind.name for kind in SPOILED_KINDS) + COPY_KINDS
_BY_NAME = {kind.name: kind for kind in SPOILED_KINDS}


def dirty_row_count(tickets: int) -> int:
    """How many dirty rows come with ``tickets`` clean ones."""
    return max(round(DIRTY_SHARE * tickets), ROWS_PER_KIND * len(KIND_NAMES))


class DirtPlan:
    """Spreads the kinds evenly over the sample, in a shuffled order."""

    def __init__(self, tickets: int, seed: int) -> None:
        self._rng = random.Random(f"dirt-{seed}")
        self._count = dirty_row_count(tickets)
        self._tickets = tickets
        self._done = 0
        self._queue: list[str] = []

    def kinds_after(self, number: int) -> Iterator[str]:
        """The kinds of dirty rows that are due after the clean row ``number`` (from 0)."""
        due = self._count * (number + 1) // self._tickets
        while self._done < due:
            self._done += 1
            if not self._queue:
                self._queue = list(KIND_NAMES)
                self._rng.shuffle(self._queue)
            yield self._queue.pop()

    def spoil(self, kind: str, row: Row) -> Row:
        """A dirty row of that kind, made of a row that staging would accept."""
        return _BY_NAME[kind].spoil(row, self._rng)
