"""Tokens of the API: their shape, making and revoking them, what ends them, and their pages."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import LATER, as_seen_now, person, project
from tests.unit.test_pages import browser
from tre.api import tokens
from tre.api.domain import PREFIX, SHAPE, hash_token, is_whole, new_token
from tre.api.models import Token
from tre.api.policy import POLICY_FILE, api_policy
from tre.audit.models import Entry
from tre.errors import Missing, NotAllowed, Refused, SettingsError
from tre.people import administration
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM, Resource

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    person("ope", "operator")
    person("ann", "researcher")
    project("frailty", "ann")
    project("gout", "ann")
    return as_seen_now("ann")


def make(actor, *scopes: str, only: str = "") -> str:
    return tokens.make(actor, "Nightly", scopes or ("requests.read",), 8, only)[1]


def told(event: str) -> list[dict]:
    return [each.data for each in Entry.objects.filter(event=event).order_by("number")]


def test_of_a_token_a_hash_is_kept_and_nothing_else(ann):
    made, token = tokens.make(ann, "Nightly", ["requests.read"], 8)
    assert SHAPE.fullmatch(token)
    assert made.token_hash == hash_token(token)
    assert all(token not in str(value) and token[12:] not in str(value) for value in vars(made).values())
    assert token not in str(list(Entry.objects.values()))
    assert token.startswith(made.begins)


def test_its_person_is_found_by_it_with_what_they_may_and_its_scopes_allow(ann):
    found = tokens.caller(make(ann))
    assert found is not None
    assert found.account.username == "ann"
    theirs = Resource("Request", "1", {"author": "ann", "project": "frailty", "state": "draft"})
    anothers = Resource("Request", "1", {"author": "bob", "project": "frailty", "state": "in_review"})
    assert decide(found.person, "view_request", theirs).allowed
    assert not decide(found.person, "view_request", anothers).allowed, "the person may not"
    assert not decide(found.person, "change_request", theirs).allowed, "the token may not"
    assert decide(ann, "change_request", theirs).allowed


def test_a_token_for_one_project_does_nothing_in_another_nor_beyond_projects(ann):
    found = tokens.caller(make(ann, "projects.apply", only="frailty"))
    assert found is not None
    for code, allowed in (("frailty", True), ("gout", False)):
        one = Resource("Project", code, {"code": code, "status": "approved"})
        assert decide(found.person, "view_project", one).allowed is allowed
    assert not decide(found.person, "apply_for_project", PLATFORM).allowed
    assert decide(ann, "apply_for_project", PLATFORM).allowed


def test_what_a_token_does_not_cover_is_refused_with_a_sentence(ann):
    found = tokens.caller(make(ann))
    with pytest.raises(NotAllowed, match="beyond the token"):
        require(found.person, "apply_for_project", PLATFORM)


@pytest.mark.parametrize(
    ("name", "scopes", "hours", "only", "words"),
    [
        (" ", ["requests.read"], 8, "", "lacks a name"),
        ("A", [], 8, "", "lacks a scope"),
        ("A", ["requests.read", "everything"], 8, "", "lacks a scope"),
        ("A", ["requests.read"], 721, "", "does not live so long"),
        ("A", ["requests.read"], 0, "", "does not live so long"),
        ("A", ["requests.read"], 8, "asthma", "no such project"),
    ],
)
def test_no_token_is_made_of_what_the_policy_does_not_offer(ann, name, scopes, hours, only, words):
    person("bob", "researcher")
    project("asthma", "bob")
    with pytest.raises(Refused, match=words):
        tokens.make(ann, name, scopes, hours, only)
    assert not Token.objects.exists()


def test_nobody_holds_more_than_the_policy_allows_and_those_that_ended_do_not_count(ann):
    for _ in range(api_policy().most_each):
        make(ann)
    with pytest.raises(Refused, match="Revoke one"):
        make(ann)
    Token.objects.filter(pk=Token.objects.first().pk).update(expires=timezone.now())
    make(ann)


def test_making_and_revoking_are_in_the_log_and_revoked_twice_is_revoked_once(ann):
    made, token = tokens.make(ann, "Nightly", ["requests.read"], 8, "frailty")
    assert tokens.caller(token)
    tokens.revoke_own(made.pk, ann)
    tokens.revoke_own(made.pk, ann)
    assert tokens.caller(token) is None
    assert [(each["scopes"], each["project"]) for each in told("api.token_made")] == [(["requests.read"], "frailty")]
    assert told("api.token_revoked") == [{"account": "ann"}]


def test_a_token_is_revoked_by_its_person_or_an_operator_alone(ann):
    made, token = tokens.make(ann, "Nightly", ["requests.read"], 8)
    bob = person("bob", "researcher")
    with pytest.raises(Missing):
        tokens.revoke_own(made.pk, bob)
    with pytest.raises(NotAllowed):
        tokens.revoke_of("ann", made.pk, bob)
    with pytest.raises(Missing):
        tokens.revoke_of("bob", made.pk, as_seen_now("ope"))
    assert tokens.caller(token)
    tokens.revoke_of("ann", made.pk, as_seen_now("ope"))
    assert tokens.caller(token) is None


def _end(token: str, **values) -> None:
    Token.objects.filter(token_hash=hash_token(token)).update(**values)


@pytest.mark.parametrize(
    "end",
    [
        lambda token, ope: _end(token, expires=timezone.now()),
        lambda token, ope: _end(token, made=timezone.now() - timedelta(hours=721)),  # whatever its row says of its end
        lambda token, ope: administration.close("ann", ope),
        lambda token, ope: administration.set_roles("ann", [], ope),
        lambda token, ope: administration.reset_second_factor("ann", ope),
    ],
    ids=["its end", "the policy's longest", "closed account", "lost role", "replaced second factor"],
)
def test_a_token_ends_with_what_it_stands_on(ann, end):
    token = make(ann)
    assert tokens.caller(token)
    end(token, as_seen_now("ope"))
    assert tokens.caller(token) is None


def test_a_closed_account_that_is_opened_again_has_no_token(ann):
    token = make(ann)
    administration.close("ann", as_seen_now("ope"))
    administration.reopen("ann", as_seen_now("ope"))
    assert tokens.caller(token) is None
    assert told("api.token_revoked") == [{"account": "ann"}]


def test_without_training_a_token_does_no_more_than_its_person(ann):
    token = make(ann, "requests.submit")
    frailty = Resource("Project", "frailty", {"code": "frailty", "status": "approved"})
    assert decide(tokens.caller(token).person, "submit_output", frailty).allowed
    account = tokens.caller(token).account
    account.training_expires = timezone.localdate() - timedelta(days=1)
    account.save()
    assert not decide(tokens.caller(token).person, "submit_output", frailty).allowed


def test_a_role_that_is_given_later_is_within_the_scopes_alone(ann):
    token = make(ann, "requests.read")
    administration.set_roles("ann", ["researcher", "deployer"], as_seen_now("ope"))
    assert not decide(tokens.caller(token).person, "read_registry", PLATFORM).allowed


def test_what_is_worth_stealing_is_granted_for_a_working_day_whatever_a_token_was_made_for(ann):
    with pytest.raises(Refused, match=r"people\.manage lives 8 hours at most"):
        tokens.make(ann, "A", ["requests.read", "people.manage"], 24)
    token = make(as_seen_now("ope"), "requests.read", "people.manage")
    assert decide(tokens.caller(token).person, "manage_people", PLATFORM).allowed
    _end(token, made=timezone.now() - timedelta(hours=8), expires=timezone.now() + timedelta(hours=1))
    found = tokens.caller(token).person
    assert not decide(found, "manage_people", PLATFORM).allowed
    assert found.grant.acts == {"view_request"}


def test_the_page_says_how_long_such_a_token_lives_and_that_no_other_is_made(ann):
    client = browser("ann")
    assert "(8 hours at most)" in client.get("/account/tokens/").content.decode()
    page = client.post("/account/tokens/", {"name": "A", "scopes": ["people.manage"], "hours": "24"})
    assert page.status_code == 400
    assert "lives 8 hours at most" in page.content.decode()
    assert not Token.objects.exists()


def test_an_account_is_changed_within_the_scopes_of_a_token_alone(ann):
    """The changer's roles are read anew there; what their token lets them do goes with them."""
    caller = tokens.caller(make(as_seen_now("ope"), "requests.read")).person
    with pytest.raises(NotAllowed, match="beyond the token"):
        administration.close("ann", caller)
    administration.close("ann", tokens.caller(make(as_seen_now("ope"), "people.manage")).person)
    assert tokens.caller(make(ann)) is None


def test_when_it_was_last_used_is_noted(ann):
    token = make(ann)
    assert Token.objects.get().last_used is None
    tokens.caller(token)
    first = Token.objects.get().last_used
    assert first is not None
    tokens.caller(token)
    assert Token.objects.get().last_used == first, "not each call writes"


def test_nothing_but_the_token_opens_anything(ann):
    token = make(ann)
    kept = Token.objects.get()
    other = new_token()
    for wrong in ("", token[:-1], token + "0", token.lower(), kept.token_hash, kept.begins, other, f" {token}"):
        assert tokens.caller(wrong) is None, wrong


def test_a_token_of_which_one_letter_is_wrong_is_known_without_the_database(django_assert_num_queries):
    token = new_token()
    place = len(PREFIX) + 7
    wrong = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
    assert is_whole(token)
    assert not is_whole(wrong)
    with django_assert_num_queries(0):
        assert tokens.caller(wrong) is None


def test_the_policy_says_of_every_act_whether_a_token_may_do_it(tmp_path):
    text = POLICY_FILE.read_text()
    for old, new in (
        ("  open_workspace: a person works there, in a browser\n", ""),
        ("acts: [read_audit]", "acts: [read_audit, open_workspace]"),
        ("acts: [read_audit]", "acts: [read_audit, read_minds]"),
        ("most_hours: 720", "most_hours: 24"),
        ("most_each: 10", "most_each: ten"),
        ("    most_hours: 8\n  audit.read", "    most_hours: 4\n  audit.read"),  # no token could have it
        ("scopes:\n", "scopes: []\nothers:\n"),
    ):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(SettingsError):
            api_policy(path)


def test_a_token_is_shown_once_and_never_again(ann, caplog):
    caplog.set_level(logging.DEBUG)
    client = browser("ann")
    form = {"name": "Nightly", "scopes": ["requests.read", "releases.take"], "project": "frailty", "hours": "24"}
    page = client.post("/account/tokens/", form)
    token = re.search(SHAPE, page.content.decode())[0]
    assert page.headers["Cache-Control"] == "no-store"
    assert tokens.caller(token).token.project.code == "frailty"
    again = client.get("/account/tokens/").content.decode()
    assert "Nightly" in again
    assert token not in again
    assert token not in caplog.text


def test_what_is_missing_is_said_beside_the_form(ann):
    page = browser("ann").post("/account/tokens/", {"hours": "24"})
    assert page.status_code == 400
    assert "Choose what it may do" in page.content.decode()
    assert not Token.objects.exists()


def test_a_session_that_lately_used_no_second_factor_makes_no_token(ann):
    form = {"name": "Nightly", "scopes": ["requests.read"], "hours": "24"}
    answer = browser("ann", ago=301).post("/account/tokens/", form)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not Token.objects.exists()


def test_ones_own_token_is_revoked_on_the_page_and_another_persons_is_not_found(ann):
    made, _ = tokens.make(ann, "Nightly", ["requests.read"], 8)
    person("bob", "researcher")
    assert browser("bob").post(f"/account/tokens/{made.pk}/revoke").status_code == 404
    assert tokens.in_use(made.account).exists()
    assert browser("ann").post(f"/account/tokens/{made.pk}/revoke").status_code == 302
    assert "Revoked" in browser("ann").get("/account/tokens/").content.decode()


def test_an_operator_sees_and_revokes_anothers_and_the_page_says_who_did(ann):
    made, _ = tokens.make(ann, "Nightly", ["requests.read"], 8)
    client = browser("ope")
    assert "Nightly" in client.get("/people/ann/tokens/").content.decode()
    assert client.get("/people/nobody/tokens/").status_code == 404
    assert client.post(f"/people/ann/tokens/{made.pk}/revoke").status_code == 302
    assert "Revoked by ope" in client.get("/people/ann/tokens/").content.decode()
    assert made.expires.date() < LATER
