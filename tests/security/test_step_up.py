"""Acts that ask for the second factor again, and security keys that answer the portal alone: attacked.

The attacker rides a session that signed in some time ago, knows the password, or has the person's browser open a page
of their own below the portal's name.
"""

from __future__ import annotations

import json
import time
from re import DOTALL, findall
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse

from tests.factories import person, project
from tests.security_key import SecurityKey
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.config.options import load
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.people.step_up import step_up

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long and random password"
LONG_AGO = 301.0
# What cannot be taken back: it lets data out, gives rights, or ends something for good.
DANGEROUS = {
    "airlock_review": {"number": 1},
    "extract_accept": {"code": "frailty", "number": 1},
    "extract_destroy": {"code": "frailty", "number": 1},
    "invite": {},
    "person_close": {"username": "ann"},
    "person_reopen": {"username": "ann"},
    "person_roles": {"username": "ann"},
    "person_second_factor": {"username": "ann"},
    "person_training": {"username": "ann"},
    "project_approve": {"code": "frailty"},
    "project_provision": {"code": "frailty"},
    "registry_password": {},
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


def code(account: Account) -> str:
    key = decrypt(Authenticator.objects.get(user=account, type="totp").data["secret"])
    return totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30))


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
    assert asked | {"invite"} == set(DANGEROUS)  # inviting is asked again when the form is sent


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
    wrong = client.post(asked["Location"], {"code": "000000", "next": reverse("person_roles", args=["ann"])})
    assert wrong.status_code == 200
    assert Account.objects.get(username="ann").role_names() == {"researcher"}
    client.post(asked["Location"], {"code": code(ope), "next": reverse("person_roles", args=["ann"])})
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}
    events = list(Entry.objects.filter(actor="ope").order_by("number").values_list("event", flat=True))
    assert events[-3:] == ["people.second_factor_failed", "people.stepped_up", "people.roles_changed"]
    # For the next five minutes nothing is asked.
    assert client.post(reverse("person_close", args=["ann"]))["Location"] == reverse("person", args=["ann"])


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


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"response": {"clientDataJSON": "bm9uZQ"}}', "x" * 50])
def test_what_is_no_answer_of_a_key_is_told_and_breaks_nothing(key, credential):
    client = Client()
    client.post(reverse("account_login"), {"login": "ope", "password": PASSWORD})
    answer = client.post(reverse("mfa_authenticate"), {"credential": credential})
    assert (answer.status_code, "_auth_user_id" in client.session) == (200, False)


def test_a_key_steps_up_and_the_last_factor_stays(key, ope):
    client = browser("ope", ago=LONG_AGO)
    asked = client.post(reverse("person_close", args=["ann"]))
    page = client.get(reverse("mfa_reauthenticate_webauthn")).content.decode()
    told = {"credential": key.answer(options_in(page), load().portal), "next": reverse("person_close", args=["ann"])}
    assert asked.status_code == 302
    client.post(reverse("mfa_reauthenticate_webauthn"), told)
    assert not Account.objects.get(username="ann").is_active
    held = Authenticator.objects.get(user=ope, type="webauthn")
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=ope, type="totp").exists(), "the key is left"
    client.post(reverse("mfa_remove_webauthn", args=[held.pk]))
    assert Authenticator.objects.filter(pk=held.pk).exists(), "the last one is not taken away"
