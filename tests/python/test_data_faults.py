"""Faults in data, each with the test or the rejection that notices it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Build
from support_analytics.build import PROJECT
from support_analytics.data_faults import (
    RAW_FAULTS,
    REFUSED_FAULTS,
    TABLE_FAULTS,
    FaultBench,
    RawFault,
    RefusedFault,
    TableFault,
)


@pytest.fixture(scope="module")
def bench(sample_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultBench]:
    """A copy of the sample's database, and dbt's data tests compiled once."""
    made = FaultBench(PROJECT, sample_build.database, tmp_path_factory.mktemp("faults"))
    yield made
    made.close()


def named(fault: RawFault | RefusedFault | TableFault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", RAW_FAULTS, ids=named)
def test_a_faulty_row_is_rejected_with_its_reason(bench: FaultBench, fault: RawFault) -> None:
    assert bench.reasons(fault) == [fault.reasons]


@pytest.mark.parametrize("fault", REFUSED_FAULTS, ids=named)
def test_a_faulty_rule_is_refused_with_its_line(bench: FaultBench, fault: RefusedFault) -> None:
    assert fault.message in bench.refusal(fault)


@pytest.mark.parametrize("fault", TABLE_FAULTS, ids=named)
def test_a_faulty_table_fails_the_test_that_is_named(bench: FaultBench, fault: TableFault) -> None:
    assert not bench.fails(fault.caught_by), "fails without a fault"
    with bench.with_fault(fault.sql) as rows:
        assert rows, "nothing to make faulty in the sample"
        assert bench.fails(fault.caught_by)


def test_there_are_faults_of_many_kinds() -> None:
    faults = [*RAW_FAULTS, *REFUSED_FAULTS, *TABLE_FAULTS]
    assert len({fault.name for fault in faults}) == len(faults) >= 60
    assert len({fault.caught_by for fault in TABLE_FAULTS}) >= 30
