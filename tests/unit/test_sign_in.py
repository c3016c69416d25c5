"""Signing in: codes that are good once, attempts that stay counted, and addresses that nobody chooses."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from types import SimpleNamespace

import pytest
import uvicorn
from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from uvicorn.main import main as uvicorn_command

from tests.factories import person
from tre import cli, demonstration, embedded
from tre.config import secrets
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import SettingsError
from tre.people import cache as shared
from tre.people.models import Account, CacheEntry
from tre.people.services import HUB_CLIENT, enrol_totp, register_hub_client

pytestmark = pytest.mark.django_db
STEP = 30
PASSWORD = "a long and random password"


class Clock:
    """The time of every part that asks for it, moved by the test."""

    def __init__(self) -> None:
        self.now = (time.time() // STEP) * STEP + 1

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "time", made)
    return made


@pytest.fixture
def ann(clock) -> Account:
    cache.clear()
    person("ann", "researcher")
    account = Account.objects.get(username="ann")
    enrol_totp(account)
    return account


def code(account: Account, clock: Clock, steps: int = 0) -> str:
    """Return what the account's authenticator app shows, some steps of 30 s from now."""
    key = decrypt(Authenticator.objects.get(user=account).data["secret"])
    return totp.format_hotp_value(totp.hotp_value(key, int(clock.now) // STEP + steps))


def signs_in(typed: str, *, password: str = PASSWORD, **client: str) -> bool:
    """Return whether password and code open a session in a new browser."""
    browser = Client(**client)
    browser.post("/accounts/login/", {"login": "ann", "password": password})
    browser.post("/accounts/2fa/authenticate/", {"code": typed})
    return "_auth_user_id" in browser.session


def test_a_code_is_good_once_for_as_long_as_it_could_be_accepted(ann, clock):
    typed = code(ann, clock, steps=1)
    accepted = []
    for _ in range(4):  # it lies in the window for three steps
        accepted.append(signs_in(typed))
        clock.now += STEP + 1
    assert accepted == [True, False, False, False]


@pytest.mark.parametrize("typed_as", [" {0} ", "{1}-{2}"])
def test_a_used_code_is_known_however_it_is_typed(ann, clock, typed_as):
    used = code(ann, clock, steps=1)
    assert signs_in(used)
    clock.now += STEP + 1
    assert not signs_in(typed_as.format(used, used[:3], used[3:]))


def test_after_a_code_only_later_ones_are_good(ann, clock):
    before, now, after = (code(ann, clock, steps) for steps in (-1, 0, 1))
    assert [signs_in(now), signs_in(before), signs_in(after), signs_in(now)] == [True, False, True, False]


def test_a_new_second_factor_begins_anew(ann, clock):
    assert signs_in(code(ann, clock, steps=1))
    enrol_totp(ann)
    assert signs_in(code(ann, clock))


@pytest.fixture
def lost(monkeypatch, tmp_path):
    """Lose the installation's secrets: each is made anew when it is asked for."""
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(secrets, "load", lambda: load().model_copy(update={"home": tmp_path / "home"}))
    return tmp_path / "home" / "secrets"


def test_a_lost_secret_of_second_factors_is_told_at_the_one_time_code(ann, lost):
    client = Client()
    client.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    answer = client.post("/accounts/2fa/authenticate/", {"code": "123456"})
    assert answer.status_code == 400
    assert "was lost or replaced (secrets/second-factor)" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_lost_secret_of_second_factors_is_told_by_the_verb_that_prints_codes(ann, lost, monkeypatch, capsys):
    monkeypatch.setattr(demonstration, "PEOPLE", (demonstration.Person("ann", ("researcher",), "tests"),))
    assert cli.main(["code", "ann"]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "was lost or replaced (secrets/second-factor)" in told.err


@pytest.mark.parametrize("held", ["", "\n", "00", "g" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_damaged_secret_is_told_and_never_used(lost, held):
    secret("hub-service")
    (lost / "hub-service").write_text(held)
    with pytest.raises(SettingsError, match="damaged"):
        secret("hub-service")


def test_used_codes_are_counted_as_failed_attempts(ann, clock):
    used = code(ann, clock)
    assert signs_in(used)
    assert not any(signs_in(used) for _ in range(6))
    assert not signs_in(code(ann, clock, steps=1))  # allauth's limit: five in five minutes
    clock.now += 301
    assert signs_in(code(ann, clock))


def test_a_person_who_is_signed_in_cannot_use_a_code_again_to_prove_it(ann, clock):
    used = code(ann, clock, steps=1)
    browser = Client()
    browser.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": used})
    clock.now += STEP + 1
    again = browser.post("/accounts/2fa/reauthenticate/", {"code": used})
    assert (again.status_code, "Incorrect code" in again.content.decode()) == (200, True)
    assert browser.post("/accounts/2fa/reauthenticate/", {"code": code(ann, clock, steps=1)}).status_code == 302


def test_who_signs_in_while_others_are_counted_waits_and_is_not_turned_away(ann, clock, monkeypatch):
    """On a busy machine the counts of many who sign in from one address wait for each other."""
    request = RequestFactory().post("/accounts/login/")
    (rate,) = ratelimit.get_rates(app="allauth.account", action="login")
    held = ratelimit.get_cache_key(request, app="allauth.account", action="login", rate=rate) + ":lock"
    assert cache.add(held, True, timeout=None)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(5.0)
        if len(waited) == 2:
            cache.delete(held)

    patient = SimpleNamespace(time=time.time, monotonic=lambda: sum(waited), sleep=sleep)
    monkeypatch.setattr(ratelimit, "time", patient)
    assert signs_in(code(ann, clock))
    assert len(waited) == 2


def test_who_waits_for_a_lock_writes_nothing_meanwhile(db):
    """They ask again and again, and where one writes at a time they would keep its holder from letting go."""
    assert cache.add("a lock", True)
    with CaptureQueriesContext(connection) as asked:
        assert not cache.add("a lock", True)
    assert [each["sql"].split()[0] for each in asked] == ["SELECT"]


def test_a_hospital_behind_one_address_may_sign_in(ann, clock):
    """allauth's own limit of thirty in a minute would turn its people away."""
    answers = [Client().post("/accounts/login/", {"login": "ann", "password": PASSWORD}) for _ in range(40)]
    assert {(each.status_code, each["Location"]) for each in answers} == {(302, "/accounts/2fa/authenticate/")}


def test_checking_the_hubs_own_secret_takes_no_password_s_time(db):
    """It is checked at each sign-in at the Hub, in a transaction; what was registered before is renewed."""
    client = register_hub_client("http://hub.example/callback")
    assert PBKDF2PasswordHasher().decode(client.secret)["iterations"] == 1
    assert [client.check_secret(each) for each in (secret("hub-oidc"), secret("hub-oidc")[:-1], "")] == [
        True,
        False,
        False,
    ]
    kept = type(client).objects
    kept.filter(pk=client.pk).update(secret=make_password(secret("hub-oidc"), hasher="pbkdf2_sha256"))
    assert register_hub_client("http://hub.example/callback").secret == client.secret
    assert kept.get(pk=client.pk).secret == client.secret


def test_a_flood_does_not_make_the_portal_forget_whom_it_slows_down(ann, clock):
    for _ in range(5):
        assert not signs_in("000000", password="wrong")
    for number in range(700):  # each address that fails to sign in leaves one entry
        cache.set(f"allauth:rl:allauth.account:login_failed:10/60/ip:ip:10.1.{number // 250}.{number % 250}", [1.0], 60)
    assert not signs_in(code(ann, clock))
    clock.now += 301
    assert signs_in(code(ann, clock))


def test_a_header_does_not_choose_the_address_that_is_counted(ann, clock):
    for number in range(31):  # of 120 sign-ins in a minute from one address thirty may fail
        Client().post(
            "/accounts/login/",
            {"login": f"x{number}", "password": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert not signs_in(code(ann, clock), headers={"X-Forwarded-For": "10.0.1.1"})
    assert signs_in(code(ann, clock), REMOTE_ADDR="10.0.1.1")


@pytest.mark.parametrize(
    ("proxies", "header", "counted"),
    [
        (0, "10.0.0.1, 10.0.0.2", "127.0.0.1"),
        (1, "10.0.0.1, 10.0.0.2", "10.0.0.2"),
        (2, "10.0.0.1, 10.0.0.2", "10.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_address_is_what_the_proxies_one_trusts_saw(settings, proxies, header, counted):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory(headers={"X-Forwarded-For": header}).get("/")
    assert get_adapter(request).get_client_ip(request) == counted


def test_the_portal_hands_on_the_address_that_called(monkeypatch):
    """As the supervisor starts it: the server itself, not Django, once took the caller's word."""
    argv = next(each.argv for each in embedded.services(load()) if each.name == "portal")
    told = uvicorn_command.make_context("uvicorn", list(argv[3:])).params
    seen: list[tuple[str, int]] = []

    async def application(scope, receive, send) -> None:
        seen.append(scope["client"])

    config = uvicorn.Config(application, proxy_headers=told["proxy_headers"], lifespan="off", log_config=None)
    config.load()
    scope = {"type": "http", "client": ("127.0.0.1", 5), "headers": [(b"x-forwarded-for", b"10.0.0.9")]}
    asyncio.run(config.loaded_app(scope, None, None))
    assert seen == [("127.0.0.1", 5)]


def test_the_cache_keeps_adds_touches_and_forgets(clock):
    cache.clear()
    assert cache.add("a", [1.5, 2.25], 10)
    assert not cache.add("a", "other", 10)
    assert cache.get("a") == [1.5, 2.25]
    cache.set("a", {"n": True}, 10)
    clock.now += 9
    assert cache.touch("a", 10)
    clock.now += 9
    assert cache.get("a") == {"n": True}
    clock.now += 2
    assert cache.get("a", "gone") == "gone"
    assert not cache.touch("a", 10)
    assert cache.add("a", "anew", 10)
    assert (cache.delete("a"), cache.delete("a")) == (True, False)
    cache.set("b", None, None)
    clock.now += 10**8
    assert ("b" in cache, cache.get("b", "other")) == (True, None)


def test_the_cache_is_in_the_database_where_every_process_finds_it_and_no_key_is_told(clock):
    cache.clear()
    cache.set("code-of-ann", "y", 10)
    kept = CacheEntry.objects.get()
    assert (kept.value, "ann" in kept.key) == ('"y"', False)
    with pytest.raises(TypeError):
        cache.set("object", object(), 10)  # what is not JSON is not kept: reading it back would run code


def test_what_is_over_is_swept_and_what_lives_never_is(clock):
    cache.clear()
    for number in range(shared._SWEPT + 50):
        cache.set(f"short {number}", number, 5)
    for number in range(50):
        cache.set(f"long {number}", number, 500)
    clock.now += 6
    cache.set("one", 1, 500)
    cache.add("two", 2, 500)
    assert CacheEntry.objects.count() == 52
    assert [cache.get(f"long {number}") for number in range(50)] == list(range(50))


def test_the_hub_signs_a_person_in_with_a_code_that_is_good_once(ann, clock):
    back = f"{load().hub}/hub/oauth_callback"
    register_hub_client(back)
    browser = Client()
    browser.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code(ann, clock)})
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": HUB_CLIENT, "response_type": "code", "redirect_uri": back, "scope": "openid profile",
        "state": "s", "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    sent = browser.get("/identity/o/authorize", asked)
    assert sent.status_code == 302
    granted = sent.headers["Location"].split("code=")[1].split("&")[0]
    exchange = {
        "grant_type": "authorization_code", "code": granted, "redirect_uri": back, "code_verifier": verifier,
        "client_id": HUB_CLIENT, "client_secret": secret("hub-oidc"),
    }  # fmt: skip
    first, second = (Client().post("/identity/o/api/token", exchange) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 400)
    token = json.loads(first.content)["access_token"]
    told = Client().get("/identity/o/api/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert told.json()["preferred_username"] == "ann"
