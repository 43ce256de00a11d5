"""The command line of the mutation tests."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import positive, reported
from support_analytics.mutation_operators import OPERATORS
from support_analytics.mutation_rules import rule_mutants
from support_analytics.mutation_run import (
    DEFAULT_QUOTA,
    DEFAULT_SEED,
    DEFAULT_THRESHOLD,
    EQUIVALENTS,
    WORK,
    load_benches,
    report,
    survey,
)
from support_analytics.progress import Progress


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mutate.py",
        description="Change what the models mean, one small thing at a time, and count which "
        "changes some test notices. One line a mutant; exit code 1 where a survivor is "
        f"unexplained, an entry of {EQUIVALENTS.as_posix()} is stale, or too few are killed.",
    )
    parser.add_argument("--models", nargs="+", default=[], metavar="NAME", help="only these models")
    parser.add_argument(
        "--operators",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"only these operators: {', '.join(OPERATORS)}",
    )
    parser.add_argument(
        "--per-model",
        type=positive,
        default=DEFAULT_QUOTA,
        metavar="N",
        help=f"mutants of each model (default: {DEFAULT_QUOTA})",
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="stop after so many mutants")
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULT_SEED,
        metavar="N",
        help=f"which mutants are drawn (default: {DEFAULT_SEED})",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=DEFAULT_THRESHOLD,
        metavar="SHARE",
        help="of mutants that build and are not equivalent, so many must be killed, 0 to 1 "
        f"(default: {DEFAULT_THRESHOLD})",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report, as Markdown")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 1 where tests do not bite, 2 for a wrong option."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    progress = Progress()
    try:
        benches = load_benches(PROJECT, progress.phase)
        progress.phase("round trips, without a mutation")
        found = survey(
            PROJECT,
            benches,
            models=options.models,
            operators=options.operators,
            quota=options.per_model,
            limit=options.limit,
            seed=options.seed,
            count=progress.count,
            tell=lambda number, total, line: print(f"{number}/{total} {line}", flush=True),
        )
        rules = []
        # A run of some models is a look at those; the rules belong to all.
        if not (options.models or options.operators or options.limit):
            progress.phase("rules: constants, vars, seeds")
            rules = rule_mutants(
                PROJECT, PROJECT / WORK, benches, lambda line: print(line, flush=True)
            )
        progress.end()
        if options.report:
            options.report.parent.mkdir(parents=True, exist_ok=True)
            command = " ".join(["python scripts/mutate.py", *given])
            options.report.write_text(report(found, rules, command), encoding="utf-8")
    except (Exception, KeyboardInterrupt) as error:
        progress.end()
        return reported(error)
    for mutant in found.unexplained:
        print(f"survivor: {mutant}")
    for line in found.broken_round_trips:
        print(f"does not survive the round trip: {line}")
    for line in found.stale:
        print(f"stale entry of {EQUIVALENTS.as_posix()}: {line}")
    print(f"{len(found.mutants)} mutants, {found.kill_rate:.1%} killed")
    surviving_rules = [rule for rule in rules if rule.verdict.status == "survived"]
    for rule in surviving_rules:
        print(f"survivor: {rule}")
    failed = (
        found.unexplained
        or found.broken_round_trips
        or surviving_rules
        or found.stale
        or found.kill_rate < options.threshold
    )
    return 1 if failed else 0
