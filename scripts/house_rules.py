"""The project's own rules for dbt-score; docs/house_rules.md says why each is one.

Without `from __future__ import annotations`: dbt-score reads the types of the arguments.
"""

import re

from dbt_score import Model, RuleViolation, rule

# Layers in the order of the flow.
LAYERS = ("staging", "intermediate", "marts")
PREFIXES = {
    "staging": ("stg_", "base_", "rejected_"),
    "intermediate": ("int_",),
    "marts": ("fct_", "dim_"),
    "semantic": ("metricflow_",),
}
MAX_LINES = 150
# One select for each kind of finding, in one union: apart they would have to be read together.
LONG = {"fct_findings"}
RAW_SEEDS = re.compile(r"^seed\.\w+\.(tickets_raw|users_raw|ai_labels)$")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|--[^\n]*", re.DOTALL)
_HARD_CODED = re.compile(r"\b(?:from|join)\s+\"?\w+\"?\.\"?\w+", re.IGNORECASE)


def layer_of(path: str) -> str:
    """The layer of a model's path below models/."""
    return path.split("/")[1]


@rule
def name_follows_layer(model: Model) -> RuleViolation | None:
    """A model's name starts with its layer's prefix."""
    prefixes = PREFIXES.get(layer_of(model.original_file_path), ())
    if not model.name.startswith(prefixes):
        return RuleViolation(f"Name starts with none of {', '.join(prefixes) or 'no known layer'}.")
    return None


@rule
def reads_its_layer_or_the_one_before(model: Model) -> RuleViolation | None:
    """A model reads from its own layer or the one before, never ahead."""
    layer = layer_of(model.original_file_path)
    if layer not in LAYERS:
        return None
    position = LAYERS.index(layer)
    allowed = LAYERS[max(0, position - 1) : position + 1]
    ahead = sorted(
        parent.name
        for parent in model.parents
        if isinstance(parent, Model) and layer_of(parent.original_file_path) not in allowed
    )
    return RuleViolation(f"Reads {', '.join(ahead)}.") if ahead else None


@rule
def only_staging_reads_raw_data(model: Model) -> RuleViolation | None:
    """Raw tables are read in staging alone."""
    raw = [node for node in model.depends_on.get("nodes", []) if RAW_SEEDS.match(node)]
    if raw and layer_of(model.original_file_path) != "staging":
        return RuleViolation(f"Reads {', '.join(raw)}.")
    return None


@rule
def has_no_hard_coded_relation(model: Model) -> RuleViolation | None:
    """Relations are named through ref, so that the lineage knows them."""
    found = _HARD_CODED.search(_JINJA.sub(" ", model.raw_code))
    return RuleViolation(f"Names a relation: {found[0]}.") if found else None


@rule
def opens_with_grain_and_question(model: Model) -> RuleViolation | None:
    """SQL and description say the grain and the question."""
    if not re.match(r"\s*(\{\{.*?\}\}\s*)?-- Grain: .*Question: ", model.raw_code, re.DOTALL):
        return RuleViolation("The SQL does not open with -- Grain: ... Question: ...")
    if not re.match(r"Grain: .*Question: ", model.description, re.DOTALL):
        return RuleViolation("The description does not open with Grain: ... Question: ...")
    return None


@rule
def mart_has_contract(model: Model) -> RuleViolation | None:
    """What is published has an enforced contract: each column's type and description."""
    if "mart" not in model.tags:
        return None
    if not model.config.get("contract", {}).get("enforced"):
        return RuleViolation("The contract is not enforced.")
    lacking = [column.name for column in model.columns if not column.data_type]
    return RuleViolation(f"Columns without type: {', '.join(lacking)}.") if lacking else None


@rule
def mart_is_tested(model: Model) -> RuleViolation | None:
    """What is published has data tests."""
    is_tested = model.tests or any(column.tests for column in model.columns)
    return RuleViolation("No data test.") if "mart" in model.tags and not is_tested else None


@rule
def stays_short(model: Model) -> RuleViolation | None:
    """A model of more lines than a person reads in one go is split."""
    lines = model.raw_code.count("\n") + 1
    if lines > MAX_LINES and model.name not in LONG:
        return RuleViolation(f"{lines} lines, more than {MAX_LINES}.")
    return None
