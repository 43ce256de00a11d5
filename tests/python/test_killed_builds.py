"""Killed at any moment, a build leaves the last good outputs whole, and the next one succeeds.

Thirty builds with models that take no time are killed at moments spread at random over their
length; `make test-slow` kills builds with the real models, too. The moments come from a fixed seed.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import tiny_models
from conftest import PROJECT, TICKET_HEADER
from support_analytics import build as build_module
from support_analytics import cli, publish
from support_analytics.dbt_runner import DbtSession

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals differ")

KILLS = 30
SLOW_KILLS = 6
# Lines of Python between two kills of a swap.
SWAP_STEP = 23
ROWS = 20_000
# For each line, a delay and the command's options: builds in a process of its own, which is killed
# after the delay, if any; answers with its exit code.
BUILDER = f"""
import os, signal, sys, time
sys.path[:0] = [{str(PROJECT / "scripts")!r}, {str(Path(__file__).parent)!r}]
import pyarrow, tiny_models
from support_analytics import build, cli, inputs, publish
build._run_models = tiny_models.run

def kill_at_line(number):
    # Of those that run, in whatever module, while the outputs are put in place.
    whole, left = publish.Stage.publish, [number]
    def trace(frame, event, argument):
        left[0] -= event == "line"
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    def traced(*arguments):
        sys.settrace(trace)
        try:
            return whole(*arguments)
        finally:
            sys.settrace(None)
    publish.Stage.publish = traced

for line in sys.stdin:
    delay, *options = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        if delay.startswith("line"):
            kill_at_line(int(delay[4:]))
            delay = ""
        os._exit(cli.main(options))
    if delay and not delay.startswith("line"):
        time.sleep(float(delay))
        os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Builder:
    """Starts builds from a process that has everything imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", BUILDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def build(self, options: list[str], killed_after: float | str = "") -> int:
        """The exit code of a build.

        It is killed after so many seconds, or at the so manieth line (`line7`) that runs while the
        outputs are put in place, if any.
        """
        delay = str(killed_after)
        self._process.stdin.write("\t".join([delay, *options]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._process.stderr.read()
        return int(answer)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)


def tickets(path: Path, version: int, rows: int) -> None:
    records = (
        f"{number},2025-09-01 10:00,,pending,email,c{number % 97},,1,version {version}\n"
        for number in range(rows)
    )
    path.write_text(f"{TICKET_HEADER}\n{''.join(records)}", "utf-8")


def published(out: Path, database: Path) -> int:
    """The version that readers see, after a look at the whole of it."""
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        file = out / entry["name"]
        assert file.is_file()
        if file.suffix == ".csv":
            assert len(file.read_text("utf-8").splitlines()) == entry["rows"] + 1
    with (out / "fct_tickets.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["message_text"] for row in csv.DictReader(file)}
    with duckdb.connect(str(database), read_only=True) as connection:
        stored = connection.execute("select distinct message_text from raw.tickets_raw").fetchall()
        assert connection.execute("select count(*) from staging.stg_tickets").fetchone() == (
            manifest["accepted_tickets"],
        )
    ((text,),) = stored
    assert len(texts) == 1
    version = int(text.rpartition(" ")[2])
    if database.is_relative_to(out):
        assert texts == {text}
    return version


@pytest.fixture(scope="module")
def builder() -> Iterator[Builder]:
    started = Builder()
    yield started
    started.close()


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_readers_see_whole_outputs_whenever_a_build_is_killed(
    place: str, builder: Builder, tmp_path: Path
) -> None:
    out, source = tmp_path / "out", tmp_path / "tickets.csv"
    database = (out if place == "inside" else tmp_path / "db") / "support.duckdb"
    arguments = ["--tickets", str(source), "--out", str(out), "--db", str(database), "--quiet"]
    tickets(source, 0, ROWS)
    assert builder.build(arguments) == 0
    started = time.monotonic()
    assert builder.build(arguments) == 0
    seconds = time.monotonic() - started
    moments = random.Random(4)
    version, kills = 0, 0
    for attempt in range(1, KILLS // 2 + 1):
        tickets(source, attempt, ROWS)
        code = builder.build(arguments, moments.uniform(0, seconds))
        seen = published(out, database)
        assert seen in (version, attempt)
        if code == 0:
            assert seen == attempt
        kills += code == -signal.SIGKILL
        version = seen
    assert kills >= KILLS // 2 - 5, "most builds must be killed before they end"
    tickets(source, 99, ROWS)
    assert builder.build(arguments) == 0
    assert published(out, database) == 99
    hidden = [path.name for folder in (tmp_path, database.parent) for path in folder.glob(".*")]
    assert hidden == []


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_readers_see_whole_outputs_when_the_swap_is_killed(
    place: str, builder: Builder, tmp_path: Path
) -> None:
    """The swap takes a thousandth of a build, so moments of a clock would hardly hit it."""
    out, source = tmp_path / "out", tmp_path / "tickets.csv"
    database = (out if place == "inside" else tmp_path / "db") / "support.duckdb"
    options = ["--tickets", str(source), "--out", str(out), "--db", str(database), "--quiet"]
    tickets(source, 0, 5)
    assert builder.build(options) == 0
    version, attempt, line = 0, 0, 0
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        attempt += 1
        line += SWAP_STEP
        tickets(source, attempt, 5)
        code = builder.build(options, f"line{line}")
        seen = published(out, database)
        assert seen in (version, attempt)
        version = seen
    assert code == 0
    assert attempt > 5, "the swap has more lines"


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--refresh"]], ids=["full", "refresh"])
def test_builds_with_the_real_models_are_killed(options: list[str], tmp_path: Path) -> None:
    out, source = tmp_path / "out", tmp_path / "tickets.csv"
    command = [sys.executable, str(PROJECT / "scripts" / "build_metrics.py"), "--quiet"]
    command += ["--tickets", str(source), "--out", str(out)]
    tickets(source, 0, 50)
    subprocess.run(command, check=True, capture_output=True)
    command += options
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.monotonic() - started
    before = (out / "fct_tickets.csv").read_bytes()
    moments = random.Random(4)
    tickets(source, 1, 50)
    for _ in range(SLOW_KILLS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.5, seconds * 0.95))
        process.kill()
        process.wait()
        assert (out / "fct_tickets.csv").read_bytes() in (
            before,
            before.replace(b"version 0", b"version 1"),
        )
        with duckdb.connect(str(out / "support_analytics.duckdb"), read_only=True) as connection:
            count = connection.execute("select count(*) from marts.fct_tickets").fetchone()
            assert count == (50,)
    subprocess.run(command, check=True, capture_output=True)
    assert b"version 1" in (out / "fct_tickets.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tickets.csv"]


def test_a_second_build_says_who_holds_the_lock(tmp_path: Path) -> None:
    source, out = tmp_path / "tickets.csv", tmp_path / "out"
    tickets(source, 0, 5)
    command = [sys.executable, str(PROJECT / "scripts" / "build_metrics.py"), "--quiet"]
    with publish.staged_build(out, out / "x.duckdb", PROJECT):
        run = subprocess.run(
            [*command, "--tickets", str(source), "--out", str(out)], capture_output=True, text=True
        )
    assert run.returncode == 2
    assert f"{out} is being built by process {os.getpid()} since 20" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing fails in the middle."""
    source, out = tmp_path / "tickets.csv", tmp_path / "out"
    tickets(source, 0, 60_000)
    command = [sys.executable, str(PROJECT / "scripts" / "build_metrics.py"), "--quiet"]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    run = subprocess.run(
        [*command, "--tickets", str(source), "--out", str(out)],
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )
    assert run.returncode == 1
    assert run.stderr == (
        "error: a file grew larger than the system lets it; outputs are as they were\n"
    )
    assert not out.exists()


def test_memory_and_spill_folder_reach_every_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, spill = tmp_path / "tickets.csv", tmp_path / "spill"
    tickets(source, 0, 5)
    seen = []

    def models(session: DbtSession, *rest: object) -> object:
        with duckdb.connect(str(session.database), config=dict(session.settings)) as connection:
            seen.append(
                connection.execute(
                    "select current_setting('memory_limit'), current_setting('temp_directory')"
                ).fetchone()
            )
        return tiny_models.run(session, *rest)

    monkeypatch.setattr(build_module, "_run_models", models)
    options = ["--tickets", str(source), "--out", str(tmp_path / "out"), "--quiet"]
    assert cli.main([*options, "--memory-limit", "512MiB", "--spill-dir", str(spill)]) == 0
    ((limit, folder),) = seen
    assert limit == "512.0 MiB"
    assert Path(folder).parent == spill
    assert list(spill.iterdir()) == []
