"""Write the executive report: `build_report.py --db support_analytics.duckdb --out reports`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.errors import reported
    from support_analytics.options import add_built_database
    from support_analytics.report import write_report
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for anything else."""
    parser = argparse.ArgumentParser(
        description="Write the executive report as Markdown with pictures and as one HTML file.",
    )
    add_built_database(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="folder of the report (default: reports)",
    )
    parser.add_argument(
        "--no-text", action="store_true", help="leave out message texts, redacted as they are"
    )
    options = parser.parse_args(arguments)
    try:
        files = write_report(options.db, options.out, with_text=not options.no_text)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"written   {len(files)} files to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
