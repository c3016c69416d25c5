"""A lost database is outlasted: told of once, waited for, and never mistaken for a bug."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection

from tests.factories import person
from tre.people.models import Account
from tre.runs import queue
from tre.runs.outage import Outage

pytestmark = pytest.mark.django_db(transaction=True)  # a lost connection is closed: no transaction may be around it


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def act() -> str:
        if left:
            raise left.pop()
        return "done"

    return act


@pytest.mark.parametrize("error", [OperationalError("host=db password=x"), InterfaceError("closed")])
def test_it_is_told_once_and_waited_for_longer_each_time(caplog, error):
    waited: list[float] = []
    patient, act = Outage(waited.append), failing(7, error)
    with caplog.at_level(logging.WARNING, "tre.runs"):
        results = [patient.outlast(act) for _ in range(9)]
    assert results == [None] * 7 + ["done"] * 2
    assert waited == [1, 2, 3, 5, 9, 16, 16]
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        f"The database does not answer ({type(error).__name__}); trying until it does.",
        "The database answers again.",
    ]


def test_it_waits_anew_after_the_next_outage():
    waited: list[float] = []
    patient = Outage(waited.append)
    for _ in range(2):
        act = failing(2, OperationalError())
        while patient.outlast(act) is None:
            pass
    assert waited == [1, 2, 1, 2]


@pytest.mark.parametrize("error", [ProgrammingError("a bug"), ZeroDivisionError()])
def test_a_bug_passes(error):
    with pytest.raises(type(error)):
        Outage(lambda seconds: None).outlast(failing(1, error))


class _Over(Exception):
    """Ends a loop that has no end."""


def test_the_worker_goes_on_after_its_database_was_lost(monkeypatch):
    rounds = iter([OperationalError("gone"), InterfaceError("gone"), True, True, _Over()])

    def once(*, slow: bool | None) -> bool:
        met = next(rounds)
        if isinstance(met, Exception):
            raise met
        return met

    monkeypatch.setattr(queue, "work_once", once)
    monkeypatch.setattr(queue, "Outage", lambda: Outage(lambda seconds: None))
    with pytest.raises(_Over):
        queue.work_forever(pause=0)
    assert list(rounds) == []


def test_a_lease_is_renewed_after_the_database_was_lost(monkeypatch):
    stop, renewals = threading.Event(), iter([OperationalError("gone"), None])

    def update(**changes: object) -> None:
        met = next(renewals, stop)
        if met is stop:
            stop.set()
        elif met is not None:
            raise met

    job = SimpleNamespace(objects=SimpleNamespace(filter=lambda **asked: SimpleNamespace(update=update)))
    monkeypatch.setattr(queue, "Job", job)
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.03))
    queue._keep_lease(1, "lease", stop)
    assert list(renewals) == []
    assert stop.is_set()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is a file: there is no server to lose")
def test_a_connection_that_broke_is_made_anew():
    person("ann", "researcher")

    def lose_and_ask() -> int:
        connection.ensure_connection()
        connection.connection.close()  # as when the server starts anew
        return Account.objects.count()

    patient = Outage(lambda seconds: None)
    assert patient.outlast(lose_and_ask) is None
    assert patient.outlast(Account.objects.count) == 1
