"""From an invitation to a second sign-in with a passkey, in real Chromium. How the pages look: test_pages."""

from __future__ import annotations

import time
from re import findall

import pytest
from django.core import mail
from playwright.sync_api import Page

from tests.e2e.accessible import faults
from tests.e2e.browsing import browser, chromium, signed_in
from tests.factories import person
from tre.audit.models import Entry
from tre.config.options import load
from tre.people import invitations
from tre.people.domain import ROLES
from tre.people.models import Account
from tre.people.services import current_code, enrol_totp

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]
PASSWORD = "a password nobody guesses"


def has_passkey(page: Page) -> None:
    """Give the browser an authenticator, as a laptop with a fingerprint reader has one."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def press_for_a_key(page: Page, button: str) -> None:
    """Press a button that does something only once allauth's scripts have run, as the page has been loaded."""
    page.wait_for_load_state("load")
    page.get_by_role("button", name=button, exact=True).click()


def test_an_invited_person_comes_in_with_a_passkey_and_comes_again(portal):
    _, link = invitations.invite_from_console("new@example.org", ["researcher"])
    with browser() as started:
        page = started.new_context().new_page()
        has_passkey(page)
        page.goto(link.replace(load().portal, portal))
        page.get_by_role("button", name="Continue").click()
        assert faults(page, "sign-up-empty") == []
        page.get_by_label("Username").fill("newcomer")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password (again)").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Set up your authenticator app").wait_for()
        page.get_by_role("link", name="Use a passkey or security key instead").click()
        press_for_a_key(page, "Add")
        page.get_by_role("heading", name="Your recovery codes").wait_for()
        page.get_by_role("button", name="I have kept them").click()
        page.get_by_role("link", name="See your account").click()
        page.goto(f"{portal}/accounts/logout/")
        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{portal}/accounts/login/")
        page.get_by_label("Username").fill("newcomer")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        press_for_a_key(page, "Use a key")
        page.get_by_role("heading", name="What you can do").wait_for()
    assert Entry.objects.filter(event="people.signed_in", actor="newcomer").count() == 2


def test_an_operator_invites_and_gives_roles_without_javascript(portal):
    person("ann", "researcher", trained=False)
    person("ope", "operator")
    enrol_totp(Account.objects.get(username="ope"))
    with browser() as started:
        page = signed_in(started, portal, "ope", java_script_enabled=False)
        page.goto(f"{portal}/people/invite")
        page.get_by_role("button", name="Send the invitation").click()
        page.get_by_role("link", name="Enter an e-mail address").wait_for()
        page.get_by_label("E-mail address").fill("new@example.org")
        page.get_by_role("checkbox", name=ROLES["researcher"]).check()
        page.get_by_role("button", name="Send the invitation").click()
        page.get_by_text("The invitation is sent.").wait_for()
        page.goto(f"{portal}/people/ann/")
        page.get_by_role("checkbox", name=ROLES["project_lead"]).check()
        page.get_by_role("button", name="Change the roles").click()
        page.get_by_text("The roles are changed.").wait_for()
    assert findall(r"/invitation/[\w-]{43}/", str(mail.outbox[-1].body))
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}


def test_an_old_session_is_asked_again_and_what_was_typed_is_kept(portal, monkeypatch):
    person("ope", "operator")
    person("ann", "researcher")
    account = Account.objects.get(username="ope")
    enrol_totp(account)
    with browser() as started:
        page = signed_in(started, portal, "ope")
        monkeypatch.setattr("tre.people.step_up.STEP_UP_SECONDS", 0)
        page.goto(f"{portal}/people/ann/")
        page.get_by_role("checkbox", name=ROLES["project_lead"]).check()
        page.get_by_role("button", name="Change the roles").click()
        page.get_by_role("heading", name="Show that it is you").wait_for()
        assert faults(page, "show-that-it-is-you") == []
        monkeypatch.undo()
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        used = current_code(account)
        while (fresh := current_code(account)) == used:
            time.sleep(1)
        page.get_by_label("Code").fill(fresh)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_text("The roles are changed.").wait_for()
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}
