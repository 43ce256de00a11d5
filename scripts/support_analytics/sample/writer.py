"""Writes the sample as CSV: UTF-8, ``\\n`` line ends, quotes only where needed."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

from . import dirt
from .population import USER_COLUMNS, Population
from .tickets import (
    STRAY_SPELLING_SHARE,
    TICKET_COLUMNS,
    SampleConfig,
    Ticket,
    TicketStream,
)
from .timestamps import TimestampWriter


def population(config: SampleConfig) -> Population:
    """The creators of a configuration."""
    return Population(config.creators, config.seed, config.start, config.end)


def clean_tickets(config: SampleConfig) -> Iterator[Ticket]:
    """The clean tickets with the truth behind them (topic, category, incident)."""
    return iter(TicketStream(config, population(config)))


def ticket_lines(config: SampleConfig) -> Iterator[list[str] | str]:
    """The data lines: a row of fields to be written as CSV, or a raw line to be written as is."""
    stream = TicketStream(config, population(config))
    stamps = TimestampWriter(config.seed)
    rng = random.Random(f"spelling-{config.seed}")
    rnd = rng.random
    plan = dirt.DirtPlan(config.tickets, config.seed)
    copies_due: list[str] = []
    previous: list[str] = []
    for number, ticket in enumerate(stream):
        row = [
            ticket.ticket_id,
            stamps.text(ticket.created, True),
            "" if ticket.resolved is None else stamps.text(ticket.resolved, False),
            ticket.status,
            ticket.channel,
            ticket.creator_id,
            ticket.tag,
            ticket.frt,
            ticket.text,
        ]
        if not config.dirty:
            yield row
            continue
        if rnd() < STRAY_SPELLING_SHARE:
            _misspell(row, rng)
        stale = dirt.STALE_COPY in copies_due and ticket.status == "resolved"
        if stale:
            copies_due.remove(dirt.STALE_COPY)
            # The export of an earlier day, in which the ticket was not resolved yet.
            yield [*row[: dirt.RESOLVED], "", "pending", *row[dirt.CHANNEL :]]
        yield row
        if copies_due and not stale and previous:
            kind = next((k for k in copies_due if k != dirt.STALE_COPY), None)
            if kind:
                copies_due.remove(kind)
                copy_id = f" {row[0]} " if kind == dirt.SPACED_COPY else row[0]
                yield [copy_id, *row[1:]]
        for kind in plan.kinds_after(number):
            if kind in dirt.COPY_KINDS:
                copies_due.append(kind)
                continue
            spoiled = plan.spoil(kind, [stream.new_id(), *row[1:]])
            yield ",".join(spoiled) if kind in dirt.RAW_KINDS else spoiled
        previous = row


def _misspell(row: list[str], rng: random.Random) -> None:
    """Stray capitals or spaces, which staging takes away again."""
    column = rng.choice((dirt.STATUS, dirt.CHANNEL, dirt.TAG))
    value = row[column]
    row[column] = rng.choice((value.upper(), value.capitalize(), f" {value}", f"{value} "))


def write_tickets(config: SampleConfig, path: Path) -> int:
    """Writes the tickets with their header; returns the number of data lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TICKET_COLUMNS)
        for line in ticket_lines(config):
            count += 1
            if isinstance(line, str):
                file.write(line + "\n")
            else:
                writer.writerow(line)
    return count


def write_users(config: SampleConfig, path: Path) -> int:
    """Writes the creators with their header; returns the number of data lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(USER_COLUMNS)
        for row in population(config).user_rows(config.dirty):
            writer.writerow(row)
            count += 1
    return count
