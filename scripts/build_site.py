"""Put docs, dashboard and report into one static folder: `build_site.py --out site`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.errors import reported
    from support_analytics.options import add_built_database
    from support_analytics.site import build_site
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for anything else."""
    parser = argparse.ArgumentParser(
        description="Put dbt's documentation, the guides, and what the build wrote for people into "
        "one static folder with an index. It needs no server and asks nothing of the network.",
    )
    add_built_database(parser)
    parser.add_argument(
        "--reports",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="where dashboard, report and dictionary are (default: reports)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("site"),
        metavar="DIR",
        help="the folder, replaced as a whole (default: site)",
    )
    options = parser.parse_args(arguments)
    try:
        pages = build_site(options.db, options.reports, options.out)
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"{options.out / 'index.html'}: {len(pages)} pages behind it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
