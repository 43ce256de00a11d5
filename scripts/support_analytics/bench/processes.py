"""Work in a process of its own, measured by the operating system."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import BuildError, one_line

SCRIPTS = PROJECT / "scripts"
# The operating system's unit of the peak memory: kilobytes, but bytes on macOS.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
_SHOWN_ERROR = 400


@dataclass(frozen=True)
class Measured:
    """A process from start to end: seconds, and the most memory it held, in bytes.

    answer is what the task itself reports.
    """

    wall_seconds: float
    user_seconds: float
    system_seconds: float
    peak_bytes: int
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        """Seconds of all cores together."""
        return self.user_seconds + self.system_seconds

    def as_dict(self) -> dict[str, Any]:
        """For the results file."""
        return asdict(self) | {"cpu_seconds": self.cpu_seconds}


def measure_task(name: str, **arguments: Any) -> Measured:
    """Run a function of `tasks` in a process of its own. Raises BuildError when it fails."""
    with tempfile.TemporaryDirectory(prefix="bench_task_") as folder:
        answer = Path(folder) / "answer.json"
        request = json.dumps({"task": name, "arguments": arguments, "answer": str(answer)})
        command = [sys.executable, "-m", "support_analytics.bench.tasks"]
        environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "PYTHONWARNINGS": "ignore"}
        measured = measure_command(command, environment, request, what=name)
        answered = json.loads(answer.read_text(encoding="utf-8"))
    return Measured(
        measured.wall_seconds,
        measured.user_seconds,
        measured.system_seconds,
        measured.peak_bytes,
        answered,
    )


def measure_command(
    command: Sequence[str],
    environment: Mapping[str, str],
    stdin: str = "",
    what: str = "",
    folder: Path | None = None,
) -> Measured:
    """Run a command to its end, its output unseen. Raises BuildError with its last words."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=given, stdout=output, stderr=output, env=dict(environment), cwd=folder
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            words = output.read().decode(errors="replace").strip()[-_SHOWN_ERROR:]
            raise BuildError(
                f"{what or command[0]} ended with {process.returncode}: {one_line(words)}"
            )
    return Measured(wall_seconds, usage.ru_utime, usage.ru_stime, int(usage.ru_maxrss) * _PEAK_UNIT)


def median_of(runs: Sequence[Measured]) -> Measured:
    """The run in the middle by wall seconds, with the greatest peak of all."""
    middle = statistics.median_low([run.wall_seconds for run in runs])
    chosen = next(run for run in runs if run.wall_seconds == middle)
    peak = max(run.peak_bytes for run in runs)
    return Measured(
        chosen.wall_seconds, chosen.user_seconds, chosen.system_seconds, peak, chosen.answer
    )


class Clock:
    """Wall and CPU seconds of this process since it was made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = _cpu_seconds()

    def seconds(self) -> dict[str, float]:
        """So far."""
        return {
            "wall_seconds": time.perf_counter() - self._wall,
            "cpu_seconds": _cpu_seconds() - self._cpu,
        }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
