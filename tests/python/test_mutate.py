"""The mutation tests themselves: operators, the bench on two small models, the reviewed list."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from support_analytics.build import PROJECT
from support_analytics.errors import UserError
from support_analytics.mutation_bench import (
    CATALOG,
    Bench,
    DataTest,
    Model,
    Plan,
    UnitTest,
    choose,
)
from support_analytics.mutation_cli import main
from support_analytics.mutation_operators import (
    OPERATORS,
    Mutation,
    mutated,
    parse,
    sites,
    text_of,
)
from support_analytics.mutation_rules import CONSTANTS
from support_analytics.mutation_run import (
    EQUIVALENTS,
    Mutant,
    Survey,
    judge,
    read_equivalents,
    report,
    survey,
)

# What each operator makes of a query; among others.
EXAMPLES = [
    ("comparison", "select a < b as c from t", "SELECT a > b AS c FROM t"),
    ("comparison", "select 1 as c from t where a = b", "SELECT 1 AS c FROM t WHERE a <> b"),
    ("boundary", "select a <= b as c from t", "SELECT a < b AS c FROM t"),
    (
        "logic",
        "select case when a then 1 when b then 2 end as c from t",
        "SELECT CASE WHEN a THEN 1 END AS c FROM t",
    ),
    ("logic", "select a and b as c from t", "SELECT (a OR b) AS c FROM t"),
    (
        "join kind",
        "select a from t left join u on t.i = u.i",
        "SELECT a FROM t INNER JOIN u ON t.i = u.i",
    ),
    (
        "join kind",
        "select a from t inner join u on t.i = u.i",
        "SELECT a FROM t LEFT JOIN u ON t.i = u.i",
    ),
    (
        "join condition",
        "select a from t join u on t.i = u.i and t.j = u.j",
        "SELECT a FROM t JOIN u ON t.i = u.i",
    ),
    ("filter", "select a from t where b", "SELECT a FROM t WHERE TRUE"),
    ("filter", "select a from t where b and c", "SELECT a FROM t WHERE b"),
    ("null handling", "select coalesce(a, 0) as c from t", "SELECT a AS c FROM t"),
    ("null handling", "select nullif(a, 0) as c from t", "SELECT a AS c FROM t"),
    ("null handling", "select a is null as c from t", "SELECT NOT a IS NULL AS c FROM t"),
    ("null handling", "select a is not null as c from t", "SELECT a IS NULL AS c FROM t"),
    ("aggregate", "select sum(a) as c from t", "SELECT MAX(a) AS c FROM t"),
    ("aggregate", "select count(a) as c from t", "SELECT COUNT(*) AS c FROM t"),
    (
        "window",
        "select avg(a) over (order by d rows between 6 preceding and current row) as c from t",
        "SELECT AVG(a) OVER (ORDER BY d rows BETWEEN 7 preceding AND CURRENT ROW) AS c FROM t",
    ),
    (
        "window",
        "select sum(a) over (partition by b) as c from t",
        "SELECT SUM(a) OVER () AS c FROM t",
    ),
    ("order", "select a from t order by b, c limit 3", "SELECT a FROM t ORDER BY b LIMIT 3"),
    ("constant", "select a <= 60 as c from t", "SELECT a <= 61 AS c FROM t"),
    (
        "constant",
        "select a in ('x', 'y') as c from t",
        "SELECT a IN ('x') AS c FROM t",
    ),
    ("arithmetic", "select a - b as c from t", "SELECT (a + b) AS c FROM t"),
    (
        "date truncation",
        "select date_trunc('week', d) as c from t",
        "SELECT DATE_TRUNC('MONTH', d) AS c FROM t",
    ),
    ("union", "select a from t union all select b from u", "SELECT a FROM t"),
    (
        "union",
        "select a from t union all select b from u",
        "SELECT a FROM t UNION SELECT b FROM u",
    ),
    ("distinct", "select distinct a from t", "SELECT a FROM t"),
    ("column swap", "select a, b from t", "SELECT b AS a, a AS b FROM t"),
]

STAGED = """
with raw as (select * from "mutants"."raw"."tickets")
select ticket_id, minutes from raw where minutes >= 0
"""
COUNTED = """
with tickets as (select * from "mutants"."staging"."stg_tickets"),
final as (
    select
        count(*) as tickets_count,
        count(case when minutes <= 60 then 1 end) as fast_count,
        coalesce(count(*), 0) as same_count
    from tickets
)
select * from final
"""
FIXTURE = """
with __dbt__cte__stg_tickets as (select 'T1' as ticket_id, 60 as minutes),
tickets as (select * from __dbt__cte__stg_tickets),
final as (
    select
        count(*) as tickets_count,
        count(case when minutes <= 60 then 1 end) as fast_count,
        coalesce(count(*), 0) as same_count
    from tickets
)
select * from final
"""
SIXTY = Mutation("boundary", "final", "minutes <= 60", "minutes < 60")
NEVER_NULL = Mutation("null handling", "final", "COALESCE(COUNT(*), 0)", "COUNT(*)")
NEGATIVE = Mutation("filter", "query", "where minutes >= 0", "(no filter)")


@pytest.mark.parametrize(("operator", "sql", "expected"), EXAMPLES)
def test_an_operator_does_what_its_name_says(operator: str, sql: str, expected: str) -> None:
    tree = parse(sql)
    made = [mutated(tree, site) for site in sites(tree) if site.mutation.operator == operator]
    assert expected.lower() in [text.lower() for text in made]
    assert text_of(tree) == text_of(parse(sql)), "the tree is left as it was"


def test_every_operator_has_an_example() -> None:
    assert {operator for operator, _, _ in EXAMPLES} == set(OPERATORS)


@pytest.mark.parametrize(("macro", "before"), [constant[:2] for constant in CONSTANTS])
def test_every_constant_stands_in_its_macro(macro: str, before: str) -> None:
    """The survey itself would only notice after all models, minutes later."""
    bodies = [
        body
        for path in (PROJECT / "macros").rglob("*.sql")
        for body in re.findall(
            rf"macro {macro}\((.*?)endmacro", path.read_text(encoding="utf-8"), re.DOTALL
        )
    ]
    assert [before in body for body in bodies] == [True]


def test_fixtures_of_unit_tests_are_left_alone() -> None:
    places = {site.mutation.place for site in sites(parse(FIXTURE))}
    assert places == {"final"}


def test_equal_changes_are_told_apart() -> None:
    tree = parse("select a < 1 as c, a < 1 as d from t")
    numbers = [one.mutation.number for one in sites(tree) if one.mutation.operator == "boundary"]
    assert numbers == [1, 2]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Two models over three raw rows, one of them negative, with one test of each kind."""
    database = tmp_path / f"{CATALOG}.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create schema raw;
            create schema staging;
            create schema marts;
            create table raw.tickets as
            select * from (values ('T1', 10), ('T2', 90), ('T3', -1)) as tickets(ticket_id, minutes)
            """
        )
        connection.execute(f"create view staging.stg_tickets as {STAGED}")
        connection.execute(f"create table marts.fct_counts as {COUNTED}")
    staged = Model(
        "model.stg", "stg_tickets", "staging", '"mutants"."staging"."stg_tickets"', True, STAGED, ()
    )
    counted = Model(
        "model.fct",
        "fct_counts",
        "marts",
        '"mutants"."marts"."fct_counts"',
        False,
        COUNTED,
        ("model.stg",),
    )
    plan = Plan("sample", {model.unique_id: model for model in (staged, counted)})
    plan.unit_tests.append(
        UnitTest(
            "fct_counts__sixty_minutes_are_fast",
            "model.fct",
            FIXTURE,
            "select fast_count, 'actual' as side from (",
            ") as actual union all select 1 as fast_count, 'expected' as side",
        )
    )
    plan.data_tests.append(
        DataTest(
            "two_tickets",
            'select * from "mutants"."marts"."fct_counts" where tickets_count <> 2',
            "count(*)",
            ("model.fct",),
        )
    )
    return Bench(plan, database)


def test_a_unit_test_kills_at_its_boundary(bench: Bench) -> None:
    verdict = judge(Path(), [bench], bench.plan.models["model.fct"], SIXTY)
    assert (verdict.status, verdict.by) == ("unit test", "fct_counts__sixty_minutes_are_fast")


def test_a_data_test_kills_downstream_and_nothing_stays_behind(bench: Bench) -> None:
    for _ in range(2):
        verdict = judge(Path(), [bench], bench.plan.models["model.stg"], NEGATIVE)
        assert (verdict.status, verdict.by) == ("data test", "two_tickets")
        assert bench.query('select tickets_count from "mutants"."marts"."fct_counts"') == [(2,)]


def test_an_equivalent_mutant_survives(bench: Bench) -> None:
    verdict = judge(Path(), [bench], bench.plan.models["model.fct"], NEVER_NULL)
    assert verdict.status == "survived" and not verdict.changes


def test_without_its_test_the_mutant_survives(bench: Bench) -> None:
    bench.plan.unit_tests.clear()
    verdict = judge(Path(), [bench], bench.plan.models["model.fct"], SIXTY)
    assert verdict.status == "survived"


def test_the_choice_is_the_same_each_time_and_builds(bench: Bench) -> None:
    model = bench.plan.models["model.fct"]
    first = choose(bench, model, 4, 7, ())
    assert first == choose(bench, model, 4, 7, ())
    assert len({mutation.operator for mutation in first}) > 2
    assert choose(bench, model, 9, 7, ["boundary"]) == [SIXTY]


def survey_of(bench: Bench, folder: Path, *entries: tuple[str, str]) -> Survey:
    lines = [
        f"- model: {model}\n  mutation: '{mutation}'\n  reason: Counts are never null.\n"
        for model, mutation in entries
    ]
    (folder / EQUIVALENTS).parent.mkdir(exist_ok=True)
    (folder / EQUIVALENTS).write_text("".join(lines), encoding="utf-8")
    return survey(folder, [bench], models=["fct_counts"], operators=["boundary", "null handling"])


def test_a_survivor_is_unexplained_until_it_is_on_the_list(bench: Bench, tmp_path: Path) -> None:
    assert [one.mutation for one in survey_of(bench, tmp_path).unexplained] == [NEVER_NULL]
    found = survey_of(bench, tmp_path, ("fct_counts", str(NEVER_NULL)))
    assert (found.unexplained, found.stale, found.kill_rate) == ([], [], 1.0)
    written = report(found, [], "python scripts/mutate.py")
    assert "2 mutants: 1 killed (1 by a unit test" in written
    assert "Counts are never null." in written
    assert "1 of 1 models come out unchanged" in written


def test_stale_entries_of_the_list_are_named(bench: Bench, tmp_path: Path) -> None:
    found = survey_of(
        bench,
        tmp_path,
        ("fct_counts", str(SIXTY)),
        ("fct_counts", "filter in final: where a -> (no filter)"),
        ("fct_gone", "x"),
    )
    killed, gone, no_model = found.stale
    assert "unit test" in killed and "no such mutation" in gone and "no such model" in no_model


def test_a_broken_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.yml"
    path.write_text("- model: fct_tickets\n", encoding="utf-8")
    with pytest.raises(UserError, match="entry 1 needs model, mutation and reason"):
        read_equivalents(path)


def test_unknown_names_end_with_what_there_is(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model fct_none"):
        survey(tmp_path, [bench], models=["fct_none"])
    with pytest.raises(UserError, match="no operator joins"):
        survey(tmp_path, [bench], operators=["joins"])


def test_a_mutant_is_one_line(bench: Bench) -> None:
    model = bench.plan.models["model.fct"]
    mutant = Mutant(model.name, model.layer, SIXTY, judge(Path(), [bench], model, SIXTY))
    assert str(mutant) == (
        "fct_counts: boundary in final: minutes <= 60 -> minutes < 60: "
        "killed by unit test fct_counts__sixty_minutes_are_fast"
    )


def test_the_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--models", "--operators", "--limit", "--seed"))
