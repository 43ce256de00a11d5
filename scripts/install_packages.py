"""Install the dbt packages of packages.yml, or the project's stand-ins where no hub answers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from support_analytics.dbt_project import PROJECT
    from support_analytics.packages import Origin, PackagesError, install
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")


def main(arguments: list[str] | None = None) -> int:
    """Run the installer; returns the exit code and prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--project-dir", type=Path, default=PROJECT, help="project (default: this one)"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--hub",
        dest="origin",
        action="store_const",
        const=Origin.HUB,
        help="the packages from the hub or an error, never stand-ins",
    )
    source.add_argument(
        "--stand-ins",
        dest="origin",
        action="store_const",
        const=Origin.STANDINS,
        help="the stand-ins, without asking the hub",
    )
    options = parser.parse_args(arguments)
    try:
        print(install(options.project_dir.resolve(), options.origin or Origin.AUTO))
    except (PackagesError, OSError) as error:
        print(f"install_packages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
