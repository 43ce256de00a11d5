"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

from support_analytics.dbt_runner import DATABASE_NAME


def add_built_database(parser: argparse.ArgumentParser) -> None:
    """Add --db: the database of a build, that of `make build` where none is given."""
    parser.add_argument(
        "--db",
        type=Path,
        default=Path(DATABASE_NAME),
        metavar="FILE",
        help=f"the built DuckDB file (default: {DATABASE_NAME})",
    )
