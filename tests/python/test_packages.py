"""The installer of dbt packages, and the stand-ins that it puts in place without a hub.

The stand-ins are held to three things: the project calls each of them and nothing else
(usage), each gives the result that the packages' documentation states (expectations written by
hand), and each gives the result of the real package wherever that is present (parity). Parity
needs the real dbt_utils, dbt_expectations and dbt_date side by side in one folder: the project's
dbt_packages when the hub filled it, or the folder that DBT_REAL_PACKAGES_DIR names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

from support_analytics import packages  # noqa: E402
from support_analytics.packages import Origin, PackagesError  # noqa: E402

STANDINS = PROJECT / packages.STANDINS_FOLDER
PACKAGE_NAMES = ("dbt_utils", "dbt_expectations")

# --- What the project calls -----------------------------------------------------------------

CALL = re.compile(r"\b(dbt_utils|dbt_expectations)\.([A-Za-z]\w*)")
COMMENTS = {
    ".sql": re.compile(r"{#.*?#}|--[^\n]*", re.DOTALL),
    ".yml": re.compile(r"(?m)(?:^|\s)#.*$"),
    ".yaml": re.compile(r"(?m)(?:^|\s)#.*$"),
}


def calls_in(text: str, suffix: str) -> set[tuple[str, str]]:
    """(package, macro) pairs that a SQL or YAML text calls; comments do not count."""
    code = COMMENTS[suffix].sub("", text)
    return set(CALL.findall(code))


def project_calls(project: Path) -> set[tuple[str, str]]:
    """(package, macro) pairs that the project's dbt files call, wherever dbt reads them."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    kinds = ("model", "test", "macro", "seed", "snapshot", "analysis")
    folders = [project / name for kind in kinds for name in settings.get(f"{kind}-paths", [])]
    return {
        call
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in COMMENTS and PROJECT / "tests" / "python" not in path.parents
        for call in calls_in(path.read_text(encoding="utf-8"), path.suffix)
    }


def standin_calls() -> set[tuple[str, str]]:
    """Calls between stand-ins: a helper counts as used when a stand-in calls it."""
    return {
        call
        for path in STANDINS.rglob("*.sql")
        for call in calls_in(path.read_text(encoding="utf-8"), ".sql")
    }


def offered() -> set[tuple[str, str]]:
    return {
        (name, macro)
        for name in PACKAGE_NAMES
        for macro in packages.standin_macros(STANDINS / name)
    }


def test_calls_are_found_in_every_form() -> None:
    sql = "{{ dbt_utils.star(x) }} -- dbt_utils.no\n{# dbt_utils.no #} {% do dbt_utils.group_by %}"
    yml = "- dbt_expectations.expect_a:\n- test_name: dbt_utils.b\n# dbt_utils.no\n- dbt_utils.c\n"
    assert calls_in(sql, ".sql") == {("dbt_utils", "star"), ("dbt_utils", "group_by")}
    assert calls_in(yml, ".yml") == {
        ("dbt_expectations", "expect_a"),
        ("dbt_utils", "b"),
        ("dbt_utils", "c"),
    }


def test_every_package_macro_that_the_project_calls_has_a_standin() -> None:
    missing = sorted(".".join(call) for call in project_calls(PROJECT) - offered())
    assert not missing, f"write stand-ins under package_standins/ for {missing}"


def test_every_standin_is_called_by_the_project() -> None:
    unused = sorted(".".join(call) for call in offered() - project_calls(PROJECT) - standin_calls())
    assert not unused, f"nothing calls {unused}: delete the stand-ins and their cases here"


# --- The same tests on the same rows, by stand-in and by package ------------------------------

RELATIONS = {
    # Two teams and rows without a team; nulls in every column but the id.
    "tickets": """
        select * from (values
            (1, 'a', 'email', 1, 1, 2, 'TK-1', 'x'),
            (2, 'a', 'email', 5, 2, 2, 'TK-22', 'x'),
            (3, 'a', 'chat', 10, 3, 1, 'tk-3', 'y'),
            (4, 'b', 'chat', null, null, 1, 'new TK-4', 'x'),
            (5, 'b', null, 0, 4, null, null, null),
            (6, 'b', null, 11, 5, 9, 'fish', 'y'),
            (7, null, 'email', 3, 6, 7, 'TK-7', 'x'),
            (8, null, null, 3, 7, 7, '', null)
        ) as t (ticket_id, team, channel, score, low, high, code, "group")
    """,
    # As many rows of team a as in tickets, one fewer of b, one of a team that tickets lacks.
    # By squad, as many rows of a and of b as in tickets.
    "agents": """
        select * from (values
            (1, 'a', 'a', true), (2, 'a', 'a', true), (3, 'a', 'a', false),
            (4, 'b', 'b', true), (5, 'b', 'b', true), (90, 'c', 'b', false)
        ) as t (agent_id, team, squad, is_active)
    """,
    "tickets_again": "select * from {{ ref('tickets') }}",
    "tickets_twice": """
        select * from {{ ref('tickets') }} union all select * from {{ ref('tickets') }}
    """,
    "nothing": "select * from {{ ref('tickets') }} where 1 = 0",
    "nulls": "select ticket_id, cast(null as integer) as score from {{ ref('tickets') }}",
}


@dataclass(frozen=True)
class Case:
    """One generic test on one relation, and the number of failures that it must report."""

    test: str
    failures: int
    arguments: dict[str, Any]
    column: str | None = None
    on: str = "tickets"
    where: str | None = None

    @property
    def package(self) -> str:
        return "dbt_expectations" if self.test.startswith("expect_") else "dbt_utils"

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        place = self.on if self.column is None else f"{self.on}.{self.column}"
        return f"{self.test} on {place}{f' where {self.where}' if self.where else ''} ({given})"


def case(test: str, failures: int, target: str = "tickets", **arguments: Any) -> Case:
    """A case on a relation ("tickets") or a column ("tickets.score"); where is dbt's config."""
    relation, _, column = target.partition(".")
    where = arguments.pop("where", None)
    return Case(test, failures, arguments, column or None, relation, where)


UNIQUE = "unique_combination_of_columns"
EXPRESSION = "expression_is_true"
RANGE = "accepted_range"
ROWCOUNT = "equal_rowcount"
RELATIONSHIPS = "relationships_where"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
A_OVER_B = "expect_column_pair_values_A_to_be_greater_than_B"
REGEX = "expect_column_values_to_match_regex"
SAME_COUNT = "expect_table_row_count_to_equal_other_table"
COUNT_BETWEEN = "expect_table_row_count_to_be_between"
SUM = "expect_multicolumn_sum_to_equal"

AGENTS = "ref('agents')"
AGAIN = "ref('tickets_again')"
TWICE = "ref('tickets_twice')"

CASES = [
    case(UNIQUE, 0, combination_of_columns=["ticket_id"]),
    case(UNIQUE, 0, combination_of_columns=["ticket_id", "team"]),
    # Nulls are values: two tickets of team b without a channel are a duplicate.
    case(UNIQUE, 2, combination_of_columns=["team", "channel"]),
    case(UNIQUE, 1, combination_of_columns=["team", "channel"], where="team = 'a'"),
    case(UNIQUE, 1, combination_of_columns=["team", "group"], quote_columns=True),
    case(UNIQUE, 0, "nothing", combination_of_columns=["team"]),
    case(EXPRESSION, 0, expression="ticket_id > 0"),
    case(EXPRESSION, 1, expression="low <= high"),
    case(EXPRESSION, 3, expression="low < high"),
    case(EXPRESSION, 0, expression="low < high", where="team = 'b'"),
    case(EXPRESSION, 0, expression="low <= high or ticket_id = 3"),
    case(EXPRESSION, 1, "tickets.score", expression=">= 1"),
    case(EXPRESSION, 1, "tickets.score", expression="between 0 and 10"),
    case(EXPRESSION, 1, "tickets.score", expression="is not null"),
    case(RANGE, 0, "tickets.score", min_value=0, max_value=11),
    case(RANGE, 1, "tickets.score", min_value=1),
    case(RANGE, 2, "tickets.score", min_value=1, inclusive=False),
    case(RANGE, 1, "tickets.score", min_value=0, inclusive=False),
    case(RANGE, 1, "tickets.score", max_value=10),
    case(RANGE, 2, "tickets.score", max_value=10, inclusive=False),
    case(RANGE, 2, "tickets.score", min_value=0, max_value="ticket_id + 4"),
    case(RANGE, 1, "tickets.low", max_value="high"),
    case(RANGE, 1, "tickets.score", max_value=9, where="team = 'b'"),
    case(RANGE, 0, "nothing.score", min_value=1),
    case(RANGE, 0, "tickets.score"),
    case(ROWCOUNT, 0, compare_model=AGAIN),
    case(ROWCOUNT, 2, compare_model=AGENTS),
    case(ROWCOUNT, 8, compare_model=TWICE),
    # The package lets a relation without rows pass, and groups that one side lacks or that a null
    # names. On two relations without rows it ends in an error, so that is not a case here.
    case(ROWCOUNT, 0, "nothing", compare_model=AGAIN),
    case(ROWCOUNT, 0, compare_model=AGAIN, group_by_columns=["ticket_id"]),
    case(ROWCOUNT, 0, compare_model=AGAIN, group_by_columns=["team"], where="team is not null"),
    case(ROWCOUNT, 0, compare_model=AGAIN, group_by_columns=["team"]),
    case(ROWCOUNT, 6, compare_model=TWICE, group_by_columns=["team"]),
    case(ROWCOUNT, 1, compare_model=AGENTS, group_by_columns=["team"]),
    case(ROWCOUNT, 1, "agents", compare_model="ref('tickets')", group_by_columns=["team"]),
    case(RELATIONSHIPS, 3, "tickets.ticket_id", to=AGENTS, field="agent_id"),
    case(
        RELATIONSHIPS,
        4,
        "tickets.ticket_id",
        to=AGENTS,
        field="agent_id",
        to_condition="is_active",
    ),
    case(
        RELATIONSHIPS,
        1,
        "tickets.ticket_id",
        to=AGENTS,
        field="agent_id",
        from_condition="team = 'b'",
    ),
    case(
        RELATIONSHIPS,
        0,
        "tickets.ticket_id",
        to=AGENTS,
        field="agent_id",
        from_condition="ticket_id <= 5 or ticket_id = 90",
    ),
    case(RELATIONSHIPS, 0, "tickets.team", to=AGENTS, field="team"),
    # The condition follows an `and` without brackets, so that this one lets a null through.
    case(
        RELATIONSHIPS,
        1,
        "tickets.team",
        to=AGENTS,
        field="team",
        from_condition="team = 'a' or ticket_id = 7",
    ),
    case(
        RELATIONSHIPS,
        0,
        "tickets.team",
        to=AGENTS,
        field="team",
        from_condition="(team = 'a' or ticket_id = 7)",
    ),
    case(RELATIONSHIPS, 3, "tickets.team", to=AGENTS, field="team", to_condition="team <> 'b'"),
    case(
        RELATIONSHIPS,
        0,
        "tickets.ticket_id",
        to=AGENTS,
        field="agent_id",
        from_condition="ticket_id = 1 or ticket_id = 2",
    ),
    case(
        RELATIONSHIPS,
        6,
        "tickets.ticket_id",
        to=AGENTS,
        field="agent_id",
        to_condition="agent_id = 1 or agent_id = 2",
    ),
    case(BETWEEN, 0, "tickets.score", min_value=0, max_value=11),
    case(BETWEEN, 1, "tickets.score", min_value=1),
    case(BETWEEN, 2, "tickets.score", min_value=1, strictly=True),
    case(BETWEEN, 1, "tickets.score", min_value=0, strictly=True),
    case(BETWEEN, 1, "tickets.score", max_value=10),
    case(BETWEEN, 2, "tickets.score", max_value=10, strictly=True),
    case(BETWEEN, 2, "tickets.score", min_value=1, max_value=10, row_condition="team = 'b'"),
    case(BETWEEN, 2, "tickets.score", max_value="ticket_id + 4"),
    case(BETWEEN, 0, "nothing.score", min_value=1),
    case(BETWEEN, 1, "tickets.score", min_value=2, row_condition="team = 'a' or team = 'c'"),
    case(BETWEEN, 0, "tickets.score", min_value=2, row_condition="ticket_id = 2 or ticket_id = 3"),
    case(BETWEEN, 0, "tickets.score", max_value=5, where="ticket_id = 2 or ticket_id = 1"),
    # A null is not in the set.
    case(IN_SET, 3, "tickets.channel", value_set=["email", "chat"]),
    case(IN_SET, 5, "tickets.channel", value_set=["email"]),
    case(IN_SET, 1, "tickets.channel", value_set=["email"], row_condition="team = 'a'"),
    case(IN_SET, 3, "tickets.score", value_set=[0, 1, 5, 10, 11], quote_values=False),
    case(IN_SET, 3, "tickets.score", value_set=[0, 1, 5, 10, 11]),
    case(
        IN_SET,
        3,
        "tickets.channel",
        value_set=["email"],
        row_condition="team = 'a' or low = 4 or high = 7",
    ),
    case(IN_SET, 0, "tickets.channel", value_set=["email", "chat"], where="channel is not null"),
    case(A_OVER_B, 3, column_A="high", column_B="low"),
    case(A_OVER_B, 1, column_A="high", column_B="low", or_equal=True),
    case(A_OVER_B, 2, column_A="high", column_B="low", row_condition="team = 'a'"),
    case(
        A_OVER_B, 0, column_A="high", column_B="low", row_condition="ticket_id = 1 or ticket_id = 6"
    ),
    case(REGEX, 3, "tickets.code", regex="TK-[0-9]+"),
    case(REGEX, 4, "tickets.code", regex="^TK-[0-9]+$"),
    case(REGEX, 2, "tickets.code", regex="TK-[0-9]+", flags="i"),
    case(REGEX, 3, "tickets.code", regex=r"TK-\d", is_raw=True),
    case(REGEX, 3, "tickets.code", regex=r"TK-\d"),
    case(REGEX, 2, "tickets.code", regex="TK-[0-9]+", row_condition="code <> ''"),
    case(REGEX, 0, "tickets.code", regex="TK", row_condition="ticket_id = 2 or ticket_id = 1"),
    case(SAME_COUNT, 0, compare_model=AGAIN),
    case(SAME_COUNT, 1, compare_model=AGENTS),
    case(SAME_COUNT, 1, compare_model=TWICE),
    case(SAME_COUNT, 0, "tickets_twice", compare_model="ref('tickets')", factor=2),
    case(SAME_COUNT, 1, "tickets_twice", compare_model="ref('tickets')", factor=3),
    case(SAME_COUNT, 1, "nothing", compare_model=AGAIN),
    case(SAME_COUNT, 0, "nothing", compare_model="ref('nothing')"),
    case(SAME_COUNT, 0, compare_model=AGAIN, group_by=["ticket_id"]),
    # The group without a team matches nothing, so each side counts it as missing on the other.
    case(SAME_COUNT, 2, compare_model=AGAIN, group_by=["team"]),
    case(SAME_COUNT, 3, compare_model=AGENTS, group_by=["team"]),
    case(SAME_COUNT, 1, compare_model=AGENTS, group_by=["team"], compare_group_by=["squad"]),
    case(
        SAME_COUNT,
        1,
        compare_model=AGENTS,
        row_condition="team = 'a'",
        compare_row_condition="team = 'b'",
    ),
    case(
        SAME_COUNT,
        0,
        compare_model=AGENTS,
        row_condition="team = 'a'",
        compare_row_condition="team = 'a' or agent_id = 0",
    ),
    # The compared relation takes the model's condition, and its groups, unless it has its own.
    case(SAME_COUNT, 0, compare_model=AGENTS, row_condition="team = 'a'"),
    case(SAME_COUNT, 0, compare_model=TWICE, factor=0.5),
    case(
        SAME_COUNT,
        0,
        compare_model=TWICE,
        factor=0.5,
        group_by=["team"],
        row_condition="team = 'a' or team = 'b'",
    ),
    case(SAME_COUNT, 2, compare_model=AGENTS, group_by=["team"], where="team is not null"),
    case(COUNT_BETWEEN, 0, min_value=1, max_value=8),
    case(COUNT_BETWEEN, 1, max_value=7),
    case(COUNT_BETWEEN, 1, min_value=9),
    case(COUNT_BETWEEN, 1, min_value=8, strictly=True),
    case(COUNT_BETWEEN, 0, min_value=7, max_value=9, strictly=True),
    case(COUNT_BETWEEN, 1, min_value=3, group_by=["team"]),
    case(COUNT_BETWEEN, 2, max_value=2, group_by=["team"]),
    case(COUNT_BETWEEN, 4, min_value=2, group_by=["team", "channel"]),
    case(COUNT_BETWEEN, 0, max_value=3, row_condition="team = 'a' or ticket_id = 0"),
    case(COUNT_BETWEEN, 1, "nothing", min_value=1),
    case(COUNT_BETWEEN, 0, "nothing", min_value=0, strictly=False),
    case(COUNT_BETWEEN, 0, "nothing", min_value=1, group_by=["team"]),
    case(COUNT_BETWEEN, 1, max_value=2, where="team = 'b'"),
    # Rows without a single value do not count: two tickets have neither channel nor group.
    case(SUM, 0, column_list=["low", "high"], sum_total=57),
    case(SUM, 1, column_list=["low", "high"], sum_total=56),
    case(SUM, 0, column_list=["low", "high"], sum_total=11, row_condition="team = 'a'"),
    case(SUM, 2, column_list=["low", "high"], sum_total=11, group_by=["team"]),
    # A null sum is neither equal nor different.
    case(SUM, 0, column_list=["low", "high"], sum_total=1, row_condition="ticket_id = 4"),
    case(SUM, 0, column_list=["low", "high"], sum_total=2, row_condition="ticket_id = 4"),
    case(SUM, 0, "nothing", column_list=["low", "high"], sum_total=1),
    case(SUM, 1, column_list=["low", "high"], sum_total=11, where="team = 'b'"),
]


def write_project(folder: Path, packages_folder: Path, cases: list[Case]) -> None:
    """A dbt project of the relations above with one test a case, on a DuckDB file of its own."""
    files: dict[str, object] = {
        "dbt_project.yml": {
            "name": "standin_cases",
            "version": "1.0.0",
            "config-version": 2,
            "profile": "standin_cases",
            "packages-install-path": str(packages_folder),
            "flags": {
                "send_anonymous_usage_stats": False,
                "require_generic_test_arguments_property": True,
            },
            "vars": {"dbt_date:time_zone": "UTC"},
            "models": {"+materialized": "table"},
            "data_tests": {"+store_failures": True, "+severity": "warn"},
        },
        "profiles.yml": {
            "standin_cases": {
                "target": "duckdb",
                "outputs": {
                    "duckdb": {"type": "duckdb", "path": str(folder / "cases.db"), "threads": 4}
                },
            }
        },
        "packages.yml": yaml.safe_load((PROJECT / packages.PACKAGES_FILE).read_text()),
        "models/_models.yml": {"models": [models_entry(name, cases) for name in RELATIONS]},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    for name, sql in RELATIONS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)


def models_entry(relation: str, cases: list[Case]) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {}
    relation_tests: list[Any] = []
    for number, one in enumerate(cases):
        if one.on != relation:
            continue
        properties: dict[str, Any] = {"name": f"case_{number:03}", "arguments": one.arguments}
        if one.where:
            properties["config"] = {"where": one.where}
        tests = columns.setdefault(one.column, []) if one.column else relation_tests
        tests.append({f"{one.package}.{one.test}": properties})
    return {
        "name": relation,
        "data_tests": relation_tests,
        "columns": [{"name": name, "data_tests": tests} for name, tests in columns.items()],
    }


def run_cases(folder: Path, packages_folder: Path, cases: list[Case]) -> list[int | str]:
    """The number of failures that each case reports, or the error that it ends with."""
    folder.mkdir()
    write_project(folder, packages_folder, cases)
    run = run_dbt(folder, "build")
    results_file = folder / "target" / "run_results.json"
    assert results_file.is_file(), run.stdout + run.stderr
    results = {
        result["unique_id"].split(".")[2]: result
        for result in json.loads(results_file.read_text())["results"]
    }
    return [
        results[name]["message"]
        if results[name]["status"] == "error"
        else results[name]["failures"]
        for name in (f"case_{number:03}" for number in range(len(cases)))
    ]


def run_dbt(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("DBT_")}
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *command],
        cwd=folder,
        env=environment | {"DBT_PROFILES_DIR": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def standin_results(tmp_path_factory: pytest.TempPathFactory) -> list[int | str]:
    return run_cases(tmp_path_factory.mktemp("standins") / "project", STANDINS, CASES)


@pytest.fixture
def real_packages() -> Path:
    """The folder with the real packages, if this machine has one."""
    named = os.environ.get("DBT_REAL_PACKAGES_DIR")
    folder = Path(named) if named else PROJECT / packages.INSTALL_FOLDER
    if packages.holds_real_packages(folder, [*PACKAGE_NAMES, "dbt_date"]):
        return folder
    needed = f"{folder} has no real dbt_utils, dbt_expectations and dbt_date"
    if named:
        pytest.fail(f"DBT_REAL_PACKAGES_DIR: {needed}")
    pytest.skip(f"{needed}: install them from the hub or name a folder in DBT_REAL_PACKAGES_DIR")


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(str, CASES))
def test_standin_gives_the_documented_result(number: int, standin_results: list[int | str]) -> None:
    assert standin_results[number] == CASES[number].failures


def test_packages_give_the_same_results(
    real_packages: Path, standin_results: list[int | str], tmp_path: Path
) -> None:
    real_results = run_cases(tmp_path / "project", real_packages, CASES)
    differences = [
        f"{one}: package {real}, stand-in {standin}"
        for one, real, standin in zip(CASES, real_results, standin_results, strict=True)
        if real != standin
    ]
    assert not differences, "\n".join(differences)


def test_packages_take_the_same_arguments(real_packages: Path) -> None:
    tests = sorted({(one.package, one.test) for one in CASES})
    ours = {test: arguments_of(STANDINS, *test) for test in tests}
    theirs = {test: arguments_of(real_packages, *test) for test in tests}
    assert ours == theirs


def arguments_of(packages_folder: Path, package: str, test: str) -> list[str] | None:
    """Argument names of a generic test in its order, or None when its definition lists none."""
    definition = re.compile(r"{%-?\s*test\s+" + test + r"\s*\((.*?)\)\s*-?%}", re.DOTALL)
    texts = (p.read_text() for p in (packages_folder / package / "macros").rglob("*.sql"))
    found = next((match for match in map(definition.search, texts) if match), None)
    if found is None:
        return None
    without_defaults = re.sub(r"=\s*('[^']*'|\[\]|[^,]+)", "", found.group(1))
    return [name.strip() for name in without_defaults.split(",")]


def test_every_standin_test_has_passing_and_failing_cases() -> None:
    helpers = standin_calls()
    for package, macro in sorted(offered() - helpers):
        outcomes = {bool(c.failures) for c in CASES if (c.package, c.test) == (package, macro)}
        assert outcomes == {True, False}, f"{package}.{macro} needs passing and failing cases"
    assert {(c.package, c.test) for c in CASES} <= offered(), "a case has no stand-in: delete it"


def test_standins_parse_without_a_warning(tmp_path: Path) -> None:
    write_project(tmp_path, STANDINS, CASES)
    run = run_dbt(tmp_path, "--warn-error", "parse")
    assert run.returncode == 0, run.stdout


def test_a_range_without_bounds_is_refused(tmp_path: Path) -> None:
    write_project(tmp_path, STANDINS, [case(BETWEEN, 0, "tickets.score")])
    run = run_dbt(tmp_path, "parse")
    assert run.returncode != 0
    assert "no bound for score: give min_value, max_value or both" in run.stdout


# --- The installer ----------------------------------------------------------------------------

INSTALLER = PROJECT / "scripts" / "install_packages.py"
PINS = {"dbt-labs/dbt_utils": "1.4.1", "metaplane/dbt_expectations": "0.10.9"}
DELIVERED = [*PINS, "godatadriven/dbt_date"]

# Stands in for the dbt executable: a hub that delivers, dbt's words for one that does not answer.
FAKE_DBT = """
import sys
from pathlib import Path
outcome = {outcome!r}
if outcome == "never called":
    Path({project!r}, "called").touch()
elif outcome != "delivers":
    sys.exit("03:10:01  Encountered an error:\\n03:10:01  " + outcome)
lock = ["packages:"]
for package in {delivered!r}:
    name = package.split("/")[1]
    folder = Path("dbt_packages", name)
    Path(folder, "macros").mkdir(parents=True)
    Path(folder, "macros", "a.sql").touch()
    (folder / "dbt_project.yml").write_text("name: " + name + "\\nversion: 0.1.0\\n")
    lock += ["- package: " + package, "  version: " + {pins!r}.get(package, "0.21.0")]
Path("package-lock.yml").write_text("\\n".join(lock))
"""
UNREACHABLE = f"{packages.UNREACHABLE_MARK}: HTTPSConnectionPool(host='hub'): Max retries exceeded"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_packages_file(tmp_path, PINS)
    shutil.copytree(STANDINS, tmp_path / packages.STANDINS_FOLDER)
    return tmp_path


def write_packages_file(project: Path, pins: dict[str, str]) -> None:
    entries = [{"package": package, "version": version} for package, version in pins.items()]
    (project / packages.PACKAGES_FILE).write_text(yaml.safe_dump({"packages": entries}))


def dbt_that(project: Path, outcome: str, pins: dict[str, str] | None = None) -> list[str]:
    """A dbt whose deps "delivers", is "never called", or fails with the outcome as message."""
    script = project.parent / f"{project.name}_fake_dbt.py"
    script.write_text(
        FAKE_DBT.format(
            outcome=outcome, project=str(project), delivered=DELIVERED, pins=pins or PINS
        )
    )
    return [sys.executable, str(script)]


def run_installer(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, with a hub address at which nothing listens."""
    return subprocess.run(
        [sys.executable, str(INSTALLER), "--project-dir", str(project), *options],
        env=os.environ | {"DBT_PACKAGE_HUB_URL": "http://127.0.0.1:9/", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
    )


def installed(project: Path) -> set[str]:
    return {path.name for path in (project / "dbt_packages").iterdir() if path.is_dir()}


def names_in(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}


def test_unreachable_hub_gives_one_line_and_standins_then_nothing_to_do(project: Path) -> None:
    first = run_installer(project)
    assert first.returncode == 0
    assert first.stderr == ""
    macro_count = len(offered())
    assert first.stdout == (
        "dbt package hub not reachable: using the project's stand-ins for dbt_utils and"
        f" dbt_expectations ({macro_count} macros)\n"
    )
    assert installed(project) == set(PACKAGE_NAMES)
    assert names_in(project) == {"packages.yml", "package_standins", "dbt_packages"}

    second = run_installer(project)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.count("\n") == 1
    assert "nothing to do" in second.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("packages: [", "packages.yml line 1 is not valid YAML"),
        ("", "packages.yml has no list under 'packages:'"),
        ("packages:\n", "packages.yml has no list under 'packages:'"),
        (
            "packages:\n  - package: a/b\n",
            "packages.yml line 2: {'package': 'a/b'} is not a pinned",
        ),
        ("packages:\n  - package: a/b\n    version: ['>1']\n", "is not a pinned package"),
        ("packages:\n  - local: ../x\n", "is not a pinned package"),
    ],
)
def test_malformed_packages_file_gives_one_line(project: Path, content: str, message: str) -> None:
    (project / packages.PACKAGES_FILE).write_text(content)
    run = run_installer(project)
    assert run.returncode == 1
    assert run.stdout == ""
    assert message in run.stderr
    assert run.stderr.count("\n") == 1


def test_hub_delivers_and_a_second_call_does_nothing(project: Path) -> None:
    packages.install(project, Origin.STANDINS)
    line = packages.install(project, Origin.HUB, dbt_that(project, "delivers"))
    assert line == "installed dbt_utils 1.4.1 and dbt_expectations 0.10.9 from the dbt package hub"
    assert installed(project) == {*PACKAGE_NAMES, "dbt_date"}
    assert packages.holds_real_packages(project / "dbt_packages", [*PACKAGE_NAMES, "dbt_date"])
    assert "package-lock.yml" not in names_in(project)

    for origin in (Origin.AUTO, Origin.HUB):
        line = packages.install(project, origin, dbt_that(project, "never called"))
        assert "nothing to do" in line
    assert "called" not in names_in(project)


def test_another_pinned_version_is_fetched(project: Path) -> None:
    packages.install(project, Origin.AUTO, dbt_that(project, "delivers"))
    newer = PINS | {"dbt-labs/dbt_utils": "1.5.0"}
    write_packages_file(project, newer)
    line = packages.install(project, Origin.AUTO, dbt_that(project, "delivers", newer))
    assert line.startswith("installed dbt_utils 1.5.0")


def test_another_pinned_version_without_a_hub_gives_standins(project: Path) -> None:
    packages.install(project, Origin.AUTO, dbt_that(project, "delivers"))
    write_packages_file(project, PINS | {"dbt-labs/dbt_utils": "1.5.0"})
    line = packages.install(project, Origin.AUTO, dbt_that(project, UNREACHABLE))
    assert line.startswith("dbt package hub not reachable: using the project's stand-ins")
    assert installed(project) == set(PACKAGE_NAMES)


def test_hub_option_fails_and_keeps_what_was_there(project: Path) -> None:
    packages.install(project, Origin.STANDINS)
    with pytest.raises(PackagesError, match=r"^dbt package hub not reachable: [^\n]*$"):
        packages.install(project, Origin.HUB, dbt_that(project, UNREACHABLE))
    assert installed(project) == set(PACKAGE_NAMES)


def test_another_failure_of_dbt_is_reported_and_gives_no_standins(project: Path) -> None:
    refusal = "Package dbt-labs/dbt_utils was not found in the package index"
    with pytest.raises(PackagesError, match=f"^dbt deps failed: {refusal}$"):
        packages.install(project, Origin.AUTO, dbt_that(project, refusal))
    assert names_in(project) == {"packages.yml", "package_standins"}


def test_packages_that_dbt_deps_itself_installed_are_left_alone(project: Path) -> None:
    fake_dbt = dbt_that(project, "delivers")
    subprocess.run(fake_dbt, cwd=project, check=True)
    line = packages.install(project, Origin.AUTO, dbt_that(project, "never called"))
    assert "nothing to do" in line

    (project / "package-lock.yml").unlink()
    line = packages.install(project, Origin.AUTO, dbt_that(project, UNREACHABLE))
    assert "keeping the dbt_utils and dbt_expectations found in dbt_packages" in line
    assert installed(project) == {*PACKAGE_NAMES, "dbt_date"}


def test_empty_package_folders_do_not_count_as_packages(project: Path) -> None:
    subprocess.run(dbt_that(project, "delivers"), cwd=project, check=True)
    for macro_file in (project / "dbt_packages").glob("*/macros/*.sql"):
        macro_file.unlink()
    line = packages.install(project, Origin.AUTO, dbt_that(project, UNREACHABLE))
    assert "using the project's stand-ins" in line


def test_changed_standins_are_put_in_place_again(project: Path) -> None:
    packages.install(project, Origin.STANDINS)
    source = project / packages.STANDINS_FOLDER / "dbt_utils" / "macros" / "new.sql"
    source.write_text("{% macro new() %}{% endmacro %}")
    assert packages.install(project, Origin.STANDINS).startswith("using the project's stand-ins")
    assert (project / "dbt_packages" / "dbt_utils" / "macros" / "new.sql").is_file()


def test_a_package_without_a_standin_is_named(project: Path) -> None:
    write_packages_file(project, PINS | {"owner/other_package": "1.0.0"})
    with pytest.raises(PackagesError, match=r"names other_package, which has no stand-in"):
        packages.install(project, Origin.AUTO, dbt_that(project, UNREACHABLE))


def test_a_failed_swap_keeps_what_was_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.install(project, Origin.AUTO, dbt_that(project, "delivers"))
    rename = Path.rename

    def rename_except_build(path: Path, target: Path) -> Path:
        if path.name == "dbt_packages" and path.parent != project:
            raise OSError("disk full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_except_build)
    with pytest.raises(OSError, match="disk full"):
        packages.install(project, Origin.STANDINS)
    assert installed(project) == {*PACKAGE_NAMES, "dbt_date"}
