"""Write the Support Health page: `build_dashboard.py --db support_analytics.duckdb`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.dashboard import write_dashboard
    from support_analytics.errors import positive, reported
    from support_analytics.options import add_built_database
    from support_analytics.sources import refuse_same_file
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for anything else."""
    parser = argparse.ArgumentParser(
        description="Write the Support Health page, one HTML file that needs no server.",
    )
    add_built_database(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports/support_health.html"),
        metavar="FILE",
        help="the page (default: reports/support_health.html)",
    )
    parser.add_argument(
        "--no-text", action="store_true", help="leave out message texts, redacted as they are"
    )
    parser.add_argument(
        "--max-tickets",
        type=positive,
        metavar="N",
        help="past so many tickets the page holds the latest days only (default: 100000)",
    )
    options = parser.parse_args(arguments)
    limit = {} if options.max_tickets is None else {"max_tickets": options.max_tickets}
    try:
        refuse_same_file({"--db": options.db, "--out": options.out})
        report = write_dashboard(options.db, options.out, with_text=not options.no_text, **limit)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"{report.path}: {report.tickets_count:,} tickets, {report.size_bytes / 1e6:.2f} MB")
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
