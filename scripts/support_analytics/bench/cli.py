"""The benchmark's command line."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support_analytics.bench import machine
from support_analytics.bench.floor import measure_floor
from support_analytics.bench.measure import BASELINES, FORMATS, BenchOptions, measure_sizes
from support_analytics.bench.page import write_page
from support_analytics.dbt_project import PROJECT
from support_analytics.engine import check_memory_limit
from support_analytics.errors import UserError, reported

_SIZE = re.compile(r"(\d+)([km]?)", re.IGNORECASE)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_LEAST_TICKETS = 1_000
_FOLDERS = ("--folder", "--out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for anything else."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    try:
        files: list[Path] = []
        # After each size, so that a long run that ends early leaves what it has measured.
        for results in _measure(options, shown_command(given)):
            files = write_page(results, options.out, options.out.parent / "benchmark.html")
    except KeyboardInterrupt:
        print("interrupted: sizes that were measured whole are written", file=sys.stderr)
        return 130
    except Exception as error:
        return reported(error)
    for path in files:
        print(path)
    return 0


def parse_size(text: str) -> int:
    """A number of tickets such as 10k or 1M. Raises UserError."""
    match = _SIZE.fullmatch(text.strip())
    tickets = int(match[1]) * _TIMES[match[2].lower()] if match else 0
    if tickets < _LEAST_TICKETS:
        raise UserError(
            f"'{text}' is not a number of tickets from {_LEAST_TICKETS:,} on; write 10k or 1M"
        )
    return tickets


def shown_command(given: Sequence[str]) -> str:
    """The command for the page, without folders: they are this machine's."""
    shown = ["python", "scripts/bench.py"]
    is_folder = False
    for word in given:
        if not is_folder and not word.startswith(_FOLDERS):
            shown.append(word)
        is_folder = word in _FOLDERS
    return " ".join(shown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description="Time full builds of generated tickets, beside the same marts by a "
        "hand-written DuckDB script and by pandas.",
    )
    add = parser.add_argument
    add("--sizes", default="10k,100k,1M", metavar="N,...", help="tickets (default: 10k,100k,1M)")
    add(
        "--formats",
        default="csv,parquet",
        metavar="NAME,...",
        help="what builds read: csv, parquet (default: both)",
    )
    add(
        "--with",
        dest="baselines",
        default="handwritten,pandas",
        metavar="NAME,...",
        help="what is measured beside dbt: handwritten, pandas, none (default: both)",
    )
    add(
        "--pandas-up-to",
        default="1M",
        metavar="N",
        help="largest size that pandas is given (default: 1M)",
    )
    add(
        "--csv-up-to",
        default="10M",
        metavar="N",
        help="largest size that is also read from CSV (default: 10M)",
    )
    add(
        "--folder",
        type=Path,
        default=PROJECT / "target" / "bench",
        metavar="DIR",
        help="generated data, kept for the next run (default: target/bench)",
    )
    add(
        "--out",
        type=Path,
        default=PROJECT / "reports" / "benchmarks",
        metavar="DIR",
        help="results, page and plot; benchmark.html beside it (default: reports/benchmarks)",
    )
    add("--runs", type=int, default=1, metavar="N", help="runs of each step; the median counts")
    add("--memory-limit", metavar="SIZE", help="DuckDB's memory, such as 3GB (default: its own)")
    add(
        "--threads",
        type=int,
        default=_cores(),
        metavar="N",
        help="of DuckDB and of dbt (default: the cores)",
    )
    add("--skip-floor", action="store_true", help="leave out dbt's start-up and the sample")
    add("--keep", action="store_true", help="keep databases between the steps")
    return parser


def _measure(options: argparse.Namespace, command: str) -> Iterator[dict[str, Any]]:
    bench = BenchOptions(
        sizes=[parse_size(text) for text in options.sizes.split(",")],
        formats=_names("--formats", options.formats, FORMATS),
        baselines=_baselines(options.baselines),
        folder=options.folder.absolute(),
        runs=_at_least_one("--runs", options.runs),
        threads=_at_least_one("--threads", options.threads),
        pandas_up_to=parse_size(options.pandas_up_to),
        csv_up_to=parse_size(options.csv_up_to),
        memory_limit=options.memory_limit and check_memory_limit(options.memory_limit),
        keep=options.keep,
    )
    if bench.formats == ["csv"] and max(bench.sizes) > bench.csv_up_to:
        raise UserError(
            f"--formats csv leaves nothing to build above --csv-up-to {options.csv_up_to}; "
            "raise it, or add parquet"
        )
    _check_pandas(bench.baselines)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:6.0f} s] {text}", file=sys.stderr, flush=True)

    results: dict[str, Any] = {
        "machine": machine.describe(),
        "command": command,
        "runs": bench.runs,
        "threads": bench.threads,
        "memory_limit": bench.memory_limit,
    }
    if not options.skip_floor:
        say("dbt's start-up, and the sample")
        results["floor"] = measure_floor(PROJECT, bench.runs, bench.threads)
    results["sizes"] = []
    for measured in measure_sizes(bench, say):
        results["sizes"].append(measured)
        yield results


def _baselines(text: str) -> list[str]:
    if text.strip() == "none":
        return []
    return _names("--with", text, BASELINES)


def _check_pandas(baselines: Sequence[str]) -> None:
    if "pandas" in baselines and machine.describe()["pandas"] == "not installed":
        raise UserError(
            "--with pandas: pandas is not installed; pip install -r requirements-bench.txt, or "
            "--with handwritten"
        )


def _names(option: str, text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise UserError(f"{option} '{name}' is unknown; known are {', '.join(known)}")
    if not names:
        raise UserError(f"{option} is empty; known are {', '.join(known)}")
    return list(dict.fromkeys(names))


def _at_least_one(option: str, number: int) -> int:
    if number < 1:
        raise UserError(f"{option} {number} is too small; give 1 or more")
    return number


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
