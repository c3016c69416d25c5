"""Where what a call made is found, and for how long its answer is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api import CALLS, ROOT, call, do, operation, token_of
from tests.factories import person, project
from tests.unit.test_addresses import house  # noqa: F401 - a fixture
from tests.unit.test_api_access import place, proved  # noqa: F401 - a fixture
from tre.api import jobs
from tre.api.models import Answer
from tre.api.policy import api_policy
from tre.runs.models import Job

pytestmark = pytest.mark.django_db
MAKES = sorted(name for name in CALLS if "201" in operation(name)["responses"])
# What the house has no way to: a comment is about a group that is given, files of an import are not of this table.
_NOT_HERE = {"POST /requests/{number}/comments", "POST /projects/{code}/imports"}


@pytest.mark.parametrize("name", MAKES)
def test_what_makes_something_says_where_it_is(name):
    assert "Location" in operation(name)["responses"]["201"]["headers"]


@pytest.mark.parametrize("name", sorted(set(MAKES) - _NOT_HERE))
def test_what_was_made_is_found_where_the_answer_says(house: dict[str, Any], proved: None, name: str):  # noqa: F811
    token = token_of(min(CALLS[name].may))
    made = do(token, name, place(house, name))
    assert made.status_code == 201, made.content
    found = call(token, "GET", made.headers["Location"].removeprefix(ROOT))
    assert found.status_code == 200, found.content


def test_an_answer_that_is_given_again_says_it_too_and_one_that_made_nothing_does_not():
    person("ann", "researcher")
    project("frailty", "ann")
    token, told = token_of("ann"), {"project": "frailty", "context": "Counts."}
    first, again = (call(token, "POST", "/requests", told, **{"Idempotency-Key": "one"}) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"] == f"{ROOT}/requests/{first.json()['number']}"
    assert "Location" not in call(token, "GET", "/requests").headers
    assert "Location" not in call(token, "POST", "/requests", {}).headers


def test_answers_are_forgotten_when_their_time_is_over_whether_anybody_calls_or_not():
    person("ann", "researcher")
    project("frailty", "ann")
    token, told = token_of("ann"), {"project": "frailty", "context": "Counts."}
    for key in ("one", "two"):
        call(token, "POST", "/requests", told, **{"Idempotency-Key": key})
    queued = Job.objects.get(kind=jobs.FORGET)
    kept = api_policy().answers_kept
    assert kept < queued.due - timezone.now() <= kept + timedelta(hours=1)
    Answer.objects.filter(pk=Answer.objects.first().pk).update(at=timezone.now() - kept)
    jobs.forget_answers({})
    assert Answer.objects.count() == 1


def test_a_call_without_a_key_queues_nothing():
    person("ann", "researcher")
    project("frailty", "ann")
    call(token_of("ann"), "POST", "/requests", {"project": "frailty", "context": "Counts."})
    assert not Job.objects.filter(kind=jobs.FORGET).exists()
