"""Generated tickets of any number, made once for each size, seed and generator."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from support_analytics import sample
from support_analytics.quoting import literal
from support_analytics.sample import SampleConfig, write_tickets, write_users

SEED = 6
FIRST_DAY = date(2023, 11, 1)
LAST_DAY = date(2025, 10, 31)
_LEAST_CREATORS = 200


@dataclass(frozen=True)
class BenchData:
    """The files of one size, in a folder of their own."""

    folder: Path
    tickets: int

    @property
    def files(self) -> dict[str, dict[str, Path]]:
        """Files by format and table."""
        return {
            suffix: {table: self.folder / f"{table}.{suffix}" for table in ("tickets", "users")}
            for suffix in ("csv", "parquet")
        }

    @property
    def note(self) -> Path:
        """What the files were made of."""
        return self.folder / "made_of.json"

    def is_made(self) -> bool:
        """Whether the files are there, and made by this generator with these settings."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        paths = [path for tables in self.files.values() for path in tables.values()]
        return note == _made_of(self.tickets) and all(path.is_file() for path in paths)


def data_of(folder: Path, tickets: int) -> BenchData:
    """Where the files of this many tickets are, made or not."""
    return BenchData(folder / f"tickets_{tickets}", tickets)


def make(data: BenchData) -> None:
    """Write the files: CSV by the sample's generator, Parquet from it by DuckDB, all text."""
    data.folder.mkdir(parents=True, exist_ok=True)
    data.note.unlink(missing_ok=True)
    config = SampleConfig(
        tickets=data.tickets,
        creators=max(data.tickets // 10, _LEAST_CREATORS),
        seed=SEED,
        start=FIRST_DAY,
        end=LAST_DAY,
    )
    csv, parquet = data.files["csv"], data.files["parquet"]
    write_tickets(config, csv["tickets"])
    write_users(config, csv["users"])
    with duckdb.connect() as connection:
        for table in ("tickets", "users"):
            # A record with fields missing has nulls there; Parquet knows no record with too many.
            connection.execute(
                f"copy (select * from read_csv({literal(csv[table])}, all_varchar = true,"
                " header = true, null_padding = true, strict_mode = false, parallel = false))"
                f" to {literal(parquet[table])} (format parquet, compression zstd)"
            )
    data.note.write_text(json.dumps(_made_of(data.tickets)), encoding="utf-8")


def _made_of(tickets: int) -> dict[str, str | int]:
    digest = hashlib.sha256()
    for path in sorted(Path(sample.__file__).parent.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return {
        "tickets": tickets,
        "seed": SEED,
        "first_day": FIRST_DAY.isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "generator_sha256": digest.hexdigest(),
    }
