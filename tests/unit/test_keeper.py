"""One process kept as it is wanted, and what fails kept from the others."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
from django.db import OperationalError

from tre.workspace.keeper import Keeper, Plan


class Fake:
    """A process whose end is the test's to decide."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.told: list[str] = []

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")


class Bench:
    """A keeper with a clock of its own, and what it started."""

    def __init__(self) -> None:
        self.now = 0.0
        self.started: list[tuple[str, Fake]] = []
        self.keeper = Keeper("services of frailty", clock=lambda: self.now)

    def plan(self, version: str) -> Plan:
        return Plan(version, lambda: self.start(version))

    def start(self, version: str) -> Fake:
        self.started.append((version, Fake()))
        return self.started[-1][1]

    def keep(self, version: str | None) -> None:
        self.keeper.keep((lambda: self.plan(version)) if version else None)

    def fail(self, error: Exception) -> None:
        def plan() -> Plan:
            raise error

        self.keeper.keep(plan)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_is_started_once_and_ended_when_it_is_not_wanted(bench):
    for _ in range(3):
        bench.keep("1")
    assert [version for version, _ in bench.started] == ["1"]
    process = bench.started[0][1]
    for _ in range(3):
        bench.keep(None)
    assert process.told == ["terminate"]
    assert not bench.keeper.idle
    process.status = 0
    bench.keep(None)
    assert bench.keeper.idle


def test_what_does_not_end_when_asked_is_ended(bench):
    bench.keep("1")
    bench.keep(None)
    bench.now = 19
    bench.keep(None)
    assert bench.started[0][1].told == ["terminate"]
    bench.now = 21
    bench.keep(None)
    assert bench.started[0][1].told == ["terminate", "kill"]


def test_another_version_starts_when_the_one_before_has_ended(bench):
    bench.keep("1")
    for _ in range(2):
        bench.keep("2")
    assert [version for version, _ in bench.started] == ["1"]
    bench.started[0][1].status = 0
    bench.keep("2")
    assert [version for version, _ in bench.started] == ["1", "2"]


def test_what_keeps_ending_is_started_after_pauses_that_grow(bench):
    starts = []
    while bench.now < 40:
        bench.keep("1")
        if len(bench.started) > len(starts):
            starts.append(bench.now)
            bench.started[-1][1].status = 1
        bench.now += 0.5
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps == sorted(gaps)
    assert len(starts) <= 8
    assert gaps[0] <= 1 < 8 <= gaps[-1]


@pytest.mark.parametrize("error", [OSError(28, "disk full"), IsADirectoryError(), KeyError("uid"), ZeroDivisionError()])
def test_whatever_fails_is_logged_and_tried_again_later(bench, caplog, error):
    with caplog.at_level(logging.WARNING, "tre.workspace"):
        bench.fail(error)
        bench.fail(error)
        bench.fail(error)
    assert 1 <= len([record for record in caplog.records if record.exc_info]) <= 2
    bench.now = 120
    bench.keep("1")
    assert len(bench.started) == 1


def test_a_lost_database_is_no_failure_of_the_project(bench):
    with pytest.raises(OperationalError):
        bench.fail(OperationalError())
    bench.keep("1")
    assert len(bench.started) == 1
