"""DuckDB's memory and the folder for what does not fit into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from support_analytics.errors import UserError

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)
_LEAST_BYTES = 128 * 10**6
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def check_memory_limit(text: str) -> str:
    """The size as DuckDB takes it. Raises UserError for what is none, and for less than 128 MB."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise UserError(f"--memory-limit '{text}' is not a size; write it as 2GB or 500MB")
    base = 1024 if "i" in match[2].lower() else 1000
    size = float(match[1]) * base ** _POWERS[match[2][0].upper()]
    if size < _LEAST_BYTES:
        raise UserError(f"--memory-limit '{text}' is too little; give 128MB or more")
    return match[0]


@contextlib.contextmanager
def engine_settings(
    memory_limit: str | None, spill_dir: Path | None, target: Path
) -> Iterator[dict[str, str]]:
    """DuckDB settings for a build of target; its folder below spill_dir goes in the end.

    What a killed build of the same target left there is cleared first. Raises UserError where
    spill_dir cannot be written.
    """
    settings = {} if memory_limit is None else {"memory_limit": check_memory_limit(memory_limit)}
    if spill_dir is None:
        yield settings
        return
    digest = hashlib.sha256(os.fsencode(target)).hexdigest()[:12]
    folder = spill_dir.absolute() / f"support_analytics_spill_{digest}"
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(
            f"--spill-dir {spill_dir} cannot be written: {error.strerror or error}"
        ) from None
    try:
        yield settings | {"temp_directory": str(folder)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
