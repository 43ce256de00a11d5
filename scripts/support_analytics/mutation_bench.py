"""Run mutants of models against the project's tests, without dbt between them.

dbt builds the project once on three datasets and writes down what it ran. From then on
everything happens in one DuckDB in memory: the mutant's unit tests first, in the SQL that dbt ran
for them; then the mutated model and what depends on it, inside a transaction that is rolled back,
with the data tests that read it. What comes out unchanged is followed no further.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from support_analytics import warehouse
from support_analytics.data_faults import REFUSED_FAULTS
from support_analytics.dbt_runner import DbtSession
from support_analytics.errors import BuildError, one_line
from support_analytics.mutation_operators import (
    RELATION_PREFIX,
    Mutation,
    Site,
    mutated,
    parse,
    sites,
    text_of,
)
from support_analytics.quoting import literal, quoted
from support_analytics.raw_files import open_raw_file
from support_analytics.sources import digest_of_files

CATALOG = "mutants"
PRISTINE = "pristine"
SAMPLE, HOSTILE, WHOLE = "sample", "hostile", "whole sample"
LAYERS = ("staging", "intermediate", "marts")
# One creator in so many of the sample, with all of their tickets.
SAMPLE_SHARE = 6
# Which drawn input of tests/python/test_against_reference.py is the hostile dataset.
HOSTILE_SEED = 1291
# A query of an unmutated model takes two seconds at most; a mutant may run into a cross product.
QUERY_SECONDS = 20
# What decides on the outcome of a build.
SOURCES = ("models", "macros", "seeds", "snapshots", "tests", "package_standins")
SUFFIXES = (".sql", ".yml", ".csv")
# Raised when a plan holds something else than before.
PLAN_VERSION = "3"
KILLERS = ("unit test", "data test", "reference", "Python test")


@dataclass(frozen=True)
class Model:
    """A model as dbt built it on one dataset."""

    unique_id: str
    name: str
    layer: str
    relation: str
    is_view: bool
    sql: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class UnitTest:
    """A dbt unit test: the query that dbt ran, around the model's own."""

    name: str
    model: str
    sql: str
    before: str
    after: str


@dataclass(frozen=True)
class DataTest:
    """A dbt data test that fails a build: its query returns what is wrong."""

    name: str
    sql: str
    fail_calc: str
    parents: tuple[str, ...]


@dataclass
class Plan:
    """All that dbt made of the project on one dataset, in the order of the build."""

    dataset: str
    models: dict[str, Model] = field(default_factory=dict)
    unit_tests: list[UnitTest] = field(default_factory=list)
    data_tests: list[DataTest] = field(default_factory=list)
    drawn: int | None = None


@dataclass(frozen=True)
class Verdict:
    """How a mutant ended; by what: one of KILLERS, `error` or `survived`, and which test.

    changes says whether anything that was built came out otherwise than without the mutation.
    """

    status: str
    by: str = ""
    changes: bool = True


class QueryFailed(Exception):  # noqa: N818 - an outcome of a mutant, not of the program
    """A query of a mutant was refused, failed or took too long."""


def prepare(project: Path, work: Path, say: Callable[[str], None]) -> list[Plan]:
    """Build the datasets with dbt below work, or take what an earlier run left there.

    say gets a line for each phase. Raises BuildError where the unmutated project fails.
    """
    mark = _fingerprint(project)
    kept = work / "plans.pickle"
    if kept.is_file():
        fingerprint, plans = pickle.loads(kept.read_bytes())
        if fingerprint == mark:
            return plans
    shutil.rmtree(work, ignore_errors=True)
    plans = []
    for dataset in (SAMPLE, HOSTILE, WHOLE):
        say(f"building the {dataset} dataset with dbt")
        plans.append(_build(project, database_of(work, dataset).parent, dataset))
    kept.write_bytes(pickle.dumps((mark, plans)))
    return plans


def database_of(work: Path, dataset: str) -> Path:
    """The DuckDB file that dbt builds of a dataset."""
    return work / dataset.replace(" ", "_") / f"{CATALOG}.duckdb"


def _fingerprint(project: Path) -> str:
    paths = [project / "dbt_project.yml", project / "profiles.example.yml"]
    paths += [project / "tests" / "python" / "hostile_inputs.py"]
    for folder in SOURCES:
        paths += [path for path in (project / folder).rglob("*") if path.suffix in SUFFIXES]
    # The reviewed list of mutants decides nothing about the build.
    read = [path for path in paths if "mutants" not in path.name and path.is_file()]
    return digest_of_files(project, read, PLAN_VERSION.encode())


def _build(project: Path, folder: Path, dataset: str) -> Plan:
    folder.mkdir(parents=True)
    database = folder / f"{CATALOG}.duckdb"
    plan = Plan(dataset)
    variables: dict[str, Any] = {}
    loaded = [warehouse.TICKETS_TABLE, warehouse.USERS_TABLE]
    if dataset != HOSTILE:
        _load_sample(project, database, SAMPLE_SHARE if dataset == SAMPLE else 1)
        variables["keep_status_history"] = dataset == SAMPLE
    else:
        reference = reference_module(project)
        plan.drawn = HOSTILE_SEED
        inputs = reference.draw_inputs(HOSTILE_SEED)
        reference.load_raw_tables(inputs, database, folder / "inputs")
        if inputs.as_of:
            variables["as_of_at"] = reference.parse_as_of(inputs.as_of)
        variables["reporting_timezone"] = inputs.timezone
        loaded.append(warehouse.SLA_TABLE)
    session = DbtSession(project, database, folder, variables, 1, folder / "logs")
    session.parse()
    if dataset == SAMPLE:
        session.run("ai_labels")
        session.close()
        _add_labels(database)
        loaded.append("ai_labels")
    exclude = [f"--exclude={name}" for name in loaded]
    try:
        # Data tests are only compiled: they are run here, on the mutants.
        kinds = ["--exclude-resource-type=test"]
        if dataset != SAMPLE:
            kinds.append("--exclude-resource-type=unit_test")
        built = session._invoke(["build", *kinds, *exclude]).results
        failed = [result for result in built if str(result.status) in ("error", "fail")]
        if failed:
            names = ", ".join(result.node.name for result in failed)
            raise BuildError(f"{names}: {failed[0].message}")
        compiled = session._invoke(["compile", "--select", "resource_type:test"]).results
    finally:
        session.close()
    for result in built:
        node = result.node
        kind = node.resource_type.value
        if kind == "model":
            plan.models[node.unique_id] = Model(
                node.unique_id,
                node.name,
                node.path.split("/")[0],
                node.relation_name,
                node.config.materialized == "view",
                node.compiled_code,
                tuple(node.depends_on.nodes),
            )
    for result in built:
        if result.node.resource_type.value == "unit_test":
            plan.unit_tests.append(_unit_test(folder, result.node))
    for result in compiled:
        node = result.node
        if str(node.config.severity).lower() == "error":
            parents = tuple(node.depends_on.nodes)
            plan.data_tests.append(
                DataTest(node.name, node.compiled_code, node.config.fail_calc, parents)
            )
    return plan


def _load_sample(project: Path, database: Path, share: int) -> None:
    with warehouse.open_database(database) as connection:
        for table in (warehouse.TICKETS_TABLE, warehouse.USERS_TABLE):
            schema = warehouse.raw_schema(project, table)
            with open_raw_file(project / "seeds" / f"{table}.csv", schema) as raw:
                warehouse.load_raw_file(connection, raw)
        connection.execute(
            f"""
            delete from raw.{warehouse.TICKETS_TABLE}
            where cast('0x' || md5(coalesce(creator_id, ticket_id, ''))[:4] as integer)
                % {share} <> 0
            """
        )


def _add_labels(database: Path) -> None:
    """Labels of an LLM for some tickets, as the sample has none: current, outdated, faulty."""
    with warehouse.open_database(database) as connection:
        connection.execute(
            f"""
            insert into raw.ai_labels by name
            with texts as (
                select
                    trim(ticket_id) as ticket_id,
                    coalesce(message_text, '') as message_text,
                    row_number() over (order by line_number) as number
                from raw.{warehouse.TICKETS_TABLE}
                where malformed_record is null and ticket_id is not null
            )
            select
                ticket_id,
                case when number % 29 = 0 then 'billing' when number % 3 = 0 then 'financial'
                    else 'engagement' end as ai_category,
                case when number % 2 = 0 then 'payout' else 'newsletter' end as ai_topic,
                'The text of number ' || number || ' says so.' as ai_rationale,
                'some-model' as model,
                'v' || number % 2 as prompt_version,
                sha256(case when number % 11 = 0 then 'an earlier text' else message_text end)
                    as text_hash,
                '2025-06-01T10:00:00Z' as labelled_at,
                number + 1 as line_number,
                case when number % 31 = 0 then 'a,b' end as malformed_record
            from texts
            where number % 7 = 0
            """
        )
        connection.execute(
            """
            insert into raw.ai_labels by name
            select * replace (line_number + 100000 as line_number, 'others' as ai_category)
            from raw.ai_labels where line_number % 5 = 0
            """
        )


def _unit_test(folder: Path, node: Any) -> UnitTest:
    texts = {}
    for kind in ("compiled", "run"):
        (path,) = folder.glob(f"target/{kind}/*/models/**/{node.name}.sql")
        texts[kind] = path.read_text(encoding="utf-8")
    sql = texts["compiled"].strip()
    before, found, after = texts["run"].partition(sql)
    if not found:
        raise BuildError(f"unit test {node.name}: dbt ran another query than it compiled")
    return UnitTest(node.name, node.tested_node_unique_id, sql, before, after)


def findings_tests(project: Path) -> dict[str, Callable[[Any], None]]:
    """The tests of tests/python/test_findings.py that read the sample's database and no more."""
    reference_module(project)
    import test_findings

    return {
        name: test
        for name, test in vars(test_findings).items()
        if name.startswith("test_") and list(inspect.signature(test).parameters) == ["database"]
    }


def reference_module(project: Path) -> Any:
    """tests/python/test_against_reference.py, which draws inputs and compares marts."""
    folder = str(project / "tests" / "python")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import test_against_reference

    return test_against_reference


@dataclass
class Rendering:
    """A parsed query and its mutations."""

    tree: Any
    by_mutation: dict[Mutation, Site]

    @classmethod
    def of(cls, sql: str) -> Rendering:
        """Parse sql. Raises sqlglot's errors."""
        tree = parse(sql)
        return cls(tree, {site.mutation: site for site in sites(tree)})

    def mutated(self, mutation: Mutation | None) -> str | None:
        """The query with the mutation, or unchanged with none; None where it is not in here."""
        if mutation is None:
            return text_of(self.tree)
        site = self.by_mutation.get(mutation)
        return mutated(self.tree, site) if site else None


class Bench:
    """One dataset in memory, with and without a mutation."""

    def __init__(self, plan: Plan, database: Path) -> None:
        """Load what dbt built. Raises duckdb.Error where the file is not it."""
        self.plan = plan
        self._renderings: dict[str, Rendering] = {}
        self._relations = {model.name: model.relation for model in plan.models.values()}
        self.failing_tests: list[str] = []
        self._connection = duckdb.connect(
            config={"threads": "1", "autoinstall_known_extensions": "false"}
        )
        self._load(database)
        self._tests = []
        for test in plan.data_tests:
            try:
                failed = self.data_test_fails(test)
            except QueryFailed:
                failed = True
            if failed:
                self.failing_tests.append(test.name)
            else:
                self._tests.append(test)

    def _load(self, database: Path) -> None:
        run = self._connection.execute
        run("set TimeZone = 'UTC'")
        run(f"attach {literal(database)} as stored (read_only)")
        for catalog in (CATALOG, PRISTINE):
            run(f"attach ':memory:' as {catalog}")
        tables = run(
            "select schema_name, table_name from duckdb_tables() where database_name = 'stored'"
        ).fetchall()
        models = self.plan.models.values()
        schemas = {schema for schema, _ in tables} | {
            re.findall(r'"([^"]+)"', model.relation)[1] for model in models
        }
        for schema in sorted(schemas):
            for catalog in (CATALOG, PRISTINE):
                run(f"create schema if not exists {catalog}.{quoted(schema)}")
        for schema, table in tables:
            name = f"{quoted(schema)}.{quoted(table)}"
            run(f"create table {CATALOG}.{name} as select * from stored.{name}")
            if not any(model.relation.endswith(f".{name}") for model in models):
                self._relations.setdefault(table, f"{quoted(CATALOG)}.{name}")
        run("detach stored")
        run(f"use {CATALOG}.{sorted(schemas)[0]}")
        for model in models:
            if model.is_view:
                run(f"create or replace view {model.relation} as {model.sql}")
        for model in models:
            run(f"create table {self._pristine(model)} as select * from {model.relation}")

    def _pristine(self, model: Model) -> str:
        return model.relation.replace(quoted(CATALOG), PRISTINE, 1)

    # ------------------------------------------------------------------------------ queries

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query. Raises QueryFailed, also when it takes longer than QUERY_SECONDS."""
        timer = threading.Timer(QUERY_SECONDS, self._connection.interrupt)
        timer.start()
        try:
            return self._connection.execute(sql).fetchall()
        except (duckdb.Error, RuntimeError) as error:
            raise QueryFailed(one_line(str(error), 160)) from None
        finally:
            timer.cancel()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens inside leaves no trace."""
        self._connection.execute("begin transaction")
        try:
            yield
        finally:
            self._connection.execute("rollback")

    def data_test_fails(self, test: DataTest) -> bool:
        """Whether the test finds something. Raises QueryFailed."""
        ((failures,),) = self.query(f"select {test.fail_calc} from ({test.sql}) as found")
        return bool(failures)

    def unit_test_fails(self, test: UnitTest, sql: str) -> bool:
        """Whether the model's query gives other rows than the test expects. Raises QueryFailed."""
        rows = self.query(f"{test.before}{sql}{test.after}")
        sides: dict[str, Counter[str]] = {"actual": Counter(), "expected": Counter()}
        for *values, side in rows:
            sides[side][repr(values)] += 1
        return sides["actual"] != sides["expected"]

    def rendering(self, key: str, sql: str) -> Rendering:
        """The parsed query, parsed once. Raises sqlglot's errors."""
        if key not in self._renderings:
            self._renderings[key] = Rendering.of(sql)
        return self._renderings[key]

    def is_sound(self, model: Model, sql: str) -> bool:
        """Whether a query can be bound and has the columns and types of the model."""
        try:
            mine = self.query(f"describe {self._with_relations(sql)}")
        except QueryFailed:
            return False
        theirs = self.query(f"describe {model.sql}")
        return [row[:2] for row in mine] == [row[:2] for row in theirs]

    def _with_relations(self, sql: str) -> str:
        return re.sub(
            rf'"?{RELATION_PREFIX}(\w+)"?', lambda match: self._relations[match.group(1)], sql
        )

    # ------------------------------------------------------------------------------ mutants

    def unit_verdict(self, model: Model, mutation: Mutation | None) -> Verdict:
        """What the model's unit tests say of a mutation; none runs the round trip of the parser."""
        errors = []
        for test in self.plan.unit_tests:
            if test.model != model.unique_id:
                continue
            sql = self.rendering(test.name, test.sql).mutated(mutation)
            if sql is None:
                continue
            try:
                if self.unit_test_fails(test, sql):
                    return Verdict("unit test", test.name)
            except QueryFailed as failure:
                errors.append(f"{test.name}: {failure}")
        return Verdict("error", errors[0]) if errors else Verdict("survived", changes=False)

    def data_verdict(self, model: Model, mutation: Mutation | None) -> Verdict:
        """What data tests say once the mutant and its descendants are built."""
        sql = self.rendering(model.unique_id, model.sql).mutated(mutation)
        if sql is None:
            return Verdict("survived", changes=False)
        with self.undone():
            try:
                return self._follow({model.unique_id: self._with_relations(sql)})
            except QueryFailed as failure:
                return Verdict("error", str(failure))

    def reference_verdict(self, project: Path, model: Model, mutation: Mutation | None) -> Verdict:
        """What the independent implementation of the marts says. Only where inputs were drawn."""
        sql = self.rendering(model.unique_id, model.sql).mutated(mutation)
        if sql is None or self.plan.drawn is None:
            return Verdict("survived", changes=False)
        with self.undone():
            try:
                changed = self._follow({model.unique_id: self._with_relations(sql)}, tests=False)
                if not changed.changes:
                    return changed
                return self._held_against_reference(project)
            except QueryFailed as failure:
                return Verdict("error", str(failure))

    def refusal_verdict(self, model: Model, mutation: Mutation) -> Verdict:
        """Whether the build still refuses the faults in seeds that it must refuse, by line."""
        sql = self.rendering(model.unique_id, model.sql).mutated(mutation)
        by_name = {one.name: one for one in self.plan.models.values()}
        for fault in REFUSED_FAULTS:
            if sql is None or model.name not in fault.models:
                continue
            with self.undone():
                said = ""
                try:
                    self.query(fault.sql)
                    for name in fault.models:
                        text = by_name[name].sql if name != model.name else sql
                        relation = by_name[name].relation
                        text = self._with_relations(text)
                        self.query(f"create or replace table {relation} as {text}")
                except QueryFailed as failure:
                    said = str(failure)
            if fault.message not in said:
                return Verdict("Python test", f"test_a_faulty_rule_is_refused ({fault.name})")
        return Verdict("survived", changes=False)

    def python_verdict(self, project: Path, model: Model, mutation: Mutation | None) -> Verdict:
        """What data tests and the tests of findings in Python say. Only on the whole sample."""
        sql = self.rendering(model.unique_id, model.sql).mutated(mutation)
        if sql is None:
            return Verdict("survived", changes=False)
        with self.undone():
            try:
                verdict = self._follow({model.unique_id: self._with_relations(sql)})
            except QueryFailed as failure:
                return Verdict("error", str(failure))
            if verdict.status == "survived" and verdict.changes:
                name = self._failing_python_test(project)
                return Verdict("Python test", name) if name else verdict
            return verdict

    def _failing_python_test(self, project: Path) -> str:
        for name, test in findings_tests(project).items():
            rows, test.__globals__["rows"] = test.__globals__["rows"], self._rows
            try:
                test(None)
            # As pytest sees it: whatever is raised is a failure.
            except Exception:
                return name
            finally:
                test.__globals__["rows"] = rows
        return ""

    def _rows(self, _: object, query: str) -> list[dict[str, Any]]:
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _held_against_reference(self, project: Path) -> Verdict:
        reference = reference_module(project)
        tables = {
            name: reference.table_rows(self._connection, name)
            for name in (*reference.MARTS, "int_tickets_classified")
        }
        found = reference.mart_differences(tables, reference.draw_inputs(self.plan.drawn))
        return Verdict("reference", found[0]) if found else Verdict("survived")

    def _follow(self, replaced: dict[str, str], tests: bool = True) -> Verdict:
        """Build what is replaced and what then changes; stop at the first test that fails."""
        changed: set[str] = set()
        waiting = self._descendants(set(replaced))
        for identifier, model in self.plan.models.items():
            if identifier not in waiting:
                continue
            waiting.discard(identifier)
            if identifier not in replaced and not changed.intersection(model.parents):
                continue
            sql = replaced.get(identifier, model.sql)
            kind = "view" if model.is_view else "table"
            if identifier in replaced or not model.is_view:
                self.query(f"create or replace {kind} {model.relation} as {sql}")
            if not self._differs(model):
                continue
            changed.add(identifier)
            if tests:
                for test in self._tests_now(identifier, waiting):
                    if self.data_test_fails(test):
                        return Verdict("data test", test.name)
        if tests and changed:
            # Tests that waited for a model that did not change after all.
            for test in self._tests:
                if changed.intersection(test.parents) and self.data_test_fails(test):
                    return Verdict("data test", test.name)
        return Verdict("survived", changes=bool(changed))

    def _tests_now(self, identifier: str, waiting: set[str]) -> list[DataTest]:
        return [
            test
            for test in self._tests
            if identifier in test.parents and not waiting.intersection(test.parents)
        ]

    def _descendants(self, of: set[str]) -> set[str]:
        found = set(of)
        for identifier, model in self.plan.models.items():
            if found.intersection(model.parents):
                found.add(identifier)
        return found

    def _differs(self, model: Model) -> bool:
        mine, theirs = model.relation, self._pristine(model)
        ((count,),) = self.query(
            f"select (select count(*) from (from {mine} except all from {theirs}))"
            f" + (select count(*) from (from {theirs} except all from {mine}))"
        )
        return count > 0


def choose(
    bench: Bench, model: Model, quota: int, seed: int, operators: Sequence[str]
) -> list[Mutation]:
    """A model's mutants: as many as the quota, of as many operators as there are.

    The choice depends on the seed and the model alone, so that it stays when other models change.
    Mutants that cannot be bound, give other types or the same query are none.
    """
    rendering = bench.rendering(model.unique_id, model.sql)
    unchanged = rendering.mutated(None)
    by_operator: dict[str, list[Mutation]] = {}
    for mutation in rendering.by_mutation:
        if not operators or mutation.operator in operators:
            by_operator.setdefault(mutation.operator, []).append(mutation)
    for mutations in by_operator.values():
        mutations.sort(key=lambda mutation: _lot(seed, model.name, str(mutation)))
    names = sorted(
        by_operator,
        key=lambda name: _lot(seed, model.name, name) * (1 if name in COMMON else RARE_WEIGHT),
    )
    chosen: list[Mutation] = []
    while len(chosen) < quota and names:
        for name in list(names):
            while by_operator[name]:
                mutation = by_operator[name].pop(0)
                sql = rendering.mutated(mutation)
                if sql != unchanged and bench.is_sound(model, sql):
                    chosen.append(mutation)
                    break
            if not by_operator[name]:
                names.remove(name)
            if len(chosen) == quota:
                break
    return chosen


# Operators that nearly every model offers; the others come first where there are some.
COMMON = ("constant", "column swap", "arithmetic", "null handling", "aggregate", "comparison")
RARE_WEIGHT = 0.5


def _lot(seed: int, *parts: str) -> float:
    digest = hashlib.sha256("\0".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
