"""Write the data dictionary of the marts: `build_data_dictionary.py --out FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.data_dictionary import write_dictionary
    from support_analytics.dbt_project import PROJECT
    from support_analytics.errors import reported
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for anything else."""
    parser = argparse.ArgumentParser(
        description="Write mart, column, type, unit, definition and additivity of every mart.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=PROJECT / "reports" / "data_dictionary.csv",
        metavar="FILE",
        help="the CSV (default: reports/data_dictionary.csv)",
    )
    options = parser.parse_args(arguments)
    try:
        lines = write_dictionary(PROJECT, options.out)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"written   {lines} columns to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
