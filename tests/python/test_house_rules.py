"""Each rule of the house is seen to find a fault, and marts have what dbt-score cannot see."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
import yaml
from support_analytics.build import PROJECT

pytest.importorskip("dbt_score", reason="dbt-score is not installed (requirements-dev.txt)")
sys.path.insert(0, str(PROJECT))

from dbt_score import Model

from scripts import house_rules

HEAD = "-- Grain: one row for each day. Question: how many?\n"
GOOD_SQL = HEAD + "select * from {{ ref('fct_tickets') }} -- from raw.tickets_raw"


def _model(name: str = "fct_a", layer: str = "marts", **values: Any) -> Model:
    path = f"models/{layer}/{name}.sql"
    node = {
        "unique_id": f"model.p.{name}",
        "name": name,
        "relation_name": None,
        "description": "Grain: one row for each day. Question: how many?",
        "original_file_path": path,
        "config": {"contract": {"enforced": True}},
        "meta": {},
        "columns": {"day": {"name": "day", "description": "Day.", "data_type": "date"}},
        "package_name": "p",
        "database": "d",
        "schema": "s",
        "raw_code": GOOD_SQL,
        "language": "sql",
        "access": "protected",
        "group": None,
        "alias": name,
        "patch_path": None,
        "tags": ["mart"],
        "depends_on": {"nodes": []},
        "constraints": [],
    }
    for column in node["columns"].values():
        column |= {"meta": {}, "tags": [], "constraints": [], "config": {}}
    return Model.from_node(node | values, values.pop("tests", []))


def _reading(parent: Model, **values: Any) -> Model:
    model = _model(**values)
    model.parents = [parent]
    return model


FAULTS = [
    ("name_follows_layer", _model("daily", "marts")),
    ("name_follows_layer", _model("fct_a", "staging")),
    ("reads_its_layer_or_the_one_before", _reading(_model("stg_a", "staging"))),
    (
        "reads_its_layer_or_the_one_before",
        _reading(_model("fct_a"), name="int_a", layer="intermediate"),
    ),
    (
        "only_staging_reads_raw_data",
        _model(depends_on={"nodes": ["seed.support_analytics.tickets_raw"]}),
    ),
    ("has_no_hard_coded_relation", _model(raw_code=HEAD + "select * from marts.fct_tickets")),
    ("has_no_hard_coded_relation", _model(raw_code=HEAD + 'inner JOIN "d"."marts"."fct_b"')),
    ("opens_with_grain_and_question", _model(raw_code="select 1")),
    ("opens_with_grain_and_question", _model(description="One row for each day.")),
    ("mart_has_contract", _model(config={})),
    ("mart_is_tested", _model()),
    ("stays_short", _model(raw_code="select 1\n" * 151)),
]


@pytest.mark.parametrize(("name", "model"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_fault_is_found(name: str, model: Model) -> None:
    assert getattr(house_rules, name)().evaluate(model) is not None


def test_every_rule_has_a_fault_to_find() -> None:
    text = (PROJECT / "scripts" / "house_rules.py").read_text(encoding="utf-8")
    assert set(re.findall(r"@rule\ndef (\w+)", text)) == {name for name, _ in FAULTS}


@pytest.mark.parametrize("name", sorted({name for name, _ in FAULTS} - {"mart_is_tested"}))
def test_a_good_model_passes(name: str) -> None:
    model = _reading(_model("int_a", "intermediate"))
    assert getattr(house_rules, name)().evaluate(model) is None


def test_every_mart_is_computed_by_hand_somewhere() -> None:
    folders = [PROJECT / "models" / "marts", PROJECT / "models" / "staging"]
    tested = {
        test["model"]
        for folder in folders
        for path in folder.rglob("*.yml")
        for test in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("unit_tests") or ()
    }
    by_hand = (PROJECT / "tests" / "python" / "test_findings.py").read_text(encoding="utf-8")
    marts = {path.stem for path in folders[0].rglob("*.sql")}
    without = {mart for mart in marts - tested if not re.search(rf"\b{mart}\b", by_hand)}
    assert without == set()


def test_every_rule_and_exception_is_explained() -> None:
    text = (PROJECT / "docs" / "house_rules.md").read_text(encoding="utf-8")
    settings = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    disabled = re.findall(r'"dbt_score\.rules\.\w+\.(\w+)"', settings)
    assert len(disabled) == 5
    names = [
        *disabled,
        *(name for name, _ in FAULTS),
        *house_rules.LONG,
    ]
    assert [name for name in names if f"`{name}`" not in text] == []
