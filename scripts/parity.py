"""Whether DuckDB and Spark make the same marts: `parity.py --out reports/parity.md`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Found here and not by support_analytics.dbt_project: the path must be set before what is imported
# below. The edge fixtures are those of the tests.
PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(PROJECT / "tests" / "python"))

try:
    from hostile_inputs import draw_inputs, write_inputs
    from support_analytics.build import parse_as_of
    from support_analytics.errors import reported
    from support_analytics.parity import WORK, Dataset, compare, markdown
    from support_analytics.progress import Progress
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

# Days in Sao Paulo and Madrid: a few tickets without much around them, and some hundred.
EDGE_SEEDS = (332, 504)


def sample() -> Dataset:
    """The project's seeds."""
    return Dataset("sample", "the seeds, read from their CSV files by both engines")


def edge_fixture(seed: int) -> Dataset:
    """Hostile rows of tests/python/hostile_inputs.py, written to files."""
    inputs = draw_inputs(seed)
    folder = PROJECT / WORK / "inputs"
    folder.mkdir(parents=True, exist_ok=True)
    files = write_inputs(inputs, folder / str(seed))
    variables = {
        "tickets_path": str(files["tickets"]),
        "sla_targets_path": str(files["sla-targets"]),
        "reporting_timezone": inputs.timezone,
        "as_of_at": parse_as_of(inputs.as_of) if inputs.as_of else "",
    }
    if "users" in files:
        variables["users_path"] = str(files["users"])
    else:
        variables["users_relation"] = "none"
    about = (
        f"hostile rows, days of {inputs.timezone}; DuckDB reads CSV, Spark the raw rows as Parquet"
    )
    return Dataset(f"edge {seed}", about, variables)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 for a wrong option, 1 where engines fail or cells differ."""
    parser = argparse.ArgumentParser(
        description="Build the sample and the edge fixtures on DuckDB and on Spark, compare every "
        "mart cell by cell, and write what was compared as Markdown.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the report goes; default: standard output only",
    )
    parser.add_argument(
        "--only", choices=("sample", "edge"), help="the sample, or the edge fixtures, alone"
    )
    options = parser.parse_args(arguments)
    try:
        datasets = [sample()] if options.only != "edge" else []
        if options.only != "sample":
            datasets += [edge_fixture(seed) for seed in EDGE_SEEDS]
        report = compare(datasets, Progress())
        only = f"python scripts/parity.py --only {options.only}"
        text = markdown(report, only if options.only else "make parity")
        print(text)
        if options.out:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(text, encoding="utf-8")
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    print(f"{report.cells:,} cells, {report.differences:,} differences, {report.seconds:.0f} s")
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
