"""On what it was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb", "pandas", "pyarrow")
_GIB = 2**30


def describe() -> dict[str, str]:
    """Processor, cores, memory, operating system and versions, as text by name."""
    described = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if _has_affinity() else os.cpu_count()),
        "memory": _memory(),
        "operating system": _operating_system(),
        "Python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            described[package] = version(package)
        except PackageNotFoundError:
            described[package] = "not installed"
    return described


def _has_affinity() -> bool:
    return hasattr(os, "sched_getaffinity")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return "unknown"
    return f"{pages / _GIB:.0f} GiB"


def _operating_system() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()}"
    except (OSError, AttributeError, KeyError):
        return f"{platform.system()} {platform.release()}"
