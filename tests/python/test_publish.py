"""Outputs are replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support_analytics import publish
from support_analytics.errors import UserError
from support_analytics.publish import staged_build


def files(folder: Path) -> dict[str, str]:
    """Every file below folder with its text, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def publish_files(
    out: Path, database: Path, version: str, *names: str, inputs: tuple[Path, ...] = ()
) -> None:
    """A build that writes its version into each file."""
    with staged_build(out, database, Path("/nowhere"), inputs) as stage:
        for name in names:
            (stage.exports / name).write_text(version, "utf-8")
        stage.staged_database.write_text(version, "utf-8")
        own = [*names]
        if database.is_relative_to(out):
            own.append(database.relative_to(out).as_posix())
        manifest = {"written_by": "support_analytics", "files": [{"name": name} for name in own]}
        (stage.exports / publish.MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
        stage.publish([publish.MANIFEST_FILE, *own])


@pytest.fixture(params=["inside", "outside"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """The output folder, and the database in it or elsewhere."""
    out = tmp_path / "new" / "out"
    return out, (out if request.param == "inside" else tmp_path / "db") / "name.duckdb"


@pytest.mark.parametrize("can_exchange", [True, False])
def test_replaces_own_files_and_keeps_those_of_others(
    places: tuple[Path, Path], can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(publish, "_exchange", lambda one, other: False)
    out, database = places
    publish_files(out, database, "1", "kept.csv", "dropped.csv")
    (out / "notes").mkdir()
    (out / "notes" / "mine.txt").write_text("mine", "utf-8")
    (out / "link").symlink_to("notes/mine.txt")
    (out / "empty").mkdir()
    out.chmod(0o750)

    publish_files(out, database, "2", "kept.csv", "added.csv")

    published = files(out)
    published.pop(publish.MANIFEST_FILE)
    if database.is_relative_to(out):
        assert published.pop("name.duckdb") == "2"
    assert published == {
        "kept.csv": "2",
        "added.csv": "2",
        "notes/mine.txt": "mine",
        "link": "mine",
    }
    assert (out / "link").is_symlink()
    assert (out / "empty").is_dir()
    assert out.stat().st_mode & 0o777 == 0o750
    assert database.read_text("utf-8") == "2"
    assert leftovers(out, database) == []


def test_a_file_of_others_under_an_own_name_is_kept(places: tuple[Path, Path]) -> None:
    out, database = places
    publish_files(out, database, "1", "own.csv")
    (out / "page.html").write_text("mine", "utf-8")
    before = files(out)

    with pytest.raises(UserError, match=r"page\.html was not written by an earlier build"):
        publish_files(out, database, "2", "own.csv", "page.html")

    assert files(out) == before
    assert database.read_text("utf-8") == "1"
    assert leftovers(out, database) == []


@pytest.mark.parametrize("name", ["of an earlier build", "new"])
def test_a_file_that_is_read_is_kept(places: tuple[Path, Path], name: str) -> None:
    out, database = places
    publish_files(out, database, "1", "of an earlier build")
    (out / name).write_text("repaired", "utf-8")
    before = files(out)

    with pytest.raises(UserError, match="is read by this build and would be replaced"):
        publish_files(out, database, "2", name, inputs=(out / name,))

    assert files(out) == before
    assert leftovers(out, database) == []


def test_the_database_is_no_input(places: tuple[Path, Path]) -> None:
    out, database = places
    publish_files(out, database, "1")
    with pytest.raises(UserError, match="is a file that this build reads"):
        publish_files(out, database, "2", inputs=(database,))
    assert database.read_text("utf-8") == "1"


def leftovers(out: Path, database: Path) -> list[str]:
    return [path.name for folder in {out.parent, database.parent} for path in folder.glob(".*")]


def test_a_failed_build_changes_nothing(places: tuple[Path, Path]) -> None:
    out, database = places
    publish_files(out, database, "1", "a.csv")
    before = files(out.parents[1])
    with pytest.raises(RuntimeError), staged_build(out, database, Path("/nowhere")) as stage:
        (stage.exports / "a.csv").write_text("half", "utf-8")
        stage.staged_database.write_text("half", "utf-8")
        raise RuntimeError
    assert files(out.parents[1]) == before


def test_a_failed_first_build_leaves_no_folders(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "out"
    with pytest.raises(RuntimeError), staged_build(out, out / "x.duckdb", Path("/nowhere")):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_swap_is_undone(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, database = places
    publish_files(out, database, "1", "a.csv")
    database.with_name("name.duckdb.wal").write_text("log", "utf-8")
    before = files(out.parents[1])
    exchange = publish._exchange

    def fail_for_out(one: Path, other: Path) -> bool:
        if other == out:
            raise OSError(16, "Device or resource busy", str(other))
        return exchange(one, other)

    monkeypatch.setattr(publish, "_exchange", fail_for_out)
    with pytest.raises(UserError, match=r"out cannot be replaced: .* outputs are as they were"):
        publish_files(out, database, "2", "a.csv")
    assert files(out.parents[1]) == before


@pytest.mark.parametrize("is_database_gone", [False, True])
def test_a_new_database_does_not_meet_the_old_ones_log(
    is_database_gone: bool, places: tuple[Path, Path]
) -> None:
    out, database = places
    publish_files(out, database, "1", "a.csv")
    database.with_name("name.duckdb.wal").write_text("log", "utf-8")
    if is_database_gone:
        database.unlink()
    publish_files(out, database, "2", "a.csv")
    assert not database.with_name("name.duckdb.wal").exists()


def test_what_a_killed_build_left_is_cleared(places: tuple[Path, Path]) -> None:
    out, database = places
    publish_files(out, database, "1", "a.csv")
    # Killed between the two renames of a platform that cannot exchange, its lock file left behind.
    stage = publish._stage_of(out)
    stage.mkdir()
    out.rename(stage / "previous")
    (stage / "half.csv").write_text("half", "utf-8")
    out.with_name(f".out{publish.LOCK_SUFFIX}").write_text("process 1 since ever", "utf-8")
    with pytest.raises(RuntimeError), staged_build(out, database, Path("/nowhere")):
        assert files(out)["a.csv"] == "1"
        raise RuntimeError
    assert files(out)["a.csv"] == "1"
    assert leftovers(out, database) == []


def test_a_second_build_says_who_holds_the_lock(places: tuple[Path, Path], tmp_path: Path) -> None:
    out, database = places
    other_out = tmp_path / "other" if not database.is_relative_to(out) else out
    second = (
        "import sys; from pathlib import Path\n"
        "from support_analytics.publish import staged_build\n"
        "with staged_build(Path(sys.argv[1]), Path(sys.argv[2]), Path('/nowhere')): pass\n"
    )
    arguments = [sys.executable, "-c", second, str(other_out), str(database)]
    environment = os.environ | {"PYTHONPATH": str(Path(publish.__file__).parents[1])}
    with staged_build(out, database, Path("/nowhere")):
        run = subprocess.run(arguments, env=environment, capture_output=True, text=True)
        assert f"is being built by process {os.getpid()} since 20" in run.stderr
    run = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert leftovers(out, database) == []


def test_refuses_places_that_are_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "work" / "project"
    project.mkdir(parents=True)
    (tmp_path / "file").write_text("x", "utf-8")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text('{"name": "a web page"}', "utf-8")
    (tmp_path / "mounted").mkdir()
    monkeypatch.setattr(publish.os.path, "ismount", lambda path: Path(path).name == "mounted")
    monkeypatch.chdir(project)
    for out, message in {
        tmp_path / "file": "is a file",
        tmp_path / "work": "holds this project",
        tmp_path / "site": "not written by this command",
        tmp_path / "mounted": "is a mount point",
    }.items():
        with pytest.raises(UserError, match=message), staged_build(out, out / "x.duckdb", project):
            pass
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with (
        pytest.raises(UserError, match="the folder that you are in"),
        staged_build(Path(), Path("x.duckdb"), project),
    ):
        pass


def test_refuses_a_folder_full_of_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "FOREIGN_FILES_LIMIT", 3)
    out = tmp_path / "home"
    out.mkdir()
    for number in range(5):
        (out / f"{number}.txt").write_text("", "utf-8")
    before = files(tmp_path)
    with pytest.raises(UserError, match="more than 3 files of others"):
        publish_files(out, out / "x.duckdb", "1", "a.csv")
    assert files(tmp_path) == before
