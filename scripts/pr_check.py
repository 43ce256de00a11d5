"""What a change does to the sample's marts: `pr_check.py --base main`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.errors import reported
    from support_analytics.pr_check import check
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for a wrong option, 1 where a model or test fails."""
    parser = argparse.ArgumentParser(
        description="Build the sample at the base of a change, then what the change modified and "
        "its children, with their tests; say in Markdown which cells of the marts changed.",
    )
    parser.add_argument(
        "--base",
        metavar="REF",
        help="branch or commit to compare with, from where this one forked off "
        "(default: origin/main, or main where there is none)",
    )
    parser.add_argument(
        "--summary",
        type=Path,
        metavar="FILE",
        help="append the summary to a file too, as $GITHUB_STEP_SUMMARY",
    )
    options = parser.parse_args(arguments)
    try:
        report = check(options.base)
        if options.summary:
            with options.summary.open("a", encoding="utf-8") as file:
                file.write(report.markdown)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(report.markdown, end="")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
