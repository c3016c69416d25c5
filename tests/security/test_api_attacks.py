"""The API attacked: by a stolen, a narrow or a dead token, by another's session, by guessing, and by what is sent."""

from __future__ import annotations

import hmac
import json
import logging
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.airlock import SAFE, inspected, open_study, placed, state, vote, work
from tests.api import ROOT, SHA, call, token_of
from tests.factories import as_seen_now, person, project
from tests.unit.test_pages import browser
from tre.airlock.models import Comment, Request, Review
from tre.api import tokens
from tre.api.domain import new_token
from tre.api.models import Token
from tre.api.policy import api_policy
from tre.audit.models import Entry
from tre.people import administration
from tre.people.models import Account
from tre.people.services import enrol_totp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_slowed_down():
    cache.clear()


@pytest.fixture
def study():
    person("ope", "operator")
    person("mia", "data_manager")
    return open_study()


def code(account: Account) -> str:
    key = decrypt(Authenticator.objects.get(user=account, type="totp").data["secret"])
    return totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30))


# A token is not its person


def test_no_call_makes_lengthens_or_widens_a_token(study):
    """There is no such address: only a page does, behind the second factor."""
    token = token_of("ann")
    before = list(Token.objects.values_list("pk", "scopes", "expires"))
    for path in ("/tokens", "/me/tokens", "/account/tokens", "/me"):
        for method in ("POST", "PUT", "PATCH"):
            assert call(token, method, path, {"scopes": ["audit.read"], "hours": 720}).status_code in {404, 405}
    assert list(Token.objects.values_list("pk", "scopes", "expires")) == before


@pytest.mark.parametrize("path", ["/", "/account/", "/account/tokens/", "/airlock/", "/projects/frailty/", "/people/"])
def test_a_token_opens_no_page(study, path):
    told = {"Authorization": f"Bearer {token_of('ann')}"}
    answer = Client().get(path, headers=told)
    assert answer.status_code == 302 or (path == "/" and "What you can do" not in answer.content.decode())
    assert Client().post("/account/tokens/", {"name": "x"}, headers=told).status_code == 302


def test_a_token_opens_neither_a_workspace_nor_the_hubs_door(study):
    told = {"Authorization": f"Bearer {token_of('ann')}"}
    assert Client().get("/api/workspace/me", headers=told).status_code == 403
    assert Client().post("/api/hub/open", {}, headers=told).status_code == 403


@pytest.mark.parametrize("place", ["?token={}", "?access_token={}", "/{}"])
def test_a_token_in_an_address_opens_nothing(study, place):
    assert call("", "GET", f"/me{place.format(token_of('ann'))}").status_code in {401, 404}


def test_a_cookie_beside_a_token_changes_nothing(study):
    """Ann's token with an operator's session is ann's; an operator's session with a wrong token is nobody's."""
    client = browser("ope")
    told = {"Authorization": f"Bearer {token_of('ann', 'requests.read')}"}
    assert client.get(f"{ROOT}/me", headers=told).json()["username"] == "ann"
    assert client.get(f"{ROOT}/me", headers={"Authorization": f"Bearer {new_token()}"}).status_code == 401
    assert client.get(f"{ROOT}/me").status_code == 401


def test_a_form_on_another_site_does_nothing(study):
    """It can send a cookie, and no header: a plain form to the API is refused, with or without a session."""
    client = browser("ann", enforce_csrf_checks=True)
    answer = client.post(f"{ROOT}/requests", {"project": "frailty", "context": "x"})
    assert answer.status_code == 401
    assert not Request.objects.exists()


# Another's things


def test_another_projects_numbers_open_nothing(study):
    person("bob", "researcher")
    gout = project("gout", "bob")
    made, theirs = inspected(study), placed(gout, "bob", "in_review")
    token, own = token_of("ann"), made.files.get()
    for method, path, body in (
        ("GET", f"/requests/{theirs.request_id}", None),
        ("GET", f"/requests/{theirs.request_id}/files/{own.pk}", None),
        ("GET", f"/requests/{made.pk}/files/{theirs.pk}", None),
        ("GET", f"/releases/{theirs.request_id}/files/{own.pk}", None),
        ("DELETE", f"/requests/{made.pk}/files/{theirs.pk}", None),
        ("POST", f"/requests/{theirs.request_id}/withdraw", None),
        ("POST", "/requests", {"project": "gout", "context": "Mine now."}),
        ("GET", "/projects/gout", None),
        ("GET", "/projects/gout/privacy", None),
    ):
        assert call(token, method, path, body).status_code in {403, 404}, path
    assert {each["number"] for each in call(token, "GET", "/requests").json()["items"]} == {made.pk}
    assert [each["code"] for each in call(token, "GET", "/projects").json()["items"]] == ["frailty"]


def test_a_token_for_one_project_sees_nothing_of_the_persons_others(study):
    gout = project("gout", "ann")
    here, there = placed(study, "ann", "in_review"), placed(gout, "ann", "in_review")
    _, token = tokens.make(as_seen_now("ann"), "One", api_policy().scopes, 8, "frailty")
    assert call(token, "GET", f"/requests/{here.request_id}").status_code == 200
    assert call(token, "GET", f"/requests/{there.request_id}").status_code == 403
    assert {each["number"] for each in call(token, "GET", "/requests").json()["items"]} == {here.request_id}
    assert [each["code"] for each in call(token, "GET", "/projects").json()["items"]] == ["frailty"]
    assert call(token, "POST", "/requests", {"project": "gout", "context": "x"}).status_code == 403


def test_nobody_reviews_their_own_by_a_token_and_reviews_stay_blind(study):
    made = inspected(study)
    vote(made, "dan")
    own = call(token_of("ann"), "GET", f"/requests/{made.pk}").json()
    blind = call(token_of("cat"), "GET", f"/requests/{made.pk}").json()
    assert own["reviews"] == blind["reviews"] == []
    assert call(token_of("ann"), "POST", f"/requests/{made.pk}/take").status_code == 403
    assert Review.objects.filter(handed_in__isnull=False).count() == 1


def test_what_is_not_released_is_handed_out_to_its_author_neither_as_bytes_nor_as_rows(study):
    """A call is quicker than a page: by it a researcher could read a whole table out before anybody looks."""
    made = inspected(study)
    file, token = made.files.get(), token_of("ann")
    for path in (f"/requests/{made.pk}/files/{file.pk}/contents", f"/releases/{made.pk}/files/{file.pk}",
                 f"/releases/{made.pk}/archive"):  # fmt: skip
        answer = call(token, "GET", path)
        assert answer.status_code == 403, path
        assert b"60s" not in answer.content
    assert b"60s" not in call(token, "GET", f"/requests/{made.pk}").content
    for told in (call(token, "GET", f"/requests/{made.pk}{end}").content.decode() for end in ("", f"/files/{file.pk}")):
        assert "table.csv" not in told
        assert "Counts by age" not in told
    assert "table.csv" in call(token_of("cat"), "GET", f"/requests/{made.pk}").content.decode()
    rows = call(token_of("cat"), "GET", f"/requests/{made.pk}/files/{file.pk}/contents").json()["rows"]
    assert ["60s", "120"] in [row[-2:] for row in rows]


# A token that is over


@pytest.mark.parametrize("end", ["revoked", "expired", "closed", "left the project"])
def test_a_token_that_is_over_does_nothing_and_says_why_not(study, end):
    token = token_of("ann")
    assert call(token, "GET", "/projects/frailty").status_code == 200
    if end == "revoked":
        tokens.revoke_own(Token.objects.get().pk, as_seen_now("ann"))
    elif end == "expired":
        Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    elif end == "closed":
        administration.close("ann", as_seen_now("ope"))
    else:
        study.members.clear()
    answer = call(token, "GET", "/projects/frailty")
    assert answer.status_code == (403 if end == "left the project" else 401)
    assert end == "left the project" or 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_hash_from_the_database_or_a_log_opens_nothing(study):
    token_of("ann")
    kept = Token.objects.get()
    for stolen in (kept.token_hash, kept.begins, str(kept.pk)):
        assert call(stolen, "GET", "/me").status_code == 401


def test_hashes_are_compared_in_a_time_that_tells_nothing(study, monkeypatch):
    asked = []
    compare = hmac.compare_digest
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: asked.append(1) or compare(one, other))
    assert call(token_of("ann"), "GET", "/me").status_code == 200
    assert asked


def test_guessing_is_slowed_down_and_a_right_token_is_not(study):
    number, seconds = api_policy().wrong_tokens
    token = token_of("ann")
    answers = [call(new_token(), "GET", "/me") for _ in range(number + 2)]
    assert [each.status_code for each in answers] == [401] * number + [429] * 2
    assert answers[-1].headers["Retry-After"] == str(seconds)
    assert "Wait" in answers[-1].json()["detail"]
    assert call(token, "GET", "/me").status_code == 200
    assert call("", "GET", "/datasets").status_code == 200


def test_a_wrong_token_from_nowhere_is_refused(study):
    answer = Client(REMOTE_ADDR="").get(f"{ROOT}/me", headers={"Authorization": f"Bearer {new_token()}"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")


def test_a_token_is_in_no_log_no_entry_and_no_answer(study, caplog):
    caplog.set_level(logging.DEBUG)
    token = token_of("ann")
    answers = [call(token, "GET", path).content.decode() for path in ("/me", "/requests", "/nowhere", "/requests/999")]
    answers.append(call(token, "POST", "/requests", {"project": "frailty", "context": "x"}).content.decode())
    told = caplog.text + json.dumps(list(Entry.objects.values_list("data", "subject", "actor"))) + "".join(answers)
    assert token not in told
    assert token[12:] not in told


# A person is there


def test_a_review_by_a_call_needs_a_code_that_is_good_once(study):
    made = inspected(study)
    cat = Account.objects.get(username="cat")
    enrol_totp(cat)
    token, file = token_of("cat"), made.files.get()
    votes = {"votes": [{"file": file.pk, "choice": "approve", "sha256": file.sha256}]}
    assert call(token, "POST", f"/requests/{made.pk}/review", votes).status_code == 401
    given = code(cat)
    answer = call(token, "POST", f"/requests/{made.pk}/review", votes, **{"One-Time-Code": given})
    assert answer.status_code == 200, answer.content
    again = call(token, "POST", f"/requests/{made.pk}/review", votes, **{"One-Time-Code": given})
    assert again.status_code == 401
    told = [(each.event, each.data.get("token")) for each in Entry.objects.filter(actor="cat").order_by("number")]
    number = Token.objects.get(account=cat).pk
    assert ("people.stepped_up", number) in told
    assert ("airlock.reviewed", number) in told


def test_codes_are_not_guessed(study):
    made = inspected(study)
    enrol_totp(Account.objects.get(username="cat"))
    token = token_of("cat")
    path, told = f"/requests/{made.pk}/recall", {"why": "x"}
    answers = [call(token, "POST", path, told, **{"One-Time-Code": f"{each:06}"}) for each in range(7)]
    assert [each.status_code for each in answers] == [401] * 5 + [429] * 2
    assert state(made) == "in_review"


def test_votes_are_on_the_bytes_that_were_shown(study):
    made = inspected(study)
    file = made.files.get()
    told = {"choice": "approve", "sha256": SHA}
    answer = call(token_of("cat"), "PUT", f"/requests/{made.pk}/files/{file.pk}/vote", told)
    assert answer.status_code == 409
    assert "not the one that you were shown" in answer.json()["detail"]


# What is taken is counted


def test_a_download_is_counted_and_says_by_which_token(study):
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    token, file = token_of("ann", "releases.take"), made.files.get()
    answer = call(token, "GET", f"/releases/{made.pk}/files/{file.pk}")
    assert answer.getvalue() == SAFE
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert call(token, "GET", f"/releases/{made.pk}/archive").getvalue()[:2] == b"PK"
    entries = Entry.objects.filter(event="airlock.downloaded").order_by("number")
    assert [each.data["what"] for each in entries] == ["file", "archive"]
    assert {each.data["token"] for each in entries} == {Token.objects.get().pk}
    assert call(token, "GET", f"/releases/{made.pk}").json()["taken"] == 2


def test_what_is_done_on_a_page_names_no_token(study):
    token = token_of("ann")
    call(token, "POST", "/requests", {"project": "frailty", "context": "By a program."})
    inspected(study)
    drafted, submitted = (Entry.objects.filter(event=f"airlock.{each}").first() for each in ("drafted", "submitted"))
    assert "token" in drafted.data
    assert "token" not in submitted.data


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
