"""The API attacked for people's accounts: a stolen token of an operator's does nothing that lasts without a code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from tests.api import CALLS, call, operation, token_of
from tests.codes import code, wrong
from tests.factories import LATER, TODAY, as_seen_now, person, project
from tests.unit.test_addresses import everything
from tre.api import tokens
from tre.api.models import Token
from tre.audit.models import Entry
from tre.errors import Refused
from tre.people import administration, invitations
from tre.people.models import Account, Invitation
from tre.people.services import enrol_totp

pytestmark = pytest.mark.django_db
_LINK = re.compile(r"/invitation/[\w-]{43}/")


@pytest.fixture
def ope(study) -> Account:
    account = Account.objects.get(username="ope")
    enrol_totp(account)
    return account


def changes() -> Iterator[tuple[str, str, Any]]:
    """Yield every operation that changes something about people, about ann where it is about somebody."""
    for name, each in CALLS.items():
        method, _, path = name.partition(" ")
        if method != "GET" and set(operation(name).get("x-acts", ())) & {"manage_people", "change_account"}:
            yield method, path.format(username="ann", number=1), each.body


def rows() -> dict[str, list[Any]]:
    found = everything()
    return {name: kept for name, kept in found.items() if name != "api.Token"}  # when it was last used is noted


def test_a_stolen_token_alone_changes_nothing(ope):
    token = token_of("ope", "people.manage")
    before, asked, (guess,) = rows(), list(changes()), wrong(ope)
    assert len(asked) == 9
    for method, path, body in asked:
        for headers in ({}, {"One-Time-Code": guess}):
            answer = call(token, method, path, body, **headers)
            assert answer.status_code in {401, 429}, path
    after = rows()
    for each in (before, after):
        each.pop("people.CacheEntry", None)  # wrong codes are counted
    assert after == before
    assert mail.outbox == []


def test_every_change_asks_for_a_code(ope):
    for name in CALLS:
        told = operation(name)
        if set(told.get("x-acts", ())) & {"manage_people", "change_account"} and not name.startswith("GET "):
            assert told["x-asks-again"], name


def test_a_code_is_good_for_one_change_and_for_its_own_person(ope):
    token, roles = token_of("ope", "people.manage"), {"roles": ["researcher", "project_lead"]}
    cat = Account.objects.get(username="cat")
    enrol_totp(cat)
    while code(cat) in {code(ope, ahead) for ahead in range(-2, 3)}:  # once in some hundred thousand times
        enrol_totp(cat)
    assert call(token, "PUT", "/people/ann/roles", roles, **{"One-Time-Code": code(cat)}).status_code == 401
    given = {"One-Time-Code": code(ope)}
    answer = call(token, "PUT", "/people/ann/roles", roles, **given)
    assert answer.status_code == 200, answer.content
    assert answer.json()["roles"] == ["project_lead", "researcher"]
    assert call(token, "POST", "/people/ann/close", **given).status_code == 401
    assert Account.objects.get(username="ann").is_active
    changed = Entry.objects.get(event="people.roles_changed")
    assert (changed.actor, changed.data["token"]) == ("ope", Token.objects.get(account=ope).pk)


def test_nobody_changes_their_own_account_by_a_call(ope):
    token = token_of("ope", "people.manage")
    for ahead, (path, body) in enumerate(
        (("roles", {"roles": ["operator", "deployer"]}), ("controllers", {"controllers": []}))
    ):
        answer = call(token, "PUT", f"/people/ope/{path}", body, **{"One-Time-Code": code(ope, ahead)})
        assert answer.status_code == 403, answer.content
        assert "own account" in answer.json()["detail"]


def test_other_scopes_open_no_account_whatever_code_comes_with_them(ope):
    token = token_of("ope", "projects.read", "audit.read", "requests.review", "warehouse.manage")
    assert call(token, "GET", "/people").status_code == 403
    answer = call(token, "POST", "/people/ann/close", **{"One-Time-Code": code(ope)})
    assert answer.status_code == 403
    assert Account.objects.get(username="ann").is_active
    used = call(token_of("ope", "people.manage"), "POST", "/people/ann/close", **{"One-Time-Code": code(ope)})
    assert used.status_code == 200, "the code was not used up by a call that could not have been"


def test_a_scope_without_its_role_opens_nothing(study):
    token = token_of("ann", "people.manage")
    for path in ("/people", "/people/ope", "/invitations", "/people/ope/tokens"):
        answer = call(token, "GET", path)
        assert answer.status_code == 403, path
        assert b"example.org" not in answer.content


def test_a_token_ends_with_the_role_and_after_a_working_day(ope):
    token = token_of("ope", "people.manage")
    assert call(token, "GET", "/people").status_code == 200
    Token.objects.update(made=timezone.now() - timedelta(hours=8))
    assert call(token, "GET", "/people").status_code == 403
    other = token_of("ope", "people.manage")

    administration.set_roles("ope", ["auditor"], person("second", "operator"))
    assert call(other, "GET", "/people").status_code == 401


@pytest.mark.parametrize("let_go", ["roles", "close"])
def test_who_is_let_go_while_they_invite_invites_nobody(ope, let_go):
    begun, other = as_seen_now("ope"), person("second", "operator")  # read before they were let go
    if let_go == "roles":
        administration.set_roles("ope", ["auditor"], other)
    else:
        administration.close("ope", other)
    with pytest.raises(Refused):
        invitations.invite("own-second@example.org", ["operator"], None, begun)
    assert not Invitation.objects.exists()


def test_the_link_of_an_invitation_goes_to_its_address_and_nowhere_else(ope):
    token = token_of("ope", "people.manage")
    asked = {"email": "new@example.org", "roles": ["researcher"],
             "training": {"accredited": TODAY.isoformat(), "expires": LATER.isoformat()}}  # fmt: skip
    made = call(token, "POST", "/invitations", asked, **{"One-Time-Code": code(ope)})
    assert made.status_code == 201, made.content
    assert made.json()["sent"] is True
    (sent,) = mail.outbox
    assert sent.to == ["new@example.org"]
    link = _LINK.search(sent.body)[0]
    answers = made.content + call(token, "GET", "/invitations").content
    assert link.encode() not in answers
    assert _LINK.search(answers.decode()) is None
    assert Invitation.objects.get().token_hash.encode() not in answers
    assert link not in json.dumps(list(Entry.objects.values_list("data", "subject")))
    withdrawn = call(token, "POST", f"/invitations/{made.json()['number']}/withdraw", **{"One-Time-Code": code(ope, 1)})
    assert withdrawn.status_code == 204, withdrawn.content
    assert call(token, "GET", "/invitations").json() == []


def test_a_link_to_come_back_goes_to_the_person_and_nowhere_else(ope):
    ann = Account.objects.get(username="ann")
    enrol_totp(ann)
    theirs = token_of("ann")
    answer = call(token_of("ope", "people.manage"), "POST", "/people/ann/second-factor", **{"One-Time-Code": code(ope)})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["factors"], answer.json()["sent"]) == ([], True)
    assert [each.to for each in mail.outbox] == [["ann@example.org"]]
    assert "/password/reset/" in mail.outbox[0].body
    assert "/password/reset/" not in answer.content.decode()
    assert call(theirs, "GET", "/me").status_code == 401


def test_a_mail_server_that_fails_is_told_and_leaves_what_was_done(ope, monkeypatch):
    def refusing(*told, **more):
        raise OSError("no route")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refusing)
    asked = {"email": "new@example.org", "roles": ["researcher"]}
    made = call(token_of("ope"), "POST", "/invitations", asked, **{"One-Time-Code": code(ope)})
    assert (made.status_code, made.json()["sent"]) == (201, False)
    assert Invitation.objects.get().state == "open"


def test_of_a_token_its_person_and_an_operator_see_the_beginning_alone(ope):
    token = token_of("ann", "requests.read")
    theirs = call(token_of("ope", "people.manage"), "GET", "/people/ann/tokens")
    assert [each["scopes"] for each in theirs.json()["items"]] == [["requests.read"]]
    assert token not in theirs.content.decode()
    assert Token.objects.get(account__username="ann").token_hash not in theirs.content.decode()


def test_a_program_ends_the_token_that_it_was_given_and_no_other(study):
    token, other = token_of("ann", "requests.read"), token_of("ann", "requests.read")
    assert call(token, "DELETE", "/me/token").status_code == 204
    assert call(token, "GET", "/me").status_code == 401
    assert call(other, "GET", "/me").status_code == 200


def test_a_token_for_one_project_is_told_of_no_other_by_the_policies(study):

    project("gout", "ann")
    _, token = tokens.make(as_seen_now("ann"), "One", ["projects.read"], 8, "frailty")
    answer = call(token, "GET", "/policies").json()
    assert [each["about"] for each in answer["answers"]] == ["platform", "frailty"]
    assert answer["answers"][0]["may"] == []
    assert set(answer["answers"][1]["may"]) == {"view_project", "view_safes", "view_runs", "view_usage"}


def test_a_stolen_token_does_not_keep_its_person_from_being_told(study):
    enrol_totp(Account.objects.get(username="ann"))
    token = token_of("ann")
    assert call(token, "PUT", "/notices/how", {"how": "page"}).status_code == 401
    assert call(token, "GET", "/notices/how").json() == {"how": "once"}
