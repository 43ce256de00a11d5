"""Command line of build_metrics.py: options in, one summary or one error line out."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from support_analytics import interruption
from support_analytics.errors import (
    BuildError,
    SupportAnalyticsError,
    explained,
    one_line,
    positive,
)

UNCHANGED = "outputs are as they were"
SUGGEST = "suggest-mapping"
# Share of the tickets. The sample has half a percent.
MAX_REJECTED_RATE = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for a failed build.

    Interrupted it returns 128 and the signal's number, as shells do.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [SUGGEST]:
        options = _suggest_parser().parse_args(given[1:])
    else:
        options = _parser().parse_args(given)
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
    if isinstance(error, BuildError) and (engine_problem := _engine_problem(error)):
        return f"{engine_problem}; {UNCHANGED}", error.exit_code
    if isinstance(error, SupportAnalyticsError | ModuleNotFoundError):
        return explained(error)
    if isinstance(error, MemoryError):
        return f"out of memory; {UNCHANGED}", 1
    if engine_problem := _engine_problem(error):
        return f"{engine_problem}; {UNCHANGED}", 1
    message, code = explained(error)
    return one_line(f"{message}; {UNCHANGED}"), code


def _engine_problem(error: BaseException) -> str | None:
    """What DuckDB, or a model through dbt, says about a full disk or memory, put plainly."""
    text = str(error)
    if "No space left on device" in text or getattr(error, "errno", None) == errno.ENOSPC:
        place = getattr(error, "filename", None)
        return f"no space is left on the disk{f' of {place}' if place else ''}; free some"
    if "File too large" in text:
        return "a file grew larger than the system lets it"
    if "Out of Memory" in text or "could not allocate" in text.lower():
        return "out of memory; give a higher --memory-limit, or a --spill-dir on a larger disk"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_metrics.py",
        description="Build every mart from an export of tickets and users, test it, and write it "
        f"to files. `build_metrics.py {SUGGEST} EXPORT` writes a first mapping for an export.",
        epilog="Exit code: 0 done; 1 a model or a data test failed; 2 an input or option to put "
        "right. On anything but 0 the outputs of earlier builds are as they were.",
    )
    parser.add_argument(
        "--tickets",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="tickets: CSV (commas, semicolons, tabs), JSON lines, Parquet, .xlsx, gzip of the "
        "first two; several files or a pattern count as one. With --mapping also NAME=FILE for "
        "each input, or a folder",
    )
    parser.add_argument(
        "--users", metavar="FILE", help="creators; without it, tickets have no attributes"
    )
    parser.add_argument(
        "--mapping",
        metavar="NAME",
        help="how the export's columns become the raw ones: zendesk, freshdesk, intercom, "
        "servicenow, or a mapping file (docs/mappings.md); default: they are the raw ones",
    )
    parser.add_argument(
        "--encoding",
        metavar="NAME",
        help="of text files (default: UTF-8, or UTF-16 where the file says so); latin-1, cp1252",
    )
    parser.add_argument(
        "--max-rejected-rate",
        type=_share,
        default=MAX_REJECTED_RATE,
        metavar="SHARE",
        help="of rejected tickets, 0 to 1; above it the build fails and writes them beside --out "
        f"(default: {MAX_REJECTED_RATE})",
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
        "--refresh",
        action="store_true",
        help="start from the database of the last build: only tickets that are new or changed are "
        "read and classified again; the outputs are those of a full build",
    )
    parser.add_argument(
        "--format", choices=("csv", "parquet"), default="csv", help="of the marts (default: csv)"
    )
    parser.add_argument(
        "--dashboard", action="store_true", help="write the Support Health page to --out, too"
    )
    parser.add_argument(
        "--report", action="store_true", help="write the executive report to --out, too"
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="models at a time (default: up to 4)"
    )
    parser.add_argument(
        "--no-redact",
        action="store_true",
        help="keep e-mails, phones, card and tax numbers in texts; for a trusted place",
    )
    parser.add_argument(
        "--no-text", action="store_true", help="leave messages and what quotes them out of files"
    )
    parser.add_argument(
        "--memory-limit", metavar="SIZE", help="of DuckDB, such as 2GB (default: most of it)"
    )
    parser.add_argument(
        "--spill-dir",
        type=Path,
        metavar="DIR",
        help="for what does not fit into memory (default: beside the database)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(run=_build)
    return parser


def _suggest_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"build_metrics.py {SUGGEST}",
        description="Write a first mapping for an export: guesses from the names and values of its "
        "columns, and a DECIDE comment wherever a person must look.",
        epilog="Exit code: 0 written; 2 a file or option to put right.",
    )
    parser.add_argument("export", metavar="EXPORT", help="the tickets, as for --tickets")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="mapping to write, never over another file (default: EXPORT with .mapping.yml)",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of a text file")
    parser.set_defaults(run=_suggest)
    return parser


def _suggest(options: argparse.Namespace) -> int:
    from support_analytics.dbt_project import PROJECT
    from support_analytics.mapping_guess import write_suggestion

    for line in write_suggestion(Path(options.export), options.out, options.encoding, PROJECT):
        print(line)
    return 0


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
                dashboard=options.dashboard,
                report=options.report,
                refresh=options.refresh,
                mapping=options.mapping,
                encoding=options.encoding,
                max_rejected_rate=options.max_rejected_rate,
                memory_limit=options.memory_limit,
                spill_dir=options.spill_dir,
                redact=not options.no_redact,
                keep_text=not options.no_text,
            ),
            progress,
        )
    finally:
        progress.end()
    try:
        print(_summary(report), flush=True)
    except (OSError, UnicodeError) as error:
        problem = f"standard output cannot take the summary ({type(error).__name__})"
        raise BuildError(f"outputs are written to {report.out}, but {problem}") from None
    return 0


def _summary(report) -> str:
    from support_analytics.rejections import shown_reasons

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
        *(f"          {report.out / page}" for page in report.pages if page.endswith(".html")),
        f"took      {report.seconds:.1f} s",
    ]
    return "\n".join(lines)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a share from 0 to 1, such as 0.05")
    return share
