"""Choose mutants, run them, hold the survivors against the reviewed list, write the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from support_analytics.data_faults import RAW_FAULTS, REFUSED_FAULTS, TABLE_FAULTS
from support_analytics.errors import UserError
from support_analytics.mutation_bench import (
    KILLERS,
    LAYERS,
    WHOLE,
    Bench,
    Model,
    Verdict,
    choose,
    database_of,
    prepare,
)
from support_analytics.mutation_operators import OPERATORS, Mutation
from support_analytics.mutation_rules import RuleMutant

WORK = Path("target") / "mutants"
EQUIVALENTS = Path("scripts") / "mutants_equivalent.yml"
ENTRY = ("model", "mutation", "reason")
DEFAULT_QUOTA = 2
DEFAULT_SEED = 1
DEFAULT_THRESHOLD = 0.95


@dataclass(frozen=True)
class Mutant:
    """A mutation of a model and how it ended."""

    model: str
    layer: str
    mutation: Mutation
    verdict: Verdict

    @property
    def is_killed(self) -> bool:
        """Whether a test failed on it."""
        return self.verdict.status in KILLERS

    def __str__(self) -> str:
        status, by = self.verdict.status, self.verdict.by
        if self.is_killed:
            status = f"killed by {status}"
        elif status == "survived" and not self.verdict.changes:
            status = "survived, nothing came out otherwise"
        return f"{self.model}: {self.mutation}: {status}{f' {by}' if by else ''}"


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can kill, and why; reviewed by a person."""

    model: str
    mutation: str
    reason: str


@dataclass
class Survey:
    """What a run found."""

    mutants: list[Mutant] = field(default_factory=list)
    equivalents: list[Equivalent] = field(default_factory=list)
    round_trips: int = 0
    broken_round_trips: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, *statuses: str) -> int:
        """Mutants that ended so."""
        return sum(mutant.verdict.status in statuses for mutant in self.mutants)

    def reason(self, mutant: Mutant) -> str | None:
        """Why a mutant is equivalent; None where nobody said that it is."""
        return next(
            (
                one.reason
                for one in self.equivalents
                if (one.model, one.mutation) == (mutant.model, str(mutant.mutation))
            ),
            None,
        )

    @property
    def unexplained(self) -> list[Mutant]:
        """Survivors that are not on the reviewed list."""
        return [
            mutant
            for mutant in self.mutants
            if mutant.verdict.status == "survived" and self.reason(mutant) is None
        ]

    @property
    def kill_rate(self) -> float:
        """Killed of those that build and are not equivalent, 0 to 1; 1 where there are none."""
        killed = self.count(*KILLERS)
        judged = killed + len(self.unexplained)
        return killed / judged if judged else 1.0


def load_benches(project: Path, say: Callable[[str], None]) -> list[Bench]:
    """The datasets in memory, built where needed. Raises BuildError."""
    work = project / WORK
    plans = prepare(project, work, say)
    return [Bench(plan, database_of(work, plan.dataset)) for plan in plans]


def read_equivalents(path: Path) -> list[Equivalent]:
    """The reviewed list. Raises UserError for an entry without model, mutation and reason."""
    if not path.is_file():
        return []
    found = []
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], 1):
        if not isinstance(entry, dict) or set(entry) != set(ENTRY):
            raise UserError(f"{path.name}: entry {number} needs model, mutation and reason, only")
        if not all(isinstance(text, str) and text.strip() for text in entry.values()):
            raise UserError(f"{path.name}: entry {number} has an empty or unquoted text")
        found.append(Equivalent(*(" ".join(entry[name].split()) for name in ENTRY)))
    return found


def survey(
    project: Path,
    benches: Sequence[Bench],
    *,
    models: Sequence[str] = (),
    operators: Sequence[str] = (),
    quota: int = DEFAULT_QUOTA,
    limit: int | None = None,
    seed: int = DEFAULT_SEED,
    count: Callable[[float], None] = lambda _: None,
    tell: Callable[[int, int, str], None] = lambda *_: None,
) -> Survey:
    """Run the mutants of the models that are named, of all with none.

    count gets the share of models whose mutants are chosen; tell gets finished and all mutants and
    a line. Raises UserError for names that are not there.
    """
    found = Survey(equivalents=read_equivalents(project / EQUIVALENTS))
    chosen_models = _models(benches, models)
    unknown = set(operators) - set(OPERATORS)
    if unknown:
        raise UserError(f"no operator {sorted(unknown)[0]}; there are {', '.join(OPERATORS)}")
    chosen: list[tuple[Model, Mutation]] = []
    for number, model in enumerate(chosen_models):
        count(number / len(chosen_models))
        broken = _round_trip(benches, model)
        found.round_trips += 1
        if broken:
            found.broken_round_trips.append(f"{model.name}: {broken}")
            continue
        chosen += [(model, one) for one in choose(benches[0], model, quota, seed, operators)]
    for number, (model, mutation) in enumerate(chosen[:limit], 1):
        verdict = judge(project, benches, model, mutation)
        mutant = Mutant(model.name, model.layer, mutation, verdict)
        found.mutants.append(mutant)
        tell(number, len(chosen[:limit]), str(mutant))
    found.stale = _stale(found, benches, chosen_models, project)
    for bench in benches:
        if bench.failing_tests:
            failing = ", ".join(bench.failing_tests)
            found.notes.append(f"fail without a mutation on {bench.plan.dataset}: {failing}")
    return found


def judge(project: Path, benches: Sequence[Bench], model: Model, mutation: Mutation) -> Verdict:
    """Unit tests, data tests, reference, tests in Python; the first failure counts."""
    errors = []
    verdict = benches[0].unit_verdict(model, mutation)
    if verdict.status == "unit test":
        return verdict
    if verdict.status == "error":
        errors.append(verdict)
    changes = False
    for bench in benches:
        here = bench.plan.models.get(model.unique_id)
        if here is None or bench.plan.dataset == WHOLE:
            continue
        verdict = bench.data_verdict(here, mutation)
        if verdict.status == "data test":
            return verdict
        if verdict.status == "error":
            errors.append(verdict)
        changes = changes or verdict.changes
    verdict = benches[0].refusal_verdict(model, mutation)
    if verdict.status in KILLERS:
        return verdict
    if errors:
        return errors[0]
    for bench in benches:
        here = bench.plan.models.get(model.unique_id)
        if here is None:
            continue
        if bench.plan.drawn is not None:
            verdict = bench.reference_verdict(project, here, mutation)
        elif bench.plan.dataset == WHOLE:
            verdict = bench.python_verdict(project, here, mutation)
        else:
            continue
        if verdict.status in KILLERS:
            return verdict
        changes = changes or verdict.changes
    return Verdict("survived", changes=changes)


def _models(benches: Sequence[Bench], names: Sequence[str]) -> list[Model]:
    every = [model for model in benches[0].plan.models.values() if model.layer in LAYERS]
    unknown = set(names) - {model.name for model in every}
    if unknown:
        raise UserError(f"no model {sorted(unknown)[0]} in {', '.join(LAYERS)}")
    chosen = [model for model in every if not names or model.name in names]
    return sorted(chosen, key=lambda model: (LAYERS.index(model.layer), model.name))


def _round_trip(benches: Sequence[Bench], model: Model) -> str:
    """What parsing and writing a model without a change does to it; empty where nothing."""
    for bench in benches:
        here = bench.plan.models.get(model.unique_id)
        if here is None or bench.plan.dataset == WHOLE:
            continue
        for verdict in (bench.unit_verdict(here, None), bench.data_verdict(here, None)):
            if verdict.status != "survived" or verdict.changes:
                return f"{bench.plan.dataset}: {verdict.status} {verdict.by}"
    return ""


def _stale(
    found: Survey, benches: Sequence[Bench], models: Sequence[Model], project: Path
) -> list[str]:
    """Entries of the reviewed list whose mutant is gone or killed, of the models looked at."""
    ran = {(mutant.model, str(mutant.mutation)): mutant for mutant in found.mutants}
    every = {model.name for bench in benches for model in bench.plan.models.values()}
    by_name = {model.name: model for model in models}
    lines = []
    for one in found.equivalents:
        if one.model not in every:
            lines.append(f"{one.model}: no such model")
        if one.model not in by_name:
            continue
        model = by_name[one.model]
        mutant = ran.get((one.model, one.mutation))
        if mutant is None:
            rendering = benches[0].rendering(model.unique_id, model.sql)
            mutations = [known for known in rendering.by_mutation if str(known) == one.mutation]
            if not mutations:
                lines.append(f"{one.model}: no such mutation: {one.mutation}")
                continue
            verdict = judge(project, benches, model, mutations[0])
        else:
            verdict = mutant.verdict
        if verdict.status != "survived":
            lines.append(f"{one.model}: {one.mutation}: {verdict.status} {verdict.by}")
    return lines


# --------------------------------------------------------------------------------------- report


def report(found: Survey, rules: Sequence[RuleMutant], command: str) -> str:
    """The survey as Markdown, the same for the same project and command."""
    killed = found.count(*KILLERS)
    equivalent = found.count("survived") - len(found.unexplained)
    lines = [
        "# Tests that bite",
        "",
        "Each mutant is one small change of what a model means. A mutant counts as killed when",
        "a test fails on it, as equivalent when no input can tell it from the model, as surviving",
        "otherwise.",
        "",
        "```sh",
        command,
        "```",
        "",
        f"{len(found.mutants)} mutants: {killed} killed ({found.count('unit test')} by a unit "
        f"test, {found.count('data test')} by a data test, {found.count('reference')} by the "
        f"reference implementation, {found.count('Python test')} by another Python test), "
        f"{equivalent} equivalent, {len(found.unexplained)} surviving, "
        f"{found.count('error')} that do not build.",
        f"Of those that build and are not equivalent, {found.kill_rate:.1%} are killed.",
        "",
        "A mutant's unit tests run first, then data tests on a sixth of the sample and on hostile",
        "random tickets, then `tests/python/reference.py`, then data tests on the whole sample and",
        "`tests/python/test_findings.py` and `tests/python/test_data_faults.py`; the first failure",
        "counts.",
        "",
    ]
    for title, keys, key in (
        ("Layer", LAYERS, lambda mutant: mutant.layer),
        ("Operator", tuple(OPERATORS), lambda mutant: mutant.mutation.operator),
    ):
        lines += [*_table(found, title, keys, key), ""]
    lines += [f"## Survivors: {len(found.unexplained)}", ""]
    lines += [f"- `{mutant.model}`: {_code(mutant.mutation)}" for mutant in found.unexplained]
    lines += [""] if found.unexplained else []
    explained = [mutant for mutant in found.mutants if found.reason(mutant) is not None]
    lines += [f"## Equivalent: {len(explained)}", ""]
    lines += [
        f"- `{mutant.model}`: {_code(mutant.mutation)}. {found.reason(mutant)}"
        for mutant in explained
    ]
    errors = [mutant for mutant in found.mutants if mutant.verdict.status == "error"]
    lines += ["", f"## Do not build: {len(errors)}", ""]
    lines += ["Refused while they ran, by no test: a cast, a guard in the SQL, the time limit.", ""]
    lines += [f"- `{mutant.model}`: {_code(mutant.mutation)}" for mutant in errors]
    lines += ["", *_rules_table(rules), "", *_faults_table()]
    sound = found.round_trips - len(found.broken_round_trips)
    lines += [
        "",
        "## The harness",
        "",
        f"- {sound} of {found.round_trips} models come out unchanged, cell by cell and in all of "
        "their unit tests, when they are parsed and written again without a mutation.",
        *(f"- Not mutated, as this fails: {line}" for line in found.broken_round_trips),
        *(f"- Data tests that {note}" for note in found.notes),
        "- Lists and cases of more than 20 entries, which seeds generate, are left alone, and",
        "  so is the redaction of texts, a macro of hundreds of nodes that",
        "  `tests/python/test_privacy.py` holds.",
        "- Incremental models are mutated as a first build makes them; what a refresh keeps and",
        "  forgets is held by `tests/python/test_refresh.py`.",
        "",
    ]
    return "\n".join(lines)


def _rules_table(rules: Sequence[RuleMutant]) -> list[str]:
    lines = [f"## Rules: {len(rules)}", ""]
    lines += ["Constants of macros, in all models at once; vars; seeds.", ""]
    lines += ["| rule | change | killed by |", "|---|---|---|"]
    for rule in rules:
        status, by = rule.verdict.status, rule.verdict.by
        killed = "survived" if status == "survived" else f"{status} `{by}`"
        lines.append(f"| {rule.kind} | {_cell(rule.change)} | {killed} |")
    return lines


def _faults_table() -> list[str]:
    faults = [*RAW_FAULTS, *REFUSED_FAULTS, *TABLE_FAULTS]
    lines = [f"## Faults in data: {len(faults)}", ""]
    lines += ["`tests/python/test_data_faults.py` injects each and holds it to this table.", ""]
    lines += ["| fault | noticed by |", "|---|---|"]
    lines += [f"| {f.name} | rejected as `{_cell(f.reasons)}` |" for f in RAW_FAULTS]
    lines += [f"| {f.name} | build refused: `{_cell(f.message)}` |" for f in REFUSED_FAULTS]
    lines += [f"| {f.name} | data test `{f.caught_by}` |" for f in TABLE_FAULTS]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(mutation: Mutation) -> str:
    return f"`{str(mutation).replace('`', '')}`"


def _table(
    found: Survey, title: str, keys: Sequence[str], key: Callable[[Mutant], str]
) -> list[str]:
    statuses = (*KILLERS, "error")
    cells = [title, "mutants", *(f"by {name}" for name in KILLERS), "do not build"]
    cells += ["equivalent", "surviving"]
    lines = [f"| {' | '.join(cells)} |", f"|{'---|' * len(cells)}"]
    for name in keys:
        mine = [mutant for mutant in found.mutants if key(mutant) == name]
        counts = Counter(mutant.verdict.status for mutant in mine)
        left = sum(key(mutant) == name for mutant in found.unexplained)
        figures = [len(mine), *(counts[status] for status in statuses)]
        figures += [counts["survived"] - left, left]
        lines.append(f"| {name} | {' | '.join(map(str, figures))} |")
    return lines
