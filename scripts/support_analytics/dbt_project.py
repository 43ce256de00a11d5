"""Where the dbt project lies, and the variables of its dbt_project.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]


def project_vars(project: Path = PROJECT) -> dict[str, Any]:
    """The variables by name, as dbt_project.yml has them: without those of a command line."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    return settings["vars"]
