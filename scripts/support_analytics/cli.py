"""Command line of build_metrics.py: options in, one summary or one error line out."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from support_analytics import interruption
from support_analytics.errors import SupportAnalyticsError, one_line

UNCHANGED = "outputs are as they were"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for a failed build.

    Interrupted it returns 128 and the signal's number, as shells do.
    """
    options = _parser().parse_args(arguments)
    interruption.listen()
    try:
        return options.run(options)
    except (Exception, KeyboardInterrupt) as error:
        message, code = _explained(error)
    print(f"error: {message}", file=sys.stderr)
    return code


def _explained(error: BaseException) -> tuple[str, int]:
    """An error's line and exit code. What a signal broke is the signal's, whatever it raised."""
    number = interruption.received()
    if number is not None:
        word = "terminated" if number == signal.SIGTERM else "interrupted"
        return f"{word}; {UNCHANGED}", 128 + number
    if isinstance(error, SupportAnalyticsError):
        return str(error), error.exit_code
    if isinstance(error, ModuleNotFoundError):
        return f"Python module {error.name} is missing: install the Python requirements first", 1
    if isinstance(error, MemoryError):
        return f"out of memory; {UNCHANGED}", 1
    if isinstance(error, OSError):
        place = error.filename or "the system"
        return one_line(f"{place}: {error.strerror or error}; {UNCHANGED}"), 1
    return one_line(f"{type(error).__name__}: {error}; {UNCHANGED}"), 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_metrics.py",
        description="Build every mart from ticket and user CSVs, test it, and write it to files.",
        epilog="Exit code: 0 done; 1 a model or a data test failed; 2 an input or option to put "
        "right. On anything but 0 the outputs of earlier builds are as they were.",
    )
    parser.add_argument(
        "--tickets", type=Path, required=True, metavar="CSV", help="tickets, raw schema"
    )
    parser.add_argument(
        "--users", type=Path, metavar="CSV", help="creators; without it, tickets have no attributes"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for <mart>.csv, manifest.json and the database; replaced as a whole, "
        "files of others in it stay",
    )
    parser.add_argument(
        "--as-of",
        metavar="TIMESTAMP",
        help="'now' for ages, backlog and maturity, UTC unless it has an offset "
        "(default: the latest instant among the tickets)",
    )
    parser.add_argument(
        "--timezone", metavar="NAME", help="IANA time zone of days and weeks (default: UTC)"
    )
    parser.add_argument(
        "--sla-targets",
        type=Path,
        metavar="CSV",
        help="channel,frt_target_minutes,resolution_target_minutes; an empty target is none",
    )
    parser.add_argument(
        "--db",
        type=Path,
        metavar="FILE",
        help="the DuckDB file to build (default: support_analytics.duckdb in --out)",
    )
    parser.add_argument(
        "--format", choices=("csv", "parquet"), default="csv", help="of the marts (default: csv)"
    )
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="models at a time (default: up to 4)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(run=_build)
    return parser


def _build(options: argparse.Namespace) -> int:
    # Imported late: --help and wrong options need neither DuckDB nor dbt.
    from support_analytics.build import BuildOptions, build
    from support_analytics.progress import Progress

    progress = Progress(None if options.quiet else sys.stderr)
    try:
        report = build(
            BuildOptions(
                tickets=options.tickets,
                users=options.users,
                out=options.out,
                as_of=options.as_of,
                timezone=options.timezone,
                sla_targets=options.sla_targets,
                database=options.db,
                file_format=options.format,
                threads=options.threads,
            ),
            progress,
        )
    finally:
        progress.end()
    print(_summary(report))
    return 0


def _summary(report) -> str:
    from support_analytics.build import shown_reasons

    total = report.accepted_tickets + report.rejected_tickets
    lines = [f"tickets   {report.accepted_tickets:,} of {total:,} accepted"]
    if report.rejected_tickets:
        share = report.rejected_tickets / total
        lines.append(
            f"rejected  {report.rejected_tickets:,} ({share:.2%}): "
            f"{shown_reasons(report.rejection_reasons)}"
        )
    if report.joined_tickets is None:
        lines.append("users     none given")
    else:
        share = report.joined_tickets / report.accepted_tickets
        lines.append(f"users     {share:.2%} of the accepted tickets have one")
    lines += [
        f"as of     {report.as_of_at} UTC",
        f"checked   {report.models_count} models, {report.tests_count} data tests",
        *(f"warning   {warning}" for warning in report.warnings),
        f"written   {len(report.files)} marts to {report.out}, database {report.database}",
        f"took      {report.seconds:.1f} s",
    ]
    return "\n".join(lines)


def _positive(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return number
