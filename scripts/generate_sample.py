"""Generates the sample data: ``python scripts/generate_sample.py``.

Standard library only. The same arguments give the same bytes. See docs/sample_data.md.
"""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

from support_analytics.errors import UserError
from support_analytics.sample import (
    INCIDENT_NAMES,
    INCIDENTS,
    SampleConfig,
    write_tickets,
    write_users,
)
from support_analytics.sources import refuse_same_file

# Not from support_analytics.dbt_project, which needs PyYAML: this command runs on Python alone.
SEEDS = Path(__file__).resolve().parent.parent / "seeds"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"generate_sample: {message} (--help lists the options)\n")


def _parser() -> argparse.ArgumentParser:
    defaults = SampleConfig()
    parser = _Parser(
        description="Generate fictitious support tickets and creators as CSV.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--tickets-out", type=Path, default=SEEDS / "tickets_raw.csv", help="CSV of the tickets")
    add("--users-out", type=Path, default=SEEDS / "users_raw.csv", help="CSV of the creators")
    add("--tickets", type=int, default=defaults.tickets, help="number of clean tickets")
    add("--creators", type=int, default=defaults.creators, help="number of creators")
    add("--seed", type=int, default=defaults.seed, help="another seed gives other data")
    add("--start", type=_day, default=defaults.start, help="first day (UTC), YYYY-MM-DD")
    add("--end", type=_day, default=defaults.end, help="last day (UTC), YYYY-MM-DD")
    add("--no-dirty", action="store_true", help="leave out the rows that staging rejects")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--no-incidents", action="store_true", help="leave out the incidents")
    which.add_argument(
        "--incidents",
        type=_names,
        default=",".join(INCIDENT_NAMES),
        help="the incidents to plant, by name",
    )
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day; write it as 2025-04-01") from None


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in INCIDENT_NAMES:
            known = ", ".join(INCIDENT_NAMES)
            raise argparse.ArgumentTypeError(f"no incident '{name}'; there are {known}")
    return names


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 after a one-line message about wrong input."""
    options = _parser().parse_args(arguments)
    names = () if options.no_incidents else options.incidents
    try:
        refuse_same_file({"--tickets-out": options.tickets_out, "--users-out": options.users_out})
        config = SampleConfig(
            tickets=options.tickets,
            creators=options.creators,
            seed=options.seed,
            start=options.start,
            end=options.end,
            dirty=not options.no_dirty,
            incidents=tuple(incident for incident in INCIDENTS if incident.name in names),
        )
        ticket_count = write_tickets(config, options.tickets_out)
        user_count = write_users(config, options.users_out)
    except (ValueError, UserError) as error:
        print(f"generate_sample: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"generate_sample: cannot write {error.filename}: {error.strerror}; "
            "choose another --tickets-out or --users-out",
            file=sys.stderr,
        )
        return 2
    print(f"{options.tickets_out}: {ticket_count} rows")
    print(f"{options.users_out}: {user_count} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
