"""The API attacked by what is sent: twice, wrongly, too much, or to addresses that there are not."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from tests.airlock import inspected
from tests.api import call, token_of
from tests.factories import as_seen_now
from tre.airlock.models import Comment, Request
from tre.api import tokens
from tre.api.policy import api_policy

pytestmark = pytest.mark.django_db


# Sent twice


def test_a_call_that_is_sent_again_is_done_once(study):
    token, told = token_of("ann"), {"project": "frailty", "context": "Counts."}
    first = call(token, "POST", "/requests", told, **{"Idempotency-Key": "one"})
    again = call(token, "POST", "/requests", told, **{"Idempotency-Key": "one"})
    other = call(token, "POST", "/requests", told, **{"Idempotency-Key": "two"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert other.json()["number"] != first.json()["number"]
    assert Request.objects.count() == 2


def test_a_key_is_for_one_call_of_one_person(study):
    told = {"project": "frailty", "context": "Counts."}
    call(token_of("ann"), "POST", "/requests", told, **{"Idempotency-Key": "one"})
    changed = call(token_of("ann"), "POST", "/requests", {**told, "context": "Others."}, **{"Idempotency-Key": "one"})
    assert changed.status_code == 422
    anothers = call(token_of("cat"), "POST", "/requests", told, **{"Idempotency-Key": "one"})
    assert anothers.status_code == 403, "never the answer that ann was given"
    assert Request.objects.count() == 1


def test_a_refused_call_leaves_no_answer_behind(study):
    made = inspected(study)
    token = token_of("cat")
    wrong, right = {"text": "Look.", "group": 999}, {"text": "Look.", "group": made.first_group().pk}
    path, key = f"/requests/{made.pk}/comments", {"Idempotency-Key": "one"}
    assert call(token, "POST", path, wrong, **key).status_code == 409
    assert call(token, "POST", path, right, **key).status_code == 201
    assert Comment.objects.count() == 1


# What is sent


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("\\ud800", 400),
        ('{"project": "frailty", "context": "\\ud800"}', 422),
        ('{"project": "frailty", "context": "a\\u0000b"}', 422),
        ('{"project": "../frailty", "context": "x"}', 422),
        ('{"project": "frailty", "context": ""}', 409),
        ('{"project": "frailty"}', 422),
        ('{"project": "nosuch", "context": "x"}', 404),
        ("[" * 100_000, 400),
        ('{"project": "frailty", "context": "' + "x" * 4001 + '"}', 422),
        ("9" * 5000, 400),
    ],
    ids=range(11),
)
def test_bad_input_is_one_sentence_and_no_echo(study, body, status):
    answer = call(token_of("ann"), "POST", "/requests", body)
    assert answer.status_code == status, answer.content
    told = answer.json()
    assert told["status"] == status
    assert "Traceback" not in answer.content.decode()
    assert "xxxx" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/requests?pagee=2", "/requests?page=1&page=2", "/datasets?x", "/me?who=ope"])
def test_a_question_that_an_address_does_not_know_is_not_passed_over(study, path):
    answer = call(token_of("ann"), "GET", path)
    assert answer.status_code == 422
    assert "question mark" in answer.json()["detail"]


def test_too_much_is_refused(study, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = call(token_of("ann"), "POST", "/requests", {"project": "frailty", "context": "x" * 2000})
    assert answer.status_code == 413


def test_a_mistake_of_the_products_own_is_told_without_its_cause(study, monkeypatch, caplog):
    def broken(*told):
        raise RuntimeError("the secret cause")

    monkeypatch.setattr("tre.airlock.queue.others", broken)
    answer = call(token_of("ann"), "GET", "/requests")
    assert answer.status_code == 500
    assert "secret cause" not in answer.content.decode()
    assert "the secret cause" in caplog.text


@pytest.mark.parametrize("where", ["tre.api.tokens.is_whole", "tre.airlock.queue.others"])
def test_a_database_that_does_not_answer_is_a_problem_that_says_when_to_ask_again(study, monkeypatch, where):
    token = token_of("ann")

    def lost(*told):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(where, lost)
    answer = call(token, "GET", "/requests")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "60"
    assert "database does not answer" in answer.json()["detail"]


def test_a_token_for_one_project_reads_no_notices(study):
    _, token = tokens.make(as_seen_now("ann"), "One", api_policy().scopes, 8, "frailty")
    assert call(token, "GET", "/notices").status_code == 403
    assert call(token_of("ann"), "GET", "/notices").status_code == 200


def test_methods_and_addresses_that_there_are_not_are_problems_too(study):
    token = token_of("ann")
    answer = call(token, "DELETE", "/me")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    for path in ("/nowhere", "/requests/abc", "/requests/99999999999999999999", ""):
        answer = call(token, "GET", path or "/")
        assert answer.status_code in {404, 422}, path
        assert answer.headers["Content-Type"] == "application/problem+json"
