"""Twenty checkers who click at once, an author who withdraws meanwhile, workers who release the same: one outcome."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.airlock import SAFE, events, inspected, open_study, quick_inspection, state, vote
from tests.factories import as_seen_now, person
from tre.airlock import assignments, jobs, reviews, services
from tre.airlock.deciding import Vote
from tre.airlock.models import Assignment, Release, Request, Review
from tre.audit.services import verify
from tre.config.options import load
from tre.errors import Refused
from tre.runs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = [f"checker-{n}" for n in range(20)]


@pytest.fixture
def made(monkeypatch) -> Request:
    quick_inspection(monkeypatch)
    request = inspected(open_study(), ("a.csv", SAFE), ("b.csv", SAFE))
    for name in CROWD:
        person(name, "output_checker")
    return request


def at_once(acts: list[Callable[[], Any]]) -> list[bool]:
    """Do all of it in the same moment, and return which was not refused."""
    meet = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> bool:
        try:
            meet.wait(timeout=60)
            act()
        except Refused:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def _release(made: Request) -> None:
    """Release as a worker does: a run that meets another's files on its way fails, and is tried again."""
    with suppress(OSError):
        jobs.release_request({"request": made.pk})


def test_of_twenty_who_approve_at_once_two_are_counted_and_it_is_released_once(made):
    acts = [lambda who=who: vote(made, who) for who in CROWD]
    assert sum(at_once(acts)) == 2
    assert state(made) == "approved"
    assert Review.objects.filter(request=made, handed_in__isnull=False).count() == 2
    assert Assignment.objects.filter(request=made).count() == 2
    assert Job.objects.filter(kind="airlock.release").count() == 1
    at_once([lambda: _release(made)] * 4)
    _release(made)  # whoever lost finds it done
    assert state(made) == "released"
    (release,) = Release.objects.filter(request=made)
    left = load().path("release", release.identity)
    assert sorted(path.name for path in left.iterdir()) == ["RELEASE.json", "a.csv", "b.csv"]
    assert {(left / name).read_bytes() for name in ("a.csv", "b.csv")} == {SAFE}
    for once in ("airlock.approved", "airlock.release_began", "airlock.released"):
        assert events(made).count(once) == 1
    verify()


def test_whatever_a_crowd_does_no_more_review_than_there_are_places(made):
    a, b = made.held()

    def rest(who: str) -> None:
        reviews.save_vote(made.pk, as_seen_now(who), Vote(a.pk, "approve", "", a.sha256))
        if who.endswith("7"):
            assignments.give_back(made.pk, as_seen_now(who))
            return
        reviews.save_vote(made.pk, as_seen_now(who), Vote(b.pk, "return", "Why.", b.sha256))
        if who.endswith("3"):
            assignments.escalate(made.pk, as_seen_now(who), "Look.")
        reviews.hand_in(made.pk, as_seen_now(who))

    at_once([lambda who=who: rest(who) for who in CROWD])
    found = Request.objects.get(pk=made.pk)
    assert Assignment.objects.filter(request=made, ended=None).count() <= found.places
    handed_in = Review.objects.filter(request=made, handed_in__isnull=False).count()
    assert found.state == ("returned" if handed_in >= found.checkers else "in_review")
    assert events(made).count("airlock.reviewed") == handed_in
    verify()


def test_a_request_that_is_withdrawn_while_all_approve_is_the_one_or_the_other(made):
    acts = [lambda who=who: vote(made, who) for who in CROWD[:6]]
    done = at_once([*acts, lambda: services.withdraw(made.pk, as_seen_now("ann"))])
    assert state(made) == ("withdrawn" if done[-1] else "approved")
    jobs.release_request({"request": made.pk})
    assert Release.objects.filter(request=made).exists() is not done[-1]
    verify()
