"""Replace the outputs of a build, or one file, as a whole or not at all.

A build works in hidden folders beside its targets, so that readers see the last good outputs until
the new ones are complete, and swaps them in at the end: with one atomic exchange where the platform
has it (Linux), else with two renames. What a killed build leaves behind is cleared by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from support_analytics.errors import UserError

MANIFEST_FILE = "manifest.json"
MANIFEST_AUTHOR = "support_analytics"
STAGE_SUFFIX = ".support_analytics_build"
LOCK_SUFFIX = ".support_analytics_lock"
# More files than this that are not ours: the folder is somebody's home, not a place for exports.
FOREIGN_FILES_LIMIT = 10_000
# Folders of the project that dbt or Python reads: an output there would become an input.
_SOURCES = (
    "analyses",
    "dbt_packages",
    "macros",
    "models",
    "scripts",
    "seeds",
    "snapshots",
    "tests",
)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@dataclass
class Stage:
    """Where a build works. Everything under `exports` becomes the output folder."""

    out: Path
    database: Path
    exports: Path
    staged_database: Path
    work: Path
    inputs: Sequence[Path] = ()
    _swaps: list[tuple[Path, Path]] = field(default_factory=list)

    def publish(self, own_files: Sequence[str]) -> None:
        """Swap the staged outputs in. own_files are the build's, relative to the output folder.

        Files of an earlier build go, files of others stay. Raises UserError where a file of others,
        or one that the build read, would go; then, and on any error, everything is as it was.
        """
        earlier = set(earlier_files(self.out))
        _check_not_read(self.inputs, self.out, {*earlier, *own_files})
        for name in own_files:
            if name not in earlier and os.path.lexists(self.out / name):
                raise UserError(
                    f"{self.out / name} was not written by an earlier build and would be "
                    "overwritten; move it, or give another --out"
                )
        with _uninterrupted():
            if self.out.exists():
                self._carry_foreign_files({*earlier, *own_files})
            undo = contextlib.ExitStack()
            try:
                for staged, target in self._swaps:
                    swap(staged, target)
                    undo.callback(_swap_back, staged, target, staged.exists())
            except OSError as error:
                undo.close()
                raise UserError(
                    f"{error.filename2 or error.filename or self.out} cannot be replaced: "
                    f"{error.strerror or error}; outputs are as they were"
                ) from None
            except BaseException:
                undo.close()
                raise

    def _carry_foreign_files(self, own_files: set[str]) -> None:
        logs = {f"{name}.wal" for name in own_files if name.endswith(self.database.suffix)}
        ours = own_files | logs
        for count, relative in enumerate(_files_below(self.out)):
            if count > FOREIGN_FILES_LIMIT:
                raise UserError(
                    f"--out {self.out} holds more than {FOREIGN_FILES_LIMIT} files of others; "
                    "give a folder of its own"
                )
            if relative.as_posix() not in ours:
                _link_or_copy(self.out / relative, self.exports / relative)
        shutil.copystat(self.out, self.exports)


@contextlib.contextmanager
def staged_build(
    out: Path, database: Path, project: Path, inputs: Sequence[Path] = ()
) -> Iterator[Stage]:
    """Lock the targets and give a place to build them; clears it in the end, come what may.

    inputs are the files that the build reads. Raises UserError when out is no place for exports,
    when an input would be replaced, or another build holds a target.
    """
    out, database = out.resolve(), database.resolve()
    _check_out(out, project.resolve())
    inputs = [path.resolve() for path in inputs]
    if database in inputs:
        raise UserError(f"--db {database} is a file that this build reads; give another name")
    _check_not_read(inputs, out, earlier_files(out))
    with contextlib.ExitStack() as cleanup:
        for folder in (out.parent, database.parent):
            if not folder.is_relative_to(out):
                _make_folders(folder, cleanup)
        is_inside = database.is_relative_to(out)
        targets = [out] if is_inside else sorted([out, database])
        for target in targets:
            cleanup.enter_context(locked(target, "built"))
        stages = {target: _new_stage(target, cleanup) for target in targets}

        stage = stages[out]
        exports = stage / out.name
        staged_database = (
            exports / database.relative_to(out) if is_inside else stages[database] / database.name
        )
        work = stage / "work"
        staged_database.parent.mkdir(parents=True, exist_ok=True)
        exports.mkdir(exist_ok=True)
        work.mkdir()
        swaps = [] if is_inside else [(staged_database, database)]
        swaps.append((exports, out))
        yield Stage(out, database, exports, staged_database, work, inputs, swaps)


def earlier_files(out: Path) -> list[str]:
    """Files that the last build wrote to out, relative to it, as its manifest lists them."""
    try:
        manifest = json.loads((out / MANIFEST_FILE).read_text(encoding="utf-8"))
        if manifest["written_by"] != MANIFEST_AUTHOR:
            return []
        return [MANIFEST_FILE, *(str(entry["name"]) for entry in manifest["files"])]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _check_not_read(inputs: Sequence[Path], out: Path, own_files: Iterable[str]) -> None:
    """Raise UserError when a file that the build reads is one that it replaces."""
    replaced = {out / name for name in own_files}
    for path in inputs:
        if path in replaced:
            raise UserError(
                f"{path} is read by this build and would be replaced by it; move it out of --out"
            )


def swap(staged: Path, target: Path) -> None:
    """Put staged in target's place; what was there, if anything, is then at staged.

    A write-ahead log beside a replaced DuckDB file goes with it, and so does one whose file is
    gone: the new file must not replay it.
    """
    log, kept_log = (path.with_name(path.name + ".wal") for path in (target, staged))
    if not os.path.lexists(target):
        if staged.is_file() and log.exists():
            log.rename(kept_log)
        staged.rename(target)
        return
    has_log = target.is_file() and log.exists()
    if has_log:
        log.rename(kept_log)
    try:
        if not _exchange(staged, target):
            previous = _previous(target)
            target.rename(previous)
            try:
                staged.rename(target)
            except BaseException:
                previous.rename(target)
                raise
            previous.rename(staged)
    except BaseException:
        if has_log:
            kept_log.rename(log)
        raise


def _swap_back(staged: Path, target: Path, was_there: bool) -> None:
    if was_there:
        swap(staged, target)
        kept_log = staged.with_name(staged.name + ".wal")
        if kept_log.exists():
            kept_log.rename(target.with_name(target.name + ".wal"))
    else:
        target.rename(staged)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths atomically. False where the platform cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    paths = (os.fsencode(one), os.fsencode(other))
    if renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


def _previous(target: Path) -> Path:
    return _stage_of(target) / "previous"


def _stage_of(target: Path) -> Path:
    return target.with_name(f".{target.name}{STAGE_SUFFIX}")


def _new_stage(target: Path, cleanup: contextlib.ExitStack) -> Path:
    stage = _stage_of(target)
    previous = _previous(target)
    try:
        # Killed between two renames: the last good outputs are put back.
        if os.path.lexists(previous) and not os.path.lexists(target):
            previous.rename(target)
        if stage.exists():
            shutil.rmtree(stage)
        stage.mkdir()
    except OSError as error:
        raise UserError(
            f"{target.parent} cannot be written: {error.strerror or error}; "
            "outputs are built beside their place"
        ) from None
    cleanup.callback(shutil.rmtree, stage, ignore_errors=True)
    return stage


def _check_out(out: Path, project: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file; give a folder")
    if project.is_relative_to(out):
        raise UserError(f"--out {out} holds this project; give a folder of its own")
    if any(out.is_relative_to(project / folder) for folder in _SOURCES):
        raise UserError(f"--out {out} is among this project's own files; give another folder")
    if Path.cwd().is_relative_to(out):
        raise UserError(
            f"--out {out} is the folder that you are in, and is replaced as a whole; "
            "call from another folder or give one inside it"
        )
    if os.path.ismount(out):
        raise UserError(
            f"--out {out} is a mount point, which cannot be replaced as a whole; "
            "give a folder inside it"
        )
    manifest = out / MANIFEST_FILE
    if manifest.exists() and not earlier_files(out):
        raise UserError(f"{manifest} was not written by this command; give another --out")


def _make_folders(folder: Path, cleanup: contextlib.ExitStack) -> None:
    """Make folder and its parents; those that are still empty in the end go again."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        try:
            path.mkdir()
        except OSError as error:
            raise UserError(f"{path} cannot be made: {error.strerror or error}") from None
        cleanup.callback(_remove_if_empty, path)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def write_whole(path: Path, parts: Iterable[bytes], *, makes_folder: bool = False) -> None:
    """Replace one file by the parts, so that readers never see half of it.

    Written beside it and moved into place; on any error the file is as it was. Raises UserError
    where it cannot be written: in a folder that is not there, too, unless makes_folder.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if makes_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(target: Path, doing: str) -> Iterator[None]:
    """Hold target's lock file; the system lets go of it when the process ends, however it ends.

    Raises UserError where another process holds it, which says what is being done to the target.
    """
    path = target.with_name(f".{target.name}{LOCK_SUFFIX}")
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"{target.parent} cannot be written: {error.strerror or error}; "
                "outputs are built beside their place"
            ) from None
        if not _try_lock(file):
            with file:
                file.seek(0)
                holder = file.read().strip()
            raise UserError(
                f"{target} is being {doing} by {holder or 'another process'}; wait for it"
            )
        # The holder before may have removed the file that was just locked.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        file.close()
    with file:
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
        file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _try_lock(file: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            # A byte far behind the text, so that others can read who holds it.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _files_below(folder: Path) -> Iterator[Path]:
    """Files, links and empty folders below folder, relative to it."""
    for path, folders, files in os.walk(folder):
        here = Path(path)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*files, *links]):
            yield (here / name).relative_to(folder)
        if not folders and not files and here != folder:
            yield here.relative_to(folder)


def _link_or_copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Leave Ctrl-C and termination unheard for the moment that the block takes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    handlers = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
