"""What somebody outside may try, each attempt under its name and with what stops it.

Each docstring is one row of docs/red-team.md: the attempt, then "Stopped by" and what it meets.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from re import findall
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client as OidcClient
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.cache import cache
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client

from tests.addresses import ANYONE, RULES, SIGNED_IN, TOKEN, address
from tests.factories import as_seen_now, person, project
from tests.unit.test_addresses import everything
from tests.unit.test_pages import browser
from tre.config.options import load
from tre.config.secrets import secret
from tre.people import administration, invitations
from tre.people.models import Account
from tre.people.services import HUB_CLIENT, enrol_totp, register_hub_client
from tre.privacy.models import Spend
from tre.privacy.services import reserve
from tre.projects.models import Extract, Project
from tre.workspace.services import close_workspace, open_workspace

pytestmark = pytest.mark.django_db
PASSWORD = "a long and random password"
BACK = f"{load().hub}/hub/oauth_callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "http:evil.example", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "https://localhost:8400@evil.example",
    " https://evil.example", "%2f%2fevil.example", "/%0d%0aSet-Cookie:a=b",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_is_slowed_down():
    cache.clear()


@pytest.fixture
def ann() -> Account:
    person("ann", "researcher")
    account = Account.objects.get(username="ann")
    enrol_totp(account)
    return account


@pytest.fixture
def house(ann) -> Project:
    for name, role in (("bob", "researcher"), ("cat", "output_checker"), ("ope", "operator"), ("mia", "data_manager")):
        person(name, role)
    project("asthma", "bob")
    return project("frailty", "ann")


def code(account: Account) -> str:
    key = decrypt(Authenticator.objects.get(user=account, type="totp").data["secret"])
    return totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30))


def sign_in(account: Account, client: Client | None = None, **told: str) -> Client:
    """Return a browser in which the person signed in by password and code, as people do."""
    client = client or Client()
    client.post("/accounts/login/", {"login": account.username, "password": PASSWORD, **told})
    client.post("/accounts/2fa/authenticate/", {"code": code(account)})
    return client


def leads_away(answer: Any) -> bool:
    """Return whether an answer sends the browser to another host."""
    place = urlsplit(answer.headers.get("Location", ""))
    return bool(place.netloc or place.scheme) or ("evil.example" in place.path.lower() and place.path.startswith("//"))


# Redirects


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_link_to_sign_in_that_leads_elsewhere_afterwards(ann, target):
    """Send a person a true link to sign in, whose ``next`` is another site, in thirteen spellings.

    Stopped by: only a path of the portal is followed; each other ends at the start page.
    """
    client = Client()
    client.post(f"/accounts/login/?{urlencode({'next': target})}", {"login": "ann", "password": PASSWORD})
    answer = client.post(f"/accounts/2fa/authenticate/?{urlencode({'next': target})}", {"code": code(ann)})
    assert answer.status_code == 302
    assert not leads_away(answer)
    assert not {"\r", "\n"} & set(answer["Location"])


def test_a_link_to_sign_out_that_leads_elsewhere(ann):
    """Send a person a link to sign out whose ``next`` is another site.

    Stopped by: only a path of the portal is followed.
    """
    for target in ELSEWHERE:
        answer = browser("ann").post(f"/accounts/logout/?{urlencode({'next': target})}", {"next": target})
        assert answer.status_code == 302
        assert not leads_away(answer)


@pytest.mark.parametrize("uri", ["https://evil.example/", "http://localhost:8400.evil.example/", BACK + "x"])
def test_a_sign_out_at_the_provider_that_leads_elsewhere(ann, uri):
    """Use the provider's own sign-out (``post_logout_redirect_uri``) as an open redirect.

    Stopped by: an address that the Hub did not register is not followed.
    """
    register_hub_client(BACK)
    told = {"client_id": HUB_CLIENT, "post_logout_redirect_uri": uri}
    client = browser("ann")
    for answer in (client.get("/identity/o/logout", told), client.post("/identity/o/logout", told)):
        assert uri not in answer.headers.get("Location", "")


# The OpenID provider


def asked(**changes: str | None) -> dict[str, str]:
    """Return what the Hub asks for, with changes; None leaves one out."""
    told: dict[str, str | None] = {
        "client_id": HUB_CLIENT, "response_type": "code", "redirect_uri": BACK, "scope": "openid profile",
        "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def exchange(granted: str, **changes: str | None) -> Any:
    told: dict[str, str | None] = {
        "grant_type": "authorization_code", "code": granted, "redirect_uri": BACK, "code_verifier": VERIFIER,
        "client_id": HUB_CLIENT, "client_secret": secret("hub-oidc"), **changes,
    }  # fmt: skip
    return Client().post("/identity/o/api/token", {name: value for name, value in told.items() if value is not None})


@pytest.fixture
def hub(ann) -> Client:
    """A browser in which ann is signed in, and a Hub that the provider knows."""
    register_hub_client(BACK)
    return browser("ann")


def code_for(client: Client, **changes: str | None) -> str:
    answer = client.get("/identity/o/authorize", asked(**changes))
    return parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", [""])[0]


def test_the_hub_itself_is_given_what_it_asks_for(hub):
    assert exchange(code_for(hub)).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/hub/oauth_callback", BACK + "/", BACK + "x", BACK + "/../evil", BACK + "?a=b",
        BACK + "#fragment", BACK.replace("http://", "https://"), BACK.replace("http://", "http://evil@"),
        BACK.replace("://", "://evil."), BACK.replace("/hub/", ".evil.example/hub/"), BACK.upper(),
        BACK.replace(":8401", ":8402"), BACK.replace(":8401", ""), "http://127.0.0.1:9/hub/oauth_callback", "*", "",
        BACK + "\r\nLocation: https://evil.example", "javascript:alert(1)", "/hub/oauth_callback",
    ],
)  # fmt: skip
def test_a_sign_in_whose_code_goes_elsewhere(hub, uri):
    """Have the code of a person's sign-in sent to another address (``redirect_uri``), in nineteen spellings.

    Stopped by: the address must be the registered one, sign by sign; else the person is told, and sent nowhere.
    """
    answer = hub.get("/identity/o/authorize", asked(redirect_uri=uri))
    assert "code=" not in answer.headers.get("Location", "")
    assert answer.status_code == 403


def test_two_addresses_for_the_code(hub):
    """Give ``redirect_uri`` twice, so that two readers may each take another one.

    Stopped by: a parameter that stands twice is refused, in either order.
    """
    register_hub_client(BACK)
    evil = urlencode({"redirect_uri": "https://evil.example/"})
    for query in (f"{urlencode(asked())}&{evil}", f"{evil}&{urlencode(asked())}"):
        answer = hub.get(f"/identity/o/authorize?{query}")
        assert "evil" not in answer.headers.get("Location", "")
        assert "code=" not in answer.headers.get("Location", "")


def test_a_code_used_twice(hub):
    """Use a code that was used already, taken from a history or a log.

    Stopped by: a code is good once, for a minute.
    """
    granted = code_for(hub)
    assert [exchange(granted).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43}, {"code_verifier": None}, {"code_verifier": ""}, {"code_verifier": CHALLENGE},
    ],
)  # fmt: skip
def test_a_stolen_code_without_its_verifier(hub, changes):
    """Use a stolen code, even with the Hub's secret, without the verifier of the browser that asked.

    Stopped by: PKCE: the code is bound to the challenge that it was asked for with.
    """
    assert exchange(code_for(hub), **changes).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None}, {"code_challenge_method": "plain"},
        {"code_challenge_method": None}, {"code_challenge": ""}, {"code_challenge_method": "s256"},
    ],
)  # fmt: skip
def test_a_sign_in_with_the_challenge_taken_away(hub, changes):
    """Downgrade PKCE: leave the challenge out, or ask for ``plain``, to put one's own code into another's sign-in.

    Stopped by: the provider gives no code without a challenge by SHA-256.
    """
    assert code_for(hub, **changes) == ""


@pytest.mark.parametrize("changes", [{"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}])
def test_a_code_exchanged_for_another_address(hub, changes):
    """Exchange a code under another ``redirect_uri`` than it was given for.

    Stopped by: both must be the same.
    """
    assert exchange(code_for(hub), **changes).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"client_secret": "wrong"}, {"client_secret": None}, {"client_secret": ""}, {"client_id": "nobody"}],
)
def test_a_code_exchanged_by_who_is_not_the_hub(hub, changes):
    """Exchange a code without the Hub's secret, or as a client that nobody registered.

    Stopped by: the token endpoint asks for the client's secret.
    """
    assert exchange(code_for(hub), **changes).status_code in {400, 401}


def test_a_code_of_one_client_used_by_another(hub):
    """Mix clients up: another client, with a good secret of its own, uses the Hub's code.

    Stopped by: a code is its client's.
    """
    OidcClient.objects.create(id="other", name="Other", redirect_uris=BACK, scopes="openid", secret=make_password("x"))
    assert exchange(code_for(hub), client_id="other", client_secret="x").status_code in {400, 401}


@pytest.mark.parametrize("kind", ["token", "id_token", "id_token token", "code token", "none", ""])
def test_a_token_in_the_address(hub, kind):
    """Ask for a token in the address itself (the implicit and hybrid flows), where scripts and logs read it.

    Stopped by: the Hub is registered for codes alone.
    """
    place = hub.get("/identity/o/authorize", asked(response_type=kind)).headers.get("Location", "")
    assert "token=" not in place
    assert "code=" not in place


@pytest.mark.parametrize("grant", ["password", "client_credentials", "refresh_token", "implicit",
                                   "urn:ietf:params:oauth:grant-type:device_code"])  # fmt: skip
def test_a_token_by_another_grant(hub, grant):
    """Ask the token endpoint for a token by a grant that needs no person: password, client credentials, device.

    Stopped by: the Hub is registered for codes alone.
    """
    told = {"username": "ann", "password": PASSWORD, "refresh_token": "x", "device_code": "x"}
    assert exchange("x", grant_type=grant, **told).status_code in {400, 401}


def test_a_device_that_a_person_is_talked_into_confirming(hub):
    """Begin a device's sign-in and have a person type its code, or post the confirmation from another page.

    Stopped by: there is no device flow: both addresses are closed.
    """
    told = {"client_id": HUB_CLIENT, "scope": "openid"}
    assert Client().post("/identity/o/api/device/code", told).status_code in {302, 404}
    assert hub.get("/identity/o/device", {"code": "ABCD-EFGH"}).status_code == 404
    assert hub.post("/identity/o/device?code=ABCD-EFGH", {"action": "confirm"}).status_code == 404


@pytest.mark.parametrize("scope", ["openid email", "openid profile email offline_access", "openid admin", "*"])
def test_more_about_a_person_than_the_hub_may_know(hub, scope):
    """Ask for more scopes than the Hub is registered with.

    Stopped by: scopes beyond the registered ones are refused.
    """
    assert code_for(hub, scope=scope) == ""


def test_a_code_for_a_password_alone(hub):
    """Come to the provider with a password and no second factor.

    Stopped by: nobody who is signed in goes anywhere without a second factor, the provider included.
    """
    half = browser("ann", second_factor=False)
    assert "code=" not in half.get("/identity/o/authorize", asked()).headers["Location"]
    for prompt in ("none", "login", "none login"):
        for client in (Client(), half):
            assert "code=" not in client.get("/identity/o/authorize", asked(prompt=prompt)).headers.get("Location", "")


def test_an_id_token_for_somebody_else(hub):
    """Use an ID token at another client, or one that somebody else signed, or with ``alg`` none.

    Stopped by: it names the Hub as its audience, the portal as its issuer and the browser's nonce, and is signed by the
    portal's key, which a client that checks as the standard says holds it to.
    """
    token = exchange(code_for(hub)).json()["id_token"]
    [key] = Client().get("/.well-known/jwks.json").json()["keys"]
    public = jwt.PyJWK(key).key
    told = jwt.decode(token, public, algorithms=["RS256"], audience=HUB_CLIENT)
    assert told["nonce"] == "n"
    assert told["amr"] == ["pwd", "mfa"]
    assert told["exp"] - told["iat"] <= 600
    assert told["iss"] == "http://testserver", "which is the portal's own name wherever it answers to no other"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, public, algorithms=["RS256"], audience="other")
    unsigned = jwt.encode({**told}, "", algorithm="none")
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(unsigned, public, algorithms=["RS256"], audience=HUB_CLIENT)
    for forged in (unsigned, token, "null", ""):
        answer = Client().get("/identity/o/api/userinfo", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


def test_an_access_token_at_the_portal(hub):
    """Use an access token of the provider, which the Hub holds, at the portal's pages and its interfaces.

    Stopped by: pages know a session's cookie alone, interfaces a workspace's or the Hub's own token alone.
    """
    token = exchange(code_for(hub)).json()["access_token"]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.get("/account/")["Location"].startswith("/accounts/login/")
    assert client.get("/api/workspace/me").status_code == 403
    assert client.post("/api/hub/open", {}, content_type="application/json").status_code == 403


def test_an_access_token_of_who_was_let_go(hub):
    """Use a code or an access token after the account was closed.

    Stopped by: neither is good any more.
    """
    token, granted = exchange(code_for(hub)).json()["access_token"], code_for(hub)
    Account.objects.filter(username="ann").update(is_active=False)
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/identity/o/api/userinfo", headers=headers).status_code in {401, 403}
    assert exchange(granted).status_code in {400, 401}


# Sessions and cookies


def test_a_session_that_was_fixed_before_the_sign_in(ann):
    """Plant a session of one's own in a person's browser, and wait for them to sign in with it.

    Stopped by: the session gets a new key at the sign-in, and the planted one stays nobody's.
    """
    attacker, victim = Client(), Client()
    attacker.get("/accounts/login/")
    session = attacker.session
    session["planted"] = True
    session.save()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    victim.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(ann, victim)
    assert victim.get("/account/").status_code == 200
    assert victim.session.session_key != session.session_key
    assert attacker.get("/account/").status_code == 302


def test_a_session_half_way_to_the_second_factor(ann):
    """Give the password and go straight to a page, or set the half-made session's marks by guessing.

    Stopped by: until the second factor is given nobody is signed in.
    """
    client = Client()
    client.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    for path in ("/account/", "/projects/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/"):
        assert client.get(path)["Location"].startswith("/accounts/login/"), path


@pytest.mark.parametrize("key", ["", "a", "a" * 32, "../../../etc/passwd", "' OR 1=1 --", "0" * 5000, "\x00"])
def test_a_session_s_key_that_is_made_up(ann, key):
    """Guess or make up a session's key.

    Stopped by: keys are random, kept in the database, and one that is not there is nobody's.
    """
    client = Client(headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
    assert client.get("/account/").status_code == 302


def test_a_session_after_its_sign_out(ann):
    """Use a cookie that was copied before its person signed out, or changed the password, or was let go.

    Stopped by: a session that ended is taken out of the database; a changed password ends the others.
    """
    for end in ("sign out", "password", "closed"):
        cache.clear()
        client, thief = browser("ann"), Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key
        assert thief.get("/account/").status_code == 200
        if end == "sign out":
            client.post("/accounts/logout/")
        elif end == "password":
            ann.refresh_from_db()
            ann.set_password("another password altogether")
            ann.save()
        else:
            person("ope", "operator")
            administration.close("ann", as_seen_now("ope"))
        assert thief.get("/account/").status_code == 302, end


def test_a_cookie_that_scripts_and_other_sites_can_use(ann):
    """Read the session's cookie by script, or have another site send it with a form.

    Stopped by: it is HttpOnly and SameSite=Lax; behind HTTPS it is Secure and bound to the host by its name (__Host-).
    """
    cookie = sign_in(ann).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["domain"] == ""
    assert cookie["path"] == "/"
    assert "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https" in settings_source()


def settings_source() -> str:
    from tre.config import settings as module

    with open(module.__file__) as file:
        return file.read()


# Forged requests


def forms() -> list[str]:
    """Return the address of every form of the portal."""
    return [
        address(route)
        for route, rule in RULES.items()
        if rule.method != "GET" and rule.who in (ANYONE, SIGNED_IN, "")
    ]  # fmt: skip


def test_a_form_on_another_site(house):
    """Have a signed-in person's browser send any of the portal's forms from another page, without the form's token.

    Stopped by: every form asks for its token (Django's CSRF protection); nothing is exempt but what needs a program's
    token, and the sign-out of the provider, which asks.
    """
    for who in ("ope", "mia", "ann"):
        client = browser(who, enforce_csrf_checks=True)
        before = everything()
        for path in forms():
            answer = client.post(path, {"reason": "x", "action": "confirm"})
            assert answer.status_code in {403, 405} or path == "/identity/o/logout", path
        assert everything() == before


@pytest.mark.parametrize("token", ["", "x", "another"])
def test_a_form_with_another_s_token(house, token):
    """Send a form with a token that is empty, made up, or of another browser.

    Stopped by: the token must fit the secret of the browser's own cookie.
    """
    client = browser("ope", enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = _get_new_csrf_string()
    sent = _get_new_csrf_string() if token == "another" else token
    answer = client.post("/people/ann/close", {"csrfmiddlewaretoken": sent})
    assert answer.status_code == 403
    assert Account.objects.get(username="ann").is_active


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://ann.hub.localhost:8401", "http://localhost:9", "http://localhost"],
)
def test_a_form_with_a_stolen_token_from_another_origin(house, origin):
    """Send a form with its good token from a notebook's page, another port, or a page without an origin.

    Stopped by: the origin that the browser tells must be the portal's.
    """
    client = browser("ope", enforce_csrf_checks=True)
    good = _get_new_csrf_string()
    client.cookies[settings.CSRF_COOKIE_NAME] = good
    told = {"csrfmiddlewaretoken": good}
    assert client.post("/people/ann/close", told, headers={"Origin": origin}).status_code == 403
    assert Account.objects.get(username="ann").is_active
    assert client.post("/people/ann/close", told).status_code == 302, "from its own page it is done"


def test_an_act_by_following_a_link(house):
    """Have a person follow a link, or a page load a picture, that does something.

    Stopped by: what changes something is done by POST alone; signing out asks first.
    """
    client = browser("ope")
    before = everything()
    for route, rule in RULES.items():
        if rule.method == "POST":
            assert client.get(address(route)).status_code in {400, 403, 404, 405}, route
            assert client.head(address(route)).status_code in {400, 403, 404, 405}, route
    client.get("/accounts/logout/")
    assert client.get("/account/").status_code == 200
    assert everything() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "MOVE"])
def test_a_method_that_no_page_has(house, method):
    """Ask by a method that a check may not have thought of.

    Stopped by: each view names its methods; no other answers.
    """
    client = browser("ope")
    before = everything()
    for route in RULES:
        status = client.generic(method, address(route)).status_code
        assert status in {302, 400, 401, 403, 404, 405} or route.startswith(("accounts/", "identity/o/logout")), (
            route,
            status,
        )
    assert client.get("/account/").status_code == 200 or method == "DELETE"
    assert everything() == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_in_a_header(house, header):
    """Turn a link into a form by a header or a field that names another method.

    Stopped by: neither is read.
    """
    client = browser("ope")
    assert client.get("/people/ann/close", headers={header: "POST"}).status_code == 405
    assert client.get("/people/ann/close?_method=POST").status_code == 405
    assert Account.objects.get(username="ann").is_active


# Names and headers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=https"},
        {"X-Host": "evil.example"}, {"X-Forwarded-Server": "evil.example"}, {"X-Forwarded-Port": "1"},
        {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Prefix": "/evil.example"},
    ],
)  # fmt: skip
def test_a_mail_whose_link_leads_elsewhere(ann, headers):
    """Ask for a link to reset a password under headers that name another host, so that the mail leads there.

    Stopped by: no such header names the portal; links bear the configured name.
    """
    Client(headers=headers).post("/accounts/password/reset/", {"email": "ann@example.org"})
    assert f"{load().portal}/accounts/password/reset/key/" in str(mail.outbox[-1].body)
    assert "evil.example" not in str(mail.outbox[-1].body)
    configuration = Client(headers=headers).get("/.well-known/openid-configuration").content.decode()
    assert "evil.example" not in configuration


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Accel-Redirect", "X-Forwarded-Uri"])
def test_an_address_in_a_header(house, header):
    """Ask for a public address, with one that is not in a header which some proxies and frameworks follow.

    Stopped by: the address of the request is the one that is asked.
    """
    answer = Client(headers={header: "/audit/"}).get("/register/")
    assert "audit log" not in answer.content.decode().lower()
    assert browser("ann").get("/account/", headers={header: "/people/"}).status_code == 200


@pytest.mark.parametrize(
    "header", ["Remote-User", "X-Remote-User", "X-Forwarded-User", "X-User", "X-Auth-Request-User"]
)
def test_a_person_named_in_a_header(house, header):
    """Say in a header who one is, as a proxy in front would.

    Stopped by: no header says who anybody is.
    """
    assert Client(headers={header: "ope"}).get("/people/").status_code == 302
    assert Client(REMOTE_USER="ope").get("/people/").status_code == 302
    assert browser("ann").get("/people/", headers={header: "ope"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/people//", "/./people/", "/projects/../people/", "/%2e%2e/people/", "/people/..;/", "/people/;a",
        "/people%2f", "/PEOPLE/", "/people/.json", "/people/?format=json", "/people/%00", "/people/#x",
        "/register/../people/", "/static/../people/", "/static/..%2fpeople/", "/projects/frailty%2f..%2fasthma/",
        "/projects/asthma", "/projects/asthma//", "/projects/ASTHMA/", "/projects/asthma%00/", "/projects/asthma.html",
    ],
)  # fmt: skip
def test_an_address_spelled_another_way(house, path):
    """Spell an address so that a check reads another one than is answered: dots, slashes, case, semicolons, null bytes.

    Stopped by: each view asks the decision point itself, whichever spelling led to it; most lead nowhere.
    """
    answer = browser("ann").get(path, follow=True)
    assert answer.status_code in {400, 403, 404}, (path, answer.status_code)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../tre.toml", "/static/%2e%2e/%2e%2e/etc/passwd", "/static//etc/passwd", "/static/..%5c..%5cetc",
        "/static/tre/../../../secrets/django", "/.git/config", "/.env", "/secrets/django", "/db/tre.sqlite3",
        "/static/tre/tre.css%00.py", "/media/", "/admin/", "/static/",
    ],
)  # fmt: skip
def test_a_file_of_the_platform(house, path):
    """Ask for a file of the platform by its path: settings, secrets, the database, the repository.

    Stopped by: only the static files of two folders are served, by their names.
    """
    for client in (Client(), browser("ope")):
        answer = client.get(path)
        assert answer.status_code in {302, 400, 403, 404}, path
        assert secret("django").encode() not in b"".join(answer)


# Bodies


@pytest.mark.parametrize("body", ["[" * 200_000, '{"a":' * 100_000, "\xff\xfe", "null", "1", '"x"', "", "NaN", "{" * 9])
def test_a_body_that_breaks_its_reader(house, body):
    """Send a program's interface what is no object, or nested without end.

    Stopped by: one sentence and 403, with nothing done.
    """
    for token, paths in ((secret("hub-service"), ("open", "close")),):
        for path in paths:
            answer = Client().post(
                f"/api/hub/{path}", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 403, body[:9]
            assert "JSON object" in answer.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "application/json"])  # fmt: skip
def test_a_body_of_another_kind(house, kind):
    """Send a program's interface a body that a form on another site can send, with a signed-in browser.

    Stopped by: no cookie counts there; each asks for its token.
    """
    body = json.dumps({"username": "ann", "project": "frailty"})
    for path in ("/api/hub/open", "/api/workspace/budget/reserve", "/api/gate/sent", "/api/workspace/requests"):
        assert browser("ann").generic("POST", path, body, content_type=kind).status_code == 403, path


def test_a_body_without_end(house):
    """Fill memory with a body, or with fields without number.

    Stopped by: 8 MB and 1,000 fields are read of what is no file, and no more.
    """
    client = browser("ope")
    fields = urlencode({f"f{number}": "x" for number in range(2000)})
    kind = "application/x-www-form-urlencoded"
    assert client.generic("POST", "/people/invite", fields, content_type=kind).status_code == 400
    assert client.generic("POST", "/people/invite", "a=" + "x" * (9 << 20), content_type=kind).status_code in {400, 413}
    assert client.generic("POST", "/people/invite", b"x", content_type="multipart/form-data").status_code == 400


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7919*7919}}{% debug %}"]
)
def test_markup_in_what_is_shown_again(house, text):
    """Have a page show one's own markup or template: in a search, or in a project's title.

    Stopped by: templates escape everything, nothing is a template that came from outside, and no page runs a script
    that is not the portal's own file.
    """
    Project.objects.filter(code="frailty").update(title=text)
    person("aud", "auditor")
    for who, path in (
        ("ann", "/projects/frailty/"), ("ann", "/policies/"), ("ann", "/register/"),
        ("ope", f"/people/?{urlencode({'q': text})}"),
        ("aud", f"/audit/?{urlencode({'q': text})}"), ("ann", f"/catalogue/?{urlencode({'q': text})}"),
        ("ann", f"/accounts/login/?{urlencode({'next': text})}"),
    ):  # fmt: skip
        answer = browser(who).get(path)
        page = answer.content.decode()
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "62710561" not in page, path  # so many digits that no token of a form holds them by chance


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%' OR '1'='1", "_", "%", "\\", "x'; DROP TABLE people_account; --"])
def test_a_question_to_the_database_in_a_search(house, text):
    """Put a piece of SQL, or a pattern that matches all, into a search.

    Stopped by: values are bound, never written into a query, and patterns are escaped.
    """
    found = browser("ope").get("/people/", {"q": text}).content.decode()
    assert "/people/ann/" not in found
    assert Account.objects.filter(username="ann").exists()


# Interfaces of programs


@dataclass
class Rooms:
    """Two open workspaces, each with its token and project."""

    token: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def rooms(house) -> Rooms:
    made = Rooms()
    for who, name in (("ann", "frailty"), ("bob", "asthma")):
        found = Project.objects.get(code=name)
        Extract.objects.create(project=found, number=1, asked_by="x", ready=True, persons=9, manifest={"tables": []})
        made.token[who] = open_workspace(who, name).token
    return made


def as_program(token: str, scheme: str = "Bearer") -> Client:
    return Client(headers={"Authorization": f"{scheme} {token}"})


INTERFACES = [address(route) for route, rule in RULES.items() if rule.who == TOKEN and route.startswith("api/")]


def test_an_interface_without_its_token(rooms):
    """Ask a program's interface with no token, a made-up one, another scheme, in the address or in a cookie.

    Stopped by: each asks for its own token in the Authorization header, and compares it whole.
    """
    good = rooms.token["ann"]
    clients = [Client(), as_program(""), as_program("x" * 64), as_program(good, "Basic"), as_program(good, "bearer"),
               as_program(good[:-1]), as_program(good + "0"), as_program(" " + good), browser("ann")]  # fmt: skip
    before = everything()
    for path in INTERFACES:
        for client in clients:
            client.cookies["token"] = good
            for ask in (client.get, client.post):
                answer = ask(f"{path}?token={good}&access_token={good}")
                assert answer.status_code in {401, 403, 405, 429}, path
    assert everything() == before


def test_a_token_of_another_kind(rooms):
    """Use a workspace's token at the Hub's interface, and the Hub's secret at a workspace's.

    Stopped by: each interface knows its own kind alone.
    """
    assert as_program(rooms.token["ann"]).post("/api/hub/open", {}, "application/json").status_code == 403
    for name in ("hub-service", "hub-oidc", "hub-proxy", "registry-deployer", "django"):
        assert as_program(secret(name)).get("/api/workspace/me").status_code == 403, name


def test_a_token_of_another_workspace(rooms):
    """Ask with one's own workspace's token for another project: its tables, its requests, its budget.

    Stopped by: what is asked about is the token's own project; nothing in the request names another.
    """
    told = {"project": "asthma", "code": "asthma", "username": "bob"}
    client = as_program(rooms.token["ann"])
    assert client.get("/api/workspace/me", told).json()["project"] == "frailty"
    spend = reserve(
        Project.objects.get(code="asthma"), epsilon="0.1", delta="0", purpose="x", actor=as_seen_now("bob"), once="o"
    )
    assert client.post(f"/api/workspace/budget/{spend.pk}/commit", told).status_code in {400, 403, 404}
    assert Spend.objects.get(pk=spend.pk).state == "reserved"
    assert client.get("/api/workspace/requests", told).json() == {"requests": []}


def test_a_token_of_a_workspace_that_is_closed(rooms):
    """Use a workspace's token after it was closed, or opened anew.

    Stopped by: a closed workspace's token is nobody's.
    """
    from tre.workspace.models import WorkspaceSession

    close_workspace(WorkspaceSession.objects.get(account__username="bob").pk)
    open_workspace("ann", "frailty")
    for token in rooms.token.values():
        assert as_program(token).get("/api/workspace/me").status_code == 403


# What pages say of themselves


def pages() -> list[str]:
    return [address(route) for route, rule in RULES.items() if rule.method != "POST" and rule.who != TOKEN]


def test_a_page_in_a_frame_or_with_a_script_of_another(house):
    """Frame a page to have its buttons clicked, load a script into it, have its kind guessed, or read its address.

    Stopped by: every answer, errors too, has a policy without frames, inline scripts or other origins, X-Frame-Options,
    nosniff and a referrer policy.
    """
    clients = (Client(), browser("ope"))
    for client, path in ((client, path) for client in clients for path in (*pages(), "/nothing-here/")):
        answer = client.get(path)
        policy = dict(each.split(" ", 1) for each in answer["Content-Security-Policy"].split("; "))
        assert policy["frame-ancestors"] == policy["default-src"] == policy["base-uri"] == "'none'", path
        assert policy["script-src"] == "'self'", path
        assert "unsafe" not in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert "Access-Control-Allow-Origin" not in answer or path.startswith("/.well-known/"), path


def test_a_page_out_of_a_cache(house):
    """Read what another person saw from a cache: the browser's, after they left, or a proxy's.

    Stopped by: nothing that a signed-in person is shown may be stored.
    """
    client = browser("ope")
    for path in pages():
        assert "no-store" in client.get(path).headers.get("Cache-Control", ""), path


# Names of people and their passwords


def sayings(answer: Any) -> str:
    """Return a page without what differs each time."""
    from re import sub

    return sub(r'value="[^"]*"', "", answer.content.decode())


def test_which_names_have_an_account_by_signing_in(house):
    """Find out who has an account from what the sign-in says of a wrong password and of a name that is nobody's.

    Stopped by: both are told the same, and a password is hashed for both, so that neither takes longer.
    """
    answers = [
        Client().post("/accounts/login/", {"login": name, "password": "wrong"}) for name in ("ann", "nobodyhere")
    ]
    assert answers[0].status_code == answers[1].status_code == 200
    assert sayings(answers[0]) == sayings(answers[1])


def test_which_names_have_an_account_by_the_time_it_takes(house, monkeypatch):
    """Measure how long a wrong sign-in takes, for a name that there is and one that there is not.

    Stopped by: a password is hashed for both.
    """
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    real = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    counts = []
    for name in ("ann", "nobodyhere"):
        hashed.clear()
        Client().post("/accounts/login/", {"login": name, "password": "wrong"})
        counts.append(len(hashed))
    assert counts[0] == counts[1] > 0


def test_which_addresses_have_an_account_by_a_reset(house):
    """Find out which e-mail addresses have an account by asking for a link to reset the password.

    Stopped by: both are told the same.
    """
    asked = [Client().post("/accounts/password/reset/", {"email": f"{name}@example.org"}) for name in ("ann", "nobody")]
    assert {(each.status_code, each["Location"]) for each in asked} == {(302, "/accounts/password/reset/done/")}


def test_passwords_without_end(ann):
    """Guess passwords or codes, as many as one likes.

    Stopped by: attempts are counted in the database, by address and by account; the right password no longer helps.
    """
    for _ in range(12):
        Client().post("/accounts/login/", {"login": "ann", "password": "wrong"})
    assert "_auth_user_id" not in sign_in(ann).session


def link_of_a_reset(email: str) -> str:
    Client().post("/accounts/password/reset/", {"email": email})
    return findall(r"http://\S+", str(mail.outbox[-1].body))[0].removeprefix(load().portal)


def test_a_reset_by_who_reads_the_mail(ann):
    """Read a person's mail and reset their password.

    Stopped by: the new password alone signs nobody in: the second factor is asked for still. The person is told.
    """
    client = Client()
    place = client.get(link_of_a_reset("ann@example.org"), follow=True).request["PATH_INFO"]
    new = "a password of the attacker"
    client.post(place, {"password1": new, "password2": new})
    thief = Client()
    thief.post("/accounts/login/", {"login": "ann", "password": new})
    assert "_auth_user_id" not in thief.session
    assert "_auth_user_id" not in client.session


def test_a_link_of_a_reset_used_twice_or_for_another(house):
    """Use a reset's link a second time, or with another account's number in it.

    Stopped by: the link is signed over the account and its password, so one change ends it.
    """
    link = link_of_a_reset("ann@example.org")
    client = Client()
    place = client.get(link, follow=True).request["PATH_INFO"]
    client.post(place, {"password1": "one new password now", "password2": "one new password now"})
    again = Client().get(link, follow=True)
    assert "password1" not in again.content.decode()
    number, _, key = link.split("/key/")[1].rstrip("/").partition("-")
    bob = Account.objects.get(username="bob").pk
    other = Client().get(f"/accounts/password/reset/key/{bob}-{key}/", follow=True)
    assert number != str(bob)
    assert "password1" not in other.content.decode()


# Invitations


def sign_up(client: Client, **changes: str) -> Any:
    told = {"username": "newcomer", "email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD, **changes}
    return client.post("/accounts/signup/", told)


def opened(link: str) -> Client:
    client = Client()
    client.get(link.removeprefix(load().portal))
    return client


def test_an_account_without_an_invitation(house):
    """Sign up without an invitation, or with a link that is made up.

    Stopped by: the form answers only who opened an open invitation's link, of 256 random bits.
    """
    sign_up(Client())
    sign_up(opened(f"/invitation/{'x' * 43}/"))
    assert not Account.objects.filter(username="newcomer").exists()


def test_an_invitation_used_twice(house):
    """Use an invitation's link a second time, from a history or a forwarded mail.

    Stopped by: it makes one account, in the same transaction that ends it.
    """
    _, link = invitations.invite_from_console("new@example.org", ["researcher"])
    first, second = opened(link), opened(link)
    sign_up(first)
    sign_up(second, username="newcomer2")
    assert not Account.objects.filter(username="newcomer2").exists()
    assert Client().get(link.removeprefix(load().portal)).status_code == 404


def test_more_than_an_invitation_gives(house):
    """Sign up with fields that the form does not have: roles, staff, training; or for another address.

    Stopped by: the account gets what the invitation says and nothing of the form; the address is the invitation's.
    """
    _, link = invitations.invite_from_console("new@example.org", ["researcher"])
    extra = {
        "roles": "operator",
        "is_staff": "on",
        "is_superuser": "on",
        "training_expires": "2030-01-01",
        "is_active": "on",
    }
    sign_up(opened(link), email="evil@example.org", **extra)
    assert not Account.objects.filter(username="newcomer").exists()
    sign_up(opened(link), **extra)
    made = Account.objects.get(username="newcomer")
    assert made.role_names() == {"researcher"}
    assert (made.is_staff, made.is_superuser, made.training_expires) == (False, False, None)


@pytest.mark.parametrize("name", ["ann", "ANN", "platform", "worker", "hub", "a/../b", "<b>", "ann ", "\u0430nn"])
def test_a_name_that_is_another_s_or_the_platform_s(house, name):
    """Sign up under a name that is taken, in another case or script, or that stands in the log for the platform.

    Stopped by: names are small letters and digits, each once, and the platform's own are kept.
    """
    _, link = invitations.invite_from_console("new@example.org", ["researcher"])
    before = set(Account.objects.values_list("username", flat=True))
    sign_up(opened(link), username=name)
    assert set(Account.objects.values_list("username", flat=True)) == before
