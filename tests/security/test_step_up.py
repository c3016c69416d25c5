"""Acts that ask for the second factor again, and security keys that answer the portal alone: attacked.

The attacker rides a session that signed in some time ago, knows the password, or has the person's browser open a page
of their own below the portal's name.
"""

from __future__ import annotations

import json
import logging
import time
from re import DOTALL, findall
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse

from tests.codes import code, wrong
from tests.factories import as_seen_now, person, project
from tests.security_key import SecurityKey
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.config.kept_out import LinksKeptOut
from tre.config.options import REPOSITORY, load
from tre.demonstration import PEOPLE
from tre.errors import Refused
from tre.people import administration, invitations
from tre.people.domain import RESERVED_NAMES
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.people.step_up import step_up

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long and random password"
LONG_AGO = 301.0
# What cannot be taken back: it lets data out, gives rights, or ends something for good.
DANGEROUS = {
    "airlock_recall": {"number": 1},
    "airlock_review": {"number": 1},
    "extract_accept": {"code": "frailty", "number": 1},
    "extract_destroy": {"code": "frailty", "number": 1},
    "catalogue_withdraw": {},
    "import_review": {"number": 1},
    "invite": {},
    "person_close": {"username": "ann"},
    "person_reopen": {"username": "ann"},
    "person_roles": {"username": "ann"},
    "person_second_factor": {"username": "ann"},
    "person_training": {"username": "ann"},
    "project_approve": {"code": "frailty"},
    "project_decline": {"code": "frailty"},
    "project_close_now": {"code": "frailty"},
    "dataset_decide": {"code": "frailty", "name": "people"},
    "person_controllers": {"username": "ann"},
    "project_provision": {"code": "frailty"},
    "api_tokens": {},
    "person_token_revoke": {"username": "ann", "number": 1},
    "release_open": {"number": 1},
    "release_target": {"code": "frailty"},
    "registry_password": {},
    "registered_retire": {"number": 1},
    "registered_alias": {"number": 1},
}


@pytest.fixture(autouse=True)
def nobody_is_slowed_down():
    cache.clear()


@pytest.fixture
def ope():
    person("ann", "researcher")
    person("ope", "operator")
    account = Account.objects.get(username="ope")
    enrol_totp(account)
    return account


@pytest.mark.parametrize("name", sorted(DANGEROUS))
def test_an_old_session_is_asked_again_before_a_dangerous_act(ope, name):
    project("frailty", "ann")
    answer = browser("ope", ago=LONG_AGO).post(reverse(name, kwargs=DANGEROUS[name]), {})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/2fa/reauthenticate/"), answer["Location"]


def test_every_act_that_is_asked_again_is_on_the_list():
    asked = set()
    for pattern in (each for each in patterns(get_resolver()) if each.name):
        view = pattern.callback
        while hasattr(view, "__wrapped__"):
            if view.__code__ is step_up(lambda request: None).__code__:
                asked.add(pattern.name)
            view = view.__wrapped__
    by_form = {"invite", "release_target", "api_tokens"}  # these are asked again when the form is sent
    assert asked | by_form == set(DANGEROUS)


def patterns(resolver: Any) -> Any:
    for each in resolver.url_patterns:
        if hasattr(each, "url_patterns"):
            yield from patterns(each)
        else:
            yield each


def test_what_was_typed_is_done_once_the_factor_is_given_and_not_before(ope):
    client = browser("ope", ago=LONG_AGO)
    asked = client.post(reverse("person_roles", args=["ann"]), {"roles": ["researcher", "project_lead"]})
    assert Account.objects.get(username="ann").role_names() == {"researcher"}
    page = client.get(asked["Location"]).content.decode()
    assert "Give an account the roles that were ticked" in page
    assert "researcher, project_lead" in page
    told = {"act": act_in(page), "next": reverse("person_roles", args=["ann"])}
    (guess,) = wrong(ope)
    assert client.post(asked["Location"], {"code": guess, **told}).status_code == 200
    assert Account.objects.get(username="ann").role_names() == {"researcher"}
    client.post(asked["Location"], {"code": code(ope), **told})
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}
    events = list(Entry.objects.filter(actor="ope").order_by("number").values_list("event", flat=True))
    assert events[-3:] == ["people.second_factor_failed", "people.stepped_up", "people.roles_changed"]
    # For the next five minutes nothing is asked.
    assert client.post(reverse("person_close", args=["ann"]))["Location"] == reverse("person", args=["ann"])


def act_in(page: str) -> str:
    return findall(r'name="act" value="(\w{64})"', page)[0]


def test_a_factor_does_nothing_but_what_its_page_showed(ope):
    """A rider of the same session puts an act of their own in place of the one that the operator looks at."""
    client, path = browser("ope", ago=LONG_AGO), reverse("person_roles", args=["ann"])
    asked = client.post(path, {"roles": ["researcher", "project_lead"]})
    shown = act_in(client.get(asked["Location"]).content.decode())
    client.post(path, {"roles": ["information_asset_owner", "deployer"]})
    for act in ({"act": shown}, {}):
        page = client.post(asked["Location"], {"code": code(ope), "next": path, **act})
        assert "is not what this page showed" in page.content.decode()
        cache.clear()
    assert Account.objects.get(username="ann").role_names() == {"researcher"}


def test_an_act_that_was_left_is_forgotten(ope):
    client, path = browser("ope", ago=LONG_AGO), reverse("person_close", args=["ann"])
    asked = client.post(path)
    act = act_in(client.get(asked["Location"]).content.decode())
    client.get(reverse("home"))
    client.post(asked["Location"], {"code": code(ope), "next": path, "act": act})
    assert Account.objects.get(username="ann").is_active


def test_a_session_from_before_the_first_factor_adds_none(ope):
    """The attacker knows the password of somebody who has no second factor yet, and waits."""
    client = Client()
    client.post(reverse("account_login"), {"login": "ann", "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    enrol_totp(Account.objects.get(username="ann"))
    for name in ("mfa_add_webauthn", "mfa_activate_totp", "mfa_generate_recovery_codes"):
        for answer in (client.get(reverse(name)), client.post(reverse(name))):
            assert answer["Location"] == reverse("account_logout"), name


def test_sessions_from_before_a_factor_end_when_it_is_set_up():
    person("ann", "researcher")
    clients = [Client(), Client()]
    for client in clients:
        client.post(reverse("account_login"), {"login": "ann", "password": PASSWORD})
    options = options_in(clients[0].get(reverse("mfa_add_webauthn")).content.decode())
    told = {"name": "key", "credential": SecurityKey().make(options, load().portal)}
    assert clients[0].post(reverse("mfa_add_webauthn"), told).status_code == 302
    assert clients[0].get(reverse("own_account")).status_code == 200
    assert clients[1].get(reverse("own_account"))["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("change", ["closed", "closed and opened", "password"])
def test_a_sign_in_that_waits_for_its_factor_is_over_when_the_account_changes(ope, change):
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD})
    if change == "password":
        ope.set_password("another password at all")
    ope.is_active = change != "closed"
    ope.save()
    client.post(reverse("mfa_authenticate"), {"code": code(ope)})
    assert ("_auth_user_id" in client.session) is (change == "closed and opened")


@pytest.mark.parametrize(
    "host", ["localhost:1", "LOCALHOST:8400", "localhost.:8400", "localhost", "127.0.0.1:1", "evil"]
)
def test_the_portal_answers_to_its_own_name_alone(ope, host):
    """Else attempts are counted for each spelling apart, and links in mails lead to whoever sent the request."""
    client = Client(headers={"Host": host})
    for path in (reverse("home"), reverse("account_login"), reverse("account_reset_password")):
        assert client.post(path, {"email": "ope@example.org", "login": "ope", "password": "x"}).status_code == 400
    assert not mail.outbox
    assert not Entry.objects.filter(event="people.sign_in_failed").exists()


def test_a_link_in_a_mail_bears_the_portal_s_own_name(ope):
    Client().post(reverse("account_reset_password"), {"email": "ope@example.org"})
    assert f"{load().portal}/accounts/password/reset/key/" in str(mail.outbox[-1].body)
    assert "testserver/accounts/password" not in str(mail.outbox[-1].body)


@pytest.mark.parametrize(
    "target", ["//127.0.0.1/x", "http://127.0.0.1/x", "https://evil.example/", "/\\evil", "javascript:x"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(ope, target):
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD, "next": target})
    answer = client.post(reverse("mfa_authenticate"), {"code": code(ope)})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_written_down_however_the_name_is_typed(ope):
    Client().post(reverse("account_login"), {"login": "OPE", "password": "wrong"})
    assert Entry.objects.get(event="people.sign_in_failed").subject == "account:ope"


def test_no_link_that_opens_something_is_in_the_log():
    kept_out = LinksKeptOut()
    for path in ("/invitation/secret-link/x", "/accounts/password/reset/key/3-secret-link/"):
        record = logging.LogRecord("django.request", 30, "", 1, "%s: %s", ("Not Found", path), None)
        assert kept_out.filter(record)
        assert "secret-link" not in record.getMessage()
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["no_links"]


def test_every_actor_that_is_no_person_is_a_name_nobody_gets():
    """Who stands in the log as ``worker`` must be the worker."""
    literals = set()
    for path in (REPOSITORY / "tre").rglob("*.py"):
        literals |= set(findall(r'actor(?:: str)? ?= ?"([\w-]+)"', path.read_text()))
        literals |= set(findall(r'by ?= ?"([\w-]+)"', path.read_text()))
    assert literals - {each.username for each in PEOPLE} <= RESERVED_NAMES


def test_an_operator_who_is_let_go_leaves_no_open_invitation(ope):
    person("two", "operator")
    _, link = invitations.invite("own-second@example.org", ["output_checker"], None, as_seen_now("two"))
    administration.close("two", as_seen_now("ope"))
    assert invitations.find(link.split("/")[-2]) is None


def test_who_was_let_go_meanwhile_changes_nothing(ope):
    before = as_seen_now("ope")
    person("two", "operator")
    administration.set_roles("ope", ["deployer"], as_seen_now("two"))
    with pytest.raises(Refused, match="no rule permits"):
        administration.close("two", before)
    assert Account.objects.get(username="two").is_active


def test_the_password_is_no_step_up(ope):
    client = browser("ope", ago=LONG_AGO)
    taken = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert taken["Location"] == reverse("mfa_reauthenticate"), "it is not asked for"
    answer = client.post(reverse("person_close", args=["ann"]))
    assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        assert "/2fa/reauthenticate/" in client.get(reverse(name))["Location"], name


def test_a_step_up_of_another_account_counts_for_nothing(ope):
    client = browser("ope", ago=LONG_AGO)
    session = client.session
    session["account_authentication_methods_user"] = str(Account.objects.get(username="ann").pk)
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time()}]
    session.save()
    assert client.post(reverse("person_close", args=["ann"])).status_code == 302
    assert Account.objects.get(username="ann").is_active


def test_who_steps_up_is_sent_to_no_other_site(ope):
    client = browser("ope", ago=LONG_AGO)
    answer = client.post(reverse("mfa_reauthenticate"), {"code": code(ope), "next": "https://evil.example/"})
    assert "evil" not in answer.headers.get("Location", "")


def options_in(page: str) -> dict[str, Any]:
    told = json.loads(findall(r'<script id="js_data" type="application/json">(.*?)</script>', page, DOTALL)[0])
    found: dict[str, Any] = told.get("creation_options") or told["request_options"]
    return found


@pytest.fixture
def key(ope):
    """A security key of the operator's, added as they would."""
    client, made = browser("ope"), SecurityKey()
    options = options_in(client.get(reverse("mfa_add_webauthn")).content.decode())
    answer = client.post(reverse("mfa_add_webauthn"), {"name": "key", "credential": made.make(options, load().portal)})
    assert answer.status_code == 302, answer.content.decode()
    return made


def signs_in_with(key: SecurityKey, origin: str, **client_data: Any) -> bool:
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD})
    options = options_in(client.get(reverse("mfa_authenticate")).content.decode())
    client.post(reverse("mfa_authenticate"), {"credential": key.answer(options, origin, **client_data)})
    return "_auth_user_id" in client.session


def test_a_key_signs_its_person_in(key):
    assert signs_in_with(key, load().portal)


@pytest.mark.parametrize(
    "origin",
    [
        "https://ann.hub.localhost", "http://ann.localhost", "http://hub.localhost:8401", "http://localhost",
        "http://localhost:9000", "https://localhost:8400", "http://localhost:8400.evil.example", "https://evil.example",
        "", None,
    ],
)  # fmt: skip
def test_what_a_key_said_to_another_page_is_refused(key, origin):
    assert not signs_in_with(key, origin)
    assert signs_in_with(key, load().portal), "the key itself is good"


def test_what_a_key_said_in_a_frame_of_another_page_is_refused(key):
    assert not signs_in_with(key, load().portal, crossOrigin=True)


def test_a_key_is_not_added_by_another_page(ope):
    client, made = browser("ope"), SecurityKey()
    options = options_in(client.get(reverse("mfa_add_webauthn")).content.decode())
    client.post(reverse("mfa_add_webauthn"), {"name": "key", "credential": made.make(options, "http://ann.localhost")})
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_an_answer_to_an_earlier_question_is_refused(key):
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD})
    earlier = options_in(client.get(reverse("mfa_authenticate")).content.decode())
    client.get(reverse("mfa_authenticate"))
    client.post(reverse("mfa_authenticate"), {"credential": key.answer(earlier, load().portal)})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "credential",
    ["[" * 60_000, "[" * 100_000, "", "{}", "[]", "null", '{"response": {"clientDataJSON": "bm9uZQ"}}', "x" * 50],
)
def test_what_is_no_answer_of_a_key_is_told_and_breaks_nothing(key, credential):
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD})
    answer = client.post(reverse("mfa_authenticate"), {"credential": credential})
    assert (answer.status_code, "_auth_user_id" in client.session) == (200, False)


def test_a_key_steps_up_and_the_last_factor_stays(key, ope):
    client = browser("ope", ago=LONG_AGO)
    asked = client.post(reverse("person_close", args=["ann"]))
    page = client.get(reverse("mfa_reauthenticate_webauthn")).content.decode()
    told = {
        "credential": key.answer(options_in(page), load().portal), "next": reverse("person_close", args=["ann"]),
        "act": act_in(page),
    }  # fmt: skip
    assert asked.status_code == 302
    client.post(reverse("mfa_reauthenticate_webauthn"), told)
    assert not Account.objects.get(username="ann").is_active
    held = Authenticator.objects.get(user=ope, type="webauthn")
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=ope, type="totp").exists(), "the key is left"
    client.post(reverse("mfa_remove_webauthn", args=[held.pk]))
    assert Authenticator.objects.filter(pk=held.pk).exists(), "the last one is not taken away"
