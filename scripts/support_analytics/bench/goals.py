"""What the benchmark is held to, as ratios of what one run measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GOAL_TICKETS = 10_000_000
GROWTH_FROM = 1_000_000
_GIGABYTE = 10**9
_OTHER_SIZE = "another size than the goal's"

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """A goal and what was measured; is_met is None where the goal's size was not measured."""

    what: str
    limit: str
    measured: str
    is_met: bool | None
    remark: str = ""

    @property
    def verdict(self) -> str:
        """In a word or two."""
        return {True: "met", False: "missed", None: "not judged"}[self.is_met]


def judge(results: Results) -> list[Goal]:
    """Every goal. Where a goal's size is missing, the largest is shown, and not judged."""
    sizes = results["sizes"]
    return [
        _ratio_goal(
            "models of the published marts, by the hand-written script's time",
            1.5,
            sizes,
            models_by_handwritten,
        ),
        _ratio_goal("data tests, by the time of all models", 1.0, sizes, tests_by_models),
        _pandas_goal(sizes),
        _memory_goal(sizes),
        _growth_goal(sizes),
        _ratio_goal(
            "refresh with 1% new or changed tickets, by a full build from parquet",
            0.15,
            sizes,
            refresh_by_full_build,
        ),
        _floor_goal(results.get("floor")),
    ]


def models_by_handwritten(size: Results) -> float | None:
    """Seconds of the published marts' models for each second of the hand-written script."""
    if "handwritten" not in size:
        return None
    return _running(size["models_published"]) / _running(size["handwritten"])


def tests_by_models(size: Results) -> float | None:
    """Seconds of the data tests for each second of all models."""
    return _running(size["data_tests"]) / _running(size["models_all"])


def refresh_by_full_build(size: Results) -> float | None:
    """Seconds of a refresh for each second of a full build, from files to exports."""
    if "refresh" not in size or "parquet" not in size["builds"]:
        return None
    return size["refresh"]["wall_seconds"] / size["builds"]["parquet"]["wall_seconds"]


def pandas_by_dbt(size: Results) -> float | None:
    """Seconds of pandas for each second of dbt: both read Parquet and make the published marts."""
    if "pandas" not in size or "parquet" not in size["builds"]:
        return None
    reading = size["builds"]["parquet"]["answer"]["phases"].get("reading", {})
    ours = reading.get("wall_seconds", 0.0) + _running(size["models_published"])
    return _running(size["pandas"]) / ours


def growth(smaller: Results, larger: Results, suffix: str) -> float:
    """Growth of a full build's time by the growth of the tickets; 1 is linear."""
    times = larger["builds"][suffix]["wall_seconds"] / smaller["builds"][suffix]["wall_seconds"]
    return times / (larger["tickets"] / smaller["tickets"])


def _running(step: Results) -> float:
    return float(step["answer"]["running"]["wall_seconds"])


def _at(tickets: int) -> str:
    return f"at {tickets:,} tickets"


def _ratio_goal(what: str, limit: float, sizes: Sequence[Results], ratio_of: Any) -> Goal:
    shown = f"<= {limit:g} times {_at(GOAL_TICKETS)}"
    for size in reversed(sizes):
        ratio = ratio_of(size)
        if ratio is not None:
            return _judged(what, shown, ratio, ratio <= limit, size["tickets"], GOAL_TICKETS)
    return Goal(what, shown, "", None)


def _judged(
    what: str, limit: str, ratio: float, is_met: bool, tickets: int, wanted: int | None
) -> Goal:
    measured = f"{ratio:.2f} {_at(tickets)}"
    if wanted is not None and tickets != wanted:
        return Goal(what, limit, measured, None, _OTHER_SIZE)
    return Goal(what, limit, measured, is_met)


def _pandas_goal(sizes: Sequence[Results]) -> Goal:
    what, limit = "faster than pandas, Parquet to published marts", ">= 5 times"
    for size in reversed(sizes):
        ratio = pandas_by_dbt(size)
        if ratio is not None:
            return _judged(what, limit, ratio, ratio >= 5, size["tickets"], None)
    return Goal(what, limit, "", None)


def _memory_goal(sizes: Sequence[Results]) -> Goal:
    what, limit = "peak memory of a full build", f"<= 4 GB {_at(GOAL_TICKETS)}"
    if not sizes or not sizes[-1]["builds"]:
        return Goal(what, limit, "", None)
    largest = sizes[-1]
    peak = max(build["peak_bytes"] for build in largest["builds"].values()) / _GIGABYTE
    return _judged(what, limit, peak, peak <= 4, largest["tickets"], GOAL_TICKETS)


def _growth_goal(sizes: Sequence[Results]) -> Goal:
    what = "time of a full build, by tickets"
    limit = f"<= 1.1 times linear, {GROWTH_FROM:,} to {GOAL_TICKETS:,} tickets"
    if len(sizes) < 2:
        return Goal(what, limit, "", None)
    smaller, larger = sizes[-2], sizes[-1]
    shared = [suffix for suffix in smaller["builds"] if suffix in larger["builds"]]
    if not shared:
        return Goal(what, limit, "", None)
    worst = max(growth(smaller, larger, suffix) for suffix in shared)
    is_wanted = (smaller["tickets"], larger["tickets"]) == (GROWTH_FROM, GOAL_TICKETS)
    return Goal(
        what,
        limit,
        f"{worst:.2f} from {smaller['tickets']:,} to {larger['tickets']:,}",
        worst <= 1.1 if is_wanted else None,
        "" if is_wanted else _OTHER_SIZE,
    )


def _floor_goal(floor: Results | None) -> Goal:
    what, limit = "`dbt build` of the sample above dbt's start-up", "<= 10 s"
    if not floor:
        return Goal(what, limit, "", None)
    above = above_floor(floor, "sample", "parsed_afresh")
    without = above_floor(floor, "sample_without_unit_tests", "parsed_afresh")
    return Goal(
        what,
        limit,
        f"{above:.1f} s",
        above <= 10,
        f"{without:.1f} s without unit tests",
    )


def above_floor(floor: Results, build: str, parsed: str) -> float:
    """Seconds of a build of the sample above the one-model project's."""
    return floor[build][parsed]["wall_seconds"] - floor["one_model"][parsed]["wall_seconds"]
