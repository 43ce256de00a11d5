"""What the baselines must know besides the tickets: the project's variables, rules and targets."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from support_analytics.dbt_project import project_vars

TICKET_REASONS = (
    "duplicate_ticket_id",
    "first_response_time_negative",
    "first_response_time_not_a_number",
    "first_response_time_too_large",
    "invalid_channel",
    "invalid_status",
    "invalid_tag",
    "malformed_row",
    "missing_created_at",
    "missing_ticket_id",
    "resolved_before_created",
    "resolved_without_resolved_at",
    "unparseable_created_at",
    "unparseable_resolved_at",
)
USER_REASONS = ("duplicate_creator_id", "missing_creator_id")


class SlaTarget(NamedTuple):
    """Targets of a channel in minutes; None is no target."""

    channel: str
    frt: float | None
    resolution: float | None


@dataclass(frozen=True)
class Settings:
    """The project's variables. as_of_at is a UTC timestamp, empty for the latest instant."""

    as_of_at: str
    reporting_timezone: str
    ticket_statuses: list[str]
    ticket_channels: list[str]
    ticket_categories: list[str]
    min_tickets_for_percentile: int
    outlier_count: int
    max_rejected_rate_per_reason: float
    max_unjoined_ticket_rate: float


def read_settings(project: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The variables of dbt_project.yml, and overrides in their place."""
    variables = project_vars(project) | dict(overrides or {})
    return Settings(**{entry.name: variables[entry.name] for entry in fields(Settings)})


def read_sla_targets(project: Path) -> list[SlaTarget]:
    """The seed of SLA targets."""
    with (project / "seeds" / "sla_targets.csv").open(encoding="utf-8", newline="") as file:
        return [
            SlaTarget(
                row["channel"],
                _minutes(row["frt_target_minutes"]),
                _minutes(row["resolution_target_minutes"]),
            )
            for row in csv.DictReader(file)
        ]


def _minutes(text: str) -> float | None:
    return float(text) if text else None
