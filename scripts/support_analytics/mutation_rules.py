"""Mutants of the rules that are data: constants of macros, vars, seeds.

A constant of a macro is changed in dbt's parsed project, in all models at once, and dbt runs the
unit tests of the models that use it. Vars and seeds are held by tests/python/test_rules.py, which
says what they are; its own functions look at the changed ones here.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_analytics.dbt_project import project_vars
from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import BuildError
from support_analytics.mutation_bench import SAMPLE, WHOLE, Bench, QueryFailed, Verdict, database_of

# Macro, what stands in it, what stands there instead.
CONSTANTS = (
    ("fcr_strict_minutes", "60", "61"),
    ("fcr_lenient_minutes", "240", "241"),
    ("max_first_response_minutes", "10080", "10081"),
    ("is_small_sample", "<", "<="),
    ("z_95", "1.959963984540054", "1.96"),
    ("count_between", ">=", ">"),
    ("drift_recent_weeks", "4", "5"),
    ("anomaly_score", "4", "5"),
    ("anomaly_edge_score", "3", "2"),
    ("anomaly_reference_weeks", "6", "7"),
    ("anomaly_min_references", "3", "4"),
    ("repeat_contact_days", "7", "8"),
    ("max_rationale_sentences", "2", "3"),
    ("max_rationale_length", "400", "401"),
    ("candidate_overlap_share", "0.5", "0.6"),
)
# Tables between the seed of category rules and the labels; what tickets say stays as it is.
LABEL_MODELS = (
    "int_category_rules_checked",
    "int_category_rules_ranked",
    "int_evidence_matched",
    "int_evidence_sets_weighed",
    "int_evidence_sets_scored",
    "int_evidence_sets_classified",
)
CHANGED_RULES = 8


@dataclass(frozen=True)
class RuleMutant:
    """A changed rule and how it ended."""

    kind: str
    change: str
    verdict: Verdict

    def __str__(self) -> str:
        status = self.verdict.status
        killed = status if status == "survived" else f"killed by {status} {self.verdict.by}"
        return f"{self.kind}: {self.change}: {killed}"


def rule_mutants(
    project: Path, work: Path, benches: Sequence[Bench], tell: Callable[[str], None]
) -> list[RuleMutant]:
    """Change every rule on the lists above, each var, each target, some weights and categories.

    tell gets a line for each. Raises BuildError where the unmutated project fails.
    """
    found: list[RuleMutant] = []
    whole = next(bench for bench in benches if bench.plan.dataset == WHOLE)
    for mutants in (
        _constants(project, work),
        _vars(project),
        _targets(project),
        _category_rules(project, whole),
    ):
        for mutant in mutants:
            found.append(mutant)
            tell(str(mutant))
    return found


def rules_module(project: Path) -> Any:
    """tests/python/test_rules.py."""
    folder = str(project / "tests" / "python")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import test_rules

    return test_rules


def _python_test(name: str, passes: bool) -> Verdict:
    return Verdict("survived") if passes else Verdict("Python test", name)


# ------------------------------------------------------------------------------------ constants


def _constants(project: Path, work: Path) -> Iterator[RuleMutant]:
    folder = work / "rules"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stored = database_of(work, SAMPLE)
    database = folder / stored.name
    shutil.copyfile(stored, database)
    variables = {"keep_status_history": True}
    session = DbtSession(project, database, folder, variables, 1, folder / "logs")
    session.parse()
    try:
        for macro, before, after in CONSTANTS:
            with _changed_macro(session, macro, before, after):
                failing = _failing_unit_test(session, macro)
            verdict = Verdict("unit test", failing) if failing else Verdict("survived")
            yield RuleMutant("constant", f"{macro}: {before} -> {after}", verdict)
    finally:
        session.close()


@contextmanager
def _changed_macro(session: DbtSession, name: str, before: str, after: str) -> Iterator[None]:
    macro = session._manifest.macros[f"macro.support_analytics.{name}"]
    kept = macro.macro_sql
    if before not in kept:
        raise BuildError(f"macro {name} has no {before} any more: correct CONSTANTS")
    macro.macro_sql = kept.replace(before, after, 1)
    try:
        yield
    finally:
        macro.macro_sql = kept


def _failing_unit_test(session: DbtSession, macro: str) -> str:
    manifest = session._manifest
    users = {f"macro.support_analytics.{macro}"}
    grown = True
    while grown:
        more = {
            name
            for name, one in manifest.macros.items()
            if name not in users and users.intersection(one.depends_on.macros)
        }
        users |= more
        grown = bool(more)
    models = [
        node.name
        for node in manifest.nodes.values()
        if node.resource_type.value == "model" and users.intersection(node.depends_on.macros)
    ]
    if not models:
        raise BuildError(f"no model uses the macro {macro}: correct CONSTANTS")
    selected = [f"{model},test_type:unit" for model in models]
    results = session._invoke(["test", "--fail-fast", "--select", *selected]).results
    failing = [result.node.name for result in results if str(result.status) in ("fail", "error")]
    return failing[0] if failing else ""


# ------------------------------------------------------------------------------- vars and seeds


def _vars(project: Path) -> Iterator[RuleMutant]:
    rules = rules_module(project)
    settings = project_vars(project)
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, list)):
            continue
        if isinstance(value, list):
            after: Any = value[:-1]
        else:
            after = value + 1 if isinstance(value, int) else value * 2
        passes = rules.wrong_vars(settings | {name: after}) == []
        verdict = _python_test("test_vars_are_as_agreed", passes)
        yield RuleMutant("var", f"{name}: {value} -> {after}", verdict)


def _targets(project: Path) -> Iterator[RuleMutant]:
    rules = rules_module(project)
    text = (project / "seeds" / "sla_targets.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    for number, line in enumerate(lines[1:], 1):
        channel, *values = line.split(",")
        for column in range(len(values)):
            changed = list(values)
            changed[column] = str(int(values[column]) + 1)
            mutated = [*lines]
            mutated[number] = ",".join([channel, *changed])
            passes = rules.targets_of("\n".join(mutated)) == rules.SLA_TARGETS
            verdict = _python_test("test_sla_targets_are_as_agreed", passes)
            change = f"{channel}: {','.join(values)} -> {','.join(changed)}"
            yield RuleMutant("sla_targets", change, verdict)


def _category_rules(project: Path, bench: Bench) -> Iterator[RuleMutant]:
    rules = rules_module(project)
    expected = rules.expected_labels()
    fired = bench.query(
        "select line_number, any_value(category), any_value(pattern), any_value(weight)"
        " from intermediate.int_category_rules_ranked where line_number in"
        " (select line_number from intermediate.int_tickets_evidence_weighed)"
        f" group by line_number order by md5(cast(line_number as varchar)) limit {CHANGED_RULES}"
    )
    for number, (line, category, _, weight) in enumerate(fired):
        if number % 2:
            other = "others" if category != "others" else "financial"
            change, value = f"category {category} -> {other}", f"category = '{other}'"
        else:
            change = f"weight {weight:g} -> {weight / 2:g}"
            value = f"weight = '{weight / 2}'"
        with bench.undone():
            try:
                bench.query(f"update raw.category_rules set {value} where line_number = {line}")
                for model in bench.plan.models.values():
                    if model.name in LABEL_MODELS:
                        bench.query(f"create or replace table {model.relation} as {model.sql}")
                passes = bench.query(rules.LABELS_SQL) == expected
                verdict = _python_test("test_labels_of_the_sample_are_as_committed", passes)
            except QueryFailed as failure:
                verdict = Verdict("error", str(failure))
        yield RuleMutant("category_rules", f"line {line}, {change}", verdict)
