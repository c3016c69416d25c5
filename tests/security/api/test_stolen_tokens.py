"""The API attacked by a stolen, a narrow or a dead token, by another's session, and by guessing."""

from __future__ import annotations

import hmac
import json
import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.api import ROOT, call, token_of
from tests.factories import as_seen_now
from tests.unit.test_pages import browser
from tre.airlock.models import Request
from tre.api import tokens
from tre.api.domain import new_token
from tre.api.models import Token
from tre.api.policy import api_policy
from tre.audit.models import Entry
from tre.people import administration

pytestmark = pytest.mark.django_db


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
