"""Put the dbt packages of packages.yml into dbt_packages: from the package hub, or as stand-ins.

The hub is the normal way. Where it cannot be reached, the project's own stand-ins under
package_standins/ take the packages' place: same names, arguments and results for the macros
that the project calls. A package folder is built beside dbt_packages and swapped in whole, so a
failure leaves what was there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from filecmp import cmp
from importlib.util import find_spec
from pathlib import Path

import yaml

PACKAGES_FILE = "packages.yml"
LOCK_FILE = "package-lock.yml"
INSTALL_FOLDER = "dbt_packages"
STANDINS_FOLDER = "package_standins"
# In dbt_packages, written here alone: what the hub delivered. `dbt deps` deletes it with the rest.
RECORD_FILE = ".installed_from_hub.json"
# Ends the version in a stand-in's dbt_project.yml; a package's own version never does.
STANDIN_VERSION_SUFFIX = "-standin"

# dbt retries for a few seconds by itself. This caps a network that swallows every request.
HUB_TIMEOUT_SECONDS = 120
# dbt's wording for every failed request, after its retries.
UNREACHABLE_MARK = "External connection exception occurred"
ERROR_LINE_LENGTH = 300

_MACRO_DEFINITION = re.compile(r"{%-?\s*(test|macro)\s+(\w+)\s*\(")


class PackagesError(Exception):
    """A problem for the user to read; its text is one line."""


class HubUnreachableError(PackagesError):
    """The package hub did not answer."""


class Origin(Enum):
    """Where the packages are to come from."""

    AUTO = "auto"
    HUB = "hub"
    STANDINS = "stand-ins"


@dataclass(frozen=True)
class Pin:
    """One entry of packages.yml, such as dbt-labs/dbt_utils at 1.4.1."""

    hub_name: str
    version: str

    @property
    def name(self) -> str:
        """The package's dbt project name, which is also its folder's name."""
        return self.hub_name.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def install(
    root: Path, origin: Origin = Origin.AUTO, dbt_command: Sequence[str] | None = None
) -> str:
    """Bring root's dbt_packages in line with its packages.yml and return a one-line report.

    Does nothing when the pinned packages, or the current stand-ins, are there already.
    dbt_command replaces this Python's dbt. Raises PackagesError (one line for the user) when
    packages.yml is wrong, the hub refuses a package, or origin is HUB and the hub unreachable.
    """
    pins = read_pins(root / PACKAGES_FILE)
    if origin is not Origin.STANDINS and _holds_pinned_packages(root, pins):
        return f"dbt_packages already holds {_listed(pins)}: nothing to do"
    if origin is not Origin.HUB and _holds_current_standins(root, pins):
        return (
            "dbt_packages already holds the project's stand-ins for "
            f"{_listed(pin.name for pin in pins)}: nothing to do (--hub fetches the packages)"
        )
    if origin is Origin.STANDINS:
        return f"using {_install_standins(root, pins)}"
    try:
        _install_from_hub(root, pins, dbt_command)
    except HubUnreachableError:
        if origin is Origin.HUB:
            raise
        if _holds_unrecorded_packages(root, pins):
            return (
                f"dbt package hub not reachable: keeping the {_listed(pin.name for pin in pins)} "
                "found in dbt_packages, version unknown (--stand-ins replaces them)"
            )
        return f"dbt package hub not reachable: using {_install_standins(root, pins)}"
    return f"installed {_listed(pins)} from the dbt package hub"


def read_pins(packages_file: Path) -> list[Pin]:
    """Read packages.yml. Raises PackagesError naming file, line, value and remedy."""
    where = packages_file.name
    try:
        text = packages_file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except FileNotFoundError:
        raise PackagesError(f"{packages_file} not found: run this in the project") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PackagesError(f"{where} cannot be read: {_one_line(str(error))}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise PackagesError(f"{where}{line} is not valid YAML: {_one_line(problem)}") from None
    entries = content.get("packages") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise PackagesError(f"{where} has no list under 'packages:'; see `dbt deps --help`")
    entry_nodes = next(value for key, value in node.value if key.value == "packages").value
    pins = []
    for entry, entry_node in zip(entries, entry_nodes, strict=True):
        package = entry.get("package") if isinstance(entry, dict) else None
        version = entry.get("version") if isinstance(entry, dict) else None
        is_hub_name = isinstance(package, str) and re.fullmatch(r"[\w-]+/\w+", package)
        if not is_hub_name or not isinstance(version, str):
            raise PackagesError(
                f"{where} line {entry_node.start_mark.line + 1}: {entry!r} is not a pinned package;"
                " write 'package: owner/name' and 'version: 1.2.3'"
            )
        pins.append(Pin(package, version))
    return pins


def standin_macros(package_folder: Path) -> set[str]:
    """Names of the generic tests and macros that a stand-in offers, engine variants left out."""
    definitions = (
        match.group(2)
        for macro_file in package_folder.glob("macros/**/*.sql")
        for match in _MACRO_DEFINITION.finditer(macro_file.read_text(encoding="utf-8"))
    )
    return {name for name in definitions if "__" not in name}


def is_standin(package_folder: Path) -> bool:
    """Whether the folder holds a stand-in, of this or an earlier state of the project."""
    version = _project_entry(package_folder, "version")
    return isinstance(version, str) and version.endswith(STANDIN_VERSION_SUFFIX)


def holds_real_packages(packages_folder: Path, names: Sequence[str]) -> bool:
    """Whether each name has a folder with the package itself: no stand-in, no empty shell."""
    return all(
        _project_entry(packages_folder / name, "name") == name
        and not is_standin(packages_folder / name)
        and any((packages_folder / name).glob("macros/**/*.sql"))
        for name in names
    )


def _holds_pinned_packages(root: Path, pins: Sequence[Pin]) -> bool:
    packages_folder = root / INSTALL_FOLDER
    if not holds_real_packages(packages_folder, [pin.name for pin in pins]):
        return False
    recorded = _recorded_versions(root)
    if any(recorded.get(pin.hub_name) != pin.version for pin in pins):
        return False
    folders = [hub_name.rsplit("/", 1)[-1] for hub_name in recorded]
    return holds_real_packages(packages_folder, folders)


def _holds_unrecorded_packages(root: Path, pins: Sequence[Pin]) -> bool:
    names = [pin.name for pin in pins]
    return not _recorded_versions(root) and holds_real_packages(root / INSTALL_FOLDER, names)


def _holds_current_standins(root: Path, pins: Sequence[Pin]) -> bool:
    installed = root / INSTALL_FOLDER
    try:
        folders = {path.name for path in installed.iterdir() if path.is_dir()}
    except OSError:
        return False
    return folders == {pin.name for pin in pins} and all(
        _same_files(root / STANDINS_FOLDER / pin.name, installed / pin.name) for pin in pins
    )


def _install_standins(root: Path, pins: Sequence[Pin]) -> str:
    sources = {pin.name: root / STANDINS_FOLDER / pin.name for pin in pins}
    for name, source in sources.items():
        if not is_standin(source):
            raise PackagesError(
                f"{PACKAGES_FILE} names {name}, which has no stand-in under {STANDINS_FOLDER}/; "
                "write one or install where the dbt package hub can be reached"
            )
    with _workspace(root) as workspace:
        build = workspace / INSTALL_FOLDER
        for name, source in sources.items():
            shutil.copytree(source, build / name)
        _swap_in(build, root / INSTALL_FOLDER)
    macro_count = sum(len(standin_macros(source)) for source in sources.values())
    return f"the project's stand-ins for {_listed(sources)} ({macro_count} macros)"


def _install_from_hub(root: Path, pins: Sequence[Pin], dbt_command: Sequence[str] | None) -> None:
    # dbt deps deletes dbt_packages before it fetches, and leaves a lock file: it gets a project of
    # its own, holding nothing but packages.yml, so that neither touches this one.
    with _workspace(root) as workspace:
        (workspace / "dbt_project.yml").write_text(
            "name: package_download\nversion: 1.0.0\nconfig-version: 2\n", encoding="utf-8"
        )
        shutil.copyfile(root / PACKAGES_FILE, workspace / PACKAGES_FILE)
        _run_dbt_deps(workspace, dbt_command)
        build = workspace / INSTALL_FOLDER
        if not holds_real_packages(build, [pin.name for pin in pins]):
            raise PackagesError(f"dbt deps did not deliver {_listed(pins)}; run it by hand to see")
        record = _lock_versions(workspace) or {pin.hub_name: pin.version for pin in pins}
        (build / RECORD_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        _swap_in(build, root / INSTALL_FOLDER)


def _run_dbt_deps(project: Path, dbt_command: Sequence[str] | None) -> None:
    if dbt_command is None:
        if find_spec("dbt") is None:
            raise PackagesError(
                f"dbt is not installed for {sys.executable}: install the Python requirements first"
            )
        dbt_command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main"]
    # A caller's DBT_* settings (target path, warnings as errors) are about the project, not this.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DBT_") or name == "DBT_PACKAGE_HUB_URL"
    }
    options = ["--quiet", "--no-use-colors", "--no-send-anonymous-usage-stats"]
    folders = ["--project-dir", str(project), "--log-path", str(project / "logs")]
    try:
        run = subprocess.run(
            [*dbt_command, *options, "deps", *folders],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=HUB_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise HubUnreachableError(
            f"dbt package hub gave no answer in {HUB_TIMEOUT_SECONDS} s: dbt_packages is as it was"
            " (--stand-ins installs without the hub)"
        ) from None
    if run.returncode == 0:
        return
    if UNREACHABLE_MARK in run.stdout + run.stderr:
        raise HubUnreachableError(
            "dbt package hub not reachable: dbt_packages is as it was"
            " (--stand-ins installs without the hub)"
        )
    raise PackagesError(f"dbt deps failed: {_reason(run.stdout) or _reason(run.stderr)}")


@contextmanager
def _workspace(root: Path) -> Iterator[Path]:
    """A temporary folder on the project's own disk, where a rename cannot become a copy."""
    with tempfile.TemporaryDirectory(prefix=".dbt_packages-", dir=root) as folder:
        yield Path(folder)


def _swap_in(build: Path, target: Path) -> None:
    previous = build.with_name("previous")
    was_there = os.path.lexists(target)
    if was_there:
        target.rename(previous)
    try:
        build.rename(target)
    except BaseException:
        if was_there and not os.path.lexists(target):
            previous.rename(target)
        raise


def _recorded_versions(root: Path) -> dict[str, str]:
    """Hub name to version of what is installed: this module's record, else dbt's own lock."""
    try:
        record = json.loads((root / INSTALL_FOLDER / RECORD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _lock_versions(root)
    return record if isinstance(record, dict) else {}


def _lock_versions(project: Path) -> dict[str, str]:
    try:
        lock = yaml.safe_load((project / LOCK_FILE).read_text(encoding="utf-8"))
        return {entry["package"]: str(entry["version"]) for entry in lock["packages"]}
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return {}


def _project_entry(package_folder: Path, key: str) -> object:
    try:
        project = yaml.safe_load((package_folder / "dbt_project.yml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return project.get(key) if isinstance(project, dict) else None


def _same_files(one: Path, other: Path) -> bool:
    files, other_files = (
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in (one, other)
    )
    return files == other_files and all(cmp(one / f, other / f, shallow=False) for f in files)


def _reason(output: str) -> str:
    """dbt's error message in one line: without clock times, headings and traceback."""
    lines = [re.sub(r"^\d\d:\d\d:\d\d\s+", "", line).strip() for line in output.splitlines()]
    lines = [line for line in lines if line and not line.startswith("Encountered an error")]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return _one_line(" ".join(lines))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= ERROR_LINE_LENGTH else line[: ERROR_LINE_LENGTH - 1] + "…"


def _listed(items: Iterable[object]) -> str:
    return " and ".join(str(item) for item in items)
