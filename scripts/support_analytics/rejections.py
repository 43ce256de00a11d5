"""Judge how many tickets were rejected, and hand them over where they are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics import exports
from support_analytics.dbt_runner import Outcome
from support_analytics.errors import BuildError, UserError
from support_analytics.publish import Stage

SHOWN_REASONS = 3
_MART = "rejected_tickets"


@dataclass(frozen=True)
class Judged:
    """Counts of tickets, and of rejected ones by reason, the commonest first."""

    accepted: int
    rejected: int
    reasons: Mapping[str, int]

    @property
    def rejected_rate(self) -> float:
        """Rejected of all, 0 to 1."""
        return self.rejected / max(self.accepted + self.rejected, 1)


def count(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> Judged:
    """What staging made of the raw tickets. Raises BuildError where it was not built."""
    try:
        accepted, rejected = connection.execute(
            "select (select count(*) from staging.stg_tickets),"
            " (select count(*) from staging.rejected_tickets)"
        ).fetchone()
        reasons = dict(
            connection.execute(
                "select reason, count(*) as tickets from (select unnest(string_split(reasons, '|'))"
                " as reason from staging.rejected_tickets) group by reason"
                " order by tickets desc, reason"
            ).fetchall()
        )
    except duckdb.CatalogException:
        failures = outcome.failures or ["staging is missing"]
        raise BuildError("; ".join(failures[:SHOWN_REASONS])) from None
    return Judged(accepted, rejected, reasons)


def check(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    outcome: Outcome,
    rules: exports.CellRules,
    stage: Stage,
    *,
    limit: float,
    file_format: str,
    tickets: str,
) -> None:
    """Raise UserError where more than limit, a share, is rejected; the rows are written first.

    They go beside the output folder, as <folder>.rejected_tickets.csv, as the folder itself keeps
    what the last good build wrote.
    """
    if judged.accepted and judged.rejected_rate <= limit:
        return
    total = judged.accepted + judged.rejected
    reasons = shown_reasons(judged.reasons)
    if judged.accepted:
        message = (
            f"{tickets}: {judged.rejected:,} of {total:,} tickets ({judged.rejected_rate:.1%}) are "
            f"rejected, more than --max-rejected-rate {limit:g}: {reasons}"
        )
    else:
        message = f"{tickets}: all {judged.rejected:,} tickets are rejected: {reasons}"
    marts = [mart for mart in outcome.marts if mart.name == _MART]
    if marts:
        (file,) = exports.export_marts(connection, marts, stage.work, file_format, rules)
        path = beside(stage.out, file_format)
        if path in stage.inputs:
            raise UserError(f"{message}; {path} is read by this build, so it was not written anew")
        (stage.work / file.name).replace(path)
        message += f"; they are in {path}"
    raise UserError(message)


def beside(out: Path, file_format: str) -> Path:
    """Where the rejected tickets of a failed build of out are."""
    return out.with_name(f"{out.name}.{_MART}.{file_format}")


def shown_reasons(reasons: Mapping[str, int]) -> str:
    """The commonest rejection reasons with their counts, in one line."""
    shown = [f"{reason} {number:,}" for reason, number in list(reasons.items())[:SHOWN_REASONS]]
    more = len(reasons) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more > 0 else "")
