"""Signing in by another organisation's OpenID provider: the project's own provider, running as a second portal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.accessible import faults
from tests.e2e.browsing import browser, chromium
from tre.config.options import REPOSITORY

pytestmark = [pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")]
SECRET, PASSWORD = "the client's secret at the region", "a long and random password"
_SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
_AT_THE_REGION = f"""
{_SETUP}
from django.contrib.auth.hashers import make_password
from allauth.idp.oidc.models import Client
from tre.people.models import Account
from tre.people.services import create_account, enrol_totp
for name in ("ann", "bob"):
    account = create_account(username=name, email=f"{{name}}@region.example", password={PASSWORD!r}, roles=[],
                             training_expires=None, actor="test")
    enrol_totp(account)
Client.objects.create(id="tre", name="TRE", redirect_uris="BACK", scopes="openid\\nprofile", skip_consent=True,
                      secret=make_password({SECRET!r}))
"""
_CODE = """
import django; django.setup()
from tre.people.models import Account
from tre.people.services import current_code
print(current_code(Account.objects.get(username="WHO")))
"""
_INVITE = f"""
{_SETUP}
from tre.people.invitations import invite_from_console
print(invite_from_console("ann@trust.example", ["operator"])[1])
"""
_TOLD = """
import django; django.setup()
from tre.audit.models import Entry
from tre.people.models import Account
people = Account.objects.all()
print([(each.username, sorted(each.role_names()), each.email, each.has_usable_password()) for each in people])
print(list(Entry.objects.order_by("number").values_list("event", "actor")))
"""


@dataclass
class Portal:
    """One portal: its home, its port and how it is set."""

    home: Path
    port: int
    host: str = "localhost"
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRE_", "DJANGO_"))}
        own = {"TRE_HOME": str(self.home), "TRE_PORTAL_PORT": str(self.port), "PYTHONPATH": str(REPOSITORY)}
        own["TRE_PORTAL_URL"] = self.address
        return {**kept, **own, "DJANGO_SETTINGS_MODULE": "tre.config.settings", **self.settings, **more}

    def run(self, program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program], env=self.environment(), cwd=REPOSITORY, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, **more: str) -> Iterator[None]:
        command = [sys.executable, "-m", "uvicorn", "tre.config.asgi:application", "--port", str(self.port)]
        process = subprocess.Popen(
            command, env=self.environment(**more), cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(300):
                try:
                    if httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def portals() -> Iterator[tuple[Portal, Portal]]:
    """The region's portal, whose provider it is, and this environment's, which is its client."""
    with tempfile.TemporaryDirectory(prefix="tre-oidc-") as folder:
        kept = Path(folder) / "secret"
        kept.write_text(SECRET + "\n")
        kept.chmod(0o600)
        # A browser keeps cookies by host, whatever the port: the two need a host each.
        region = Portal(Path(folder) / "region", free_port(), "127.0.0.1")
        here = Portal(Path(folder) / "here", free_port())
        region.settings = {"TRE_HUB_URL": here.address}  # to whose client a form of the provider's may lead
        here.settings = {
            "TRE_OIDC_ISSUER": region.address, "TRE_OIDC_CLIENT_ID": "tre", "TRE_OIDC_NAME": "the region",
            "TRE_OIDC_CLIENT_SECRET_FILE": str(kept),
        }  # fmt: skip
        region.run(_AT_THE_REGION.replace("BACK", f"{here.address}/accounts/oidc/outside/login/callback/"))
        here.run(_SETUP)
        yield region, here


_USED: dict[str, str] = {}


def fresh_code(region: Portal, who: str) -> str:
    while (code := region.run(_CODE.replace("WHO", who)).strip()) == _USED.get(who):
        time.sleep(2)
    _USED[who] = code
    return code


def at_the_region(page: Page, region: Portal, who: str, *, code: bool = True) -> None:
    """Sign in at the region, where the browser has been sent."""
    page.wait_for_url(f"{region.address}/**")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    if code:
        page.get_by_label("code").fill(fresh_code(region, who))
        page.get_by_role("button", name="Sign in", exact=True).click()


def test_an_invited_person_comes_by_their_own_organisation(portals):
    region, here = portals
    link = here.run(_INVITE).strip()
    with region.serving(), here.serving(), browser() as started:
        page = started.new_context().new_page()
        page.goto(link)
        assert faults(page, "sign-up") == []
        page.get_by_role("button", name="Make your account with the region").click()
        at_the_region(page, region, "ann")
        page.get_by_text("You signed in with the region").wait_for()
        assert faults(page, "outside-sign-up") == []
        page.get_by_label("Username").fill("ann-here")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="What you can do").wait_for()
        page.goto(f"{here.address}/people/")
        assert page.get_by_role("link", name="ann-here").count(), "who signed in so used a second factor there"
        # What was signed up with is no password here, and none is made by mail or page.
        for path in ("accounts/password/set/", "accounts/3rdparty/", "accounts/password/change/"):
            page.goto(f"{here.address}/{path}")
            assert page.get_by_role("button", name="Set Password").count() == 0, path
        page.goto(f"{here.address}/accounts/logout/")
        page.get_by_role("button", name="Sign Out").click()
        page.goto(f"{here.address}/accounts/login/")
        assert faults(page, "sign-in") == []
        page.get_by_role("button", name="Sign in with the region").click()
        page.get_by_label("Code").fill(fresh_code(region, "ann"))  # its session lives, but each sign-in is one
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="What you can do").wait_for()
    told = here.run(_TOLD)
    assert "[('ann-here', ['operator'], 'ann@trust.example', False)]" in told
    assert told.count("('people.signed_in', 'ann-here')") == 2


def test_who_was_not_invited_is_nobody_here(portals):
    region, here = portals
    with region.serving(), here.serving(), browser() as started:
        page = started.new_context().new_page()
        page.goto(f"{here.address}/accounts/login/")
        page.get_by_role("button", name="Sign in with the region").click()
        at_the_region(page, region, "bob")
        page.get_by_text("No account here belongs to this identity").wait_for()
        page.goto(f"{here.address}/projects/")
        assert page.url.startswith(f"{here.address}/accounts/login/")
    assert "('people.outside_refused', 'anonymous')" in here.run(_TOLD)


def test_a_sign_in_there_without_a_second_factor_is_refused_here(portals):
    """The provider asks for a password alone, and says so: its ID token has no ``amr``."""
    region, here = portals
    with region.serving(TRE_REQUIRE_MFA="false"), here.serving(), browser() as started:
        page = started.new_context().new_page()
        page.goto(f"{here.address}/accounts/login/")
        page.get_by_role("button", name="Sign in with the region").click()
        at_the_region(page, region, "ann")
        page.get_by_text("did not say that you used a second factor").wait_for()
        page.goto(f"{here.address}/account/")
        assert page.url.startswith(f"{here.address}/accounts/login/")
