"""Drives real Chromium as a person would: signing in with a password and a one-time code, opening a workspace."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright


def chromium() -> str | None:
    """Return the path of Chromium, or None when there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; its own sandbox cannot be had as root, where these tests may run."""
    found = chromium()
    if found is None:
        raise RuntimeError("Chromium is not installed: install the package 'chromium'")
    arguments = ["--disable-gpu", "--disable-dev-shm-usage"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=arguments)
        try:
            yield started
        finally:
            started.close()


def sign_in(page: Page, portal: str, username: str) -> None:
    """Sign a demonstration account in at the portal: password, then one-time code."""
    from tre.demonstration import password

    page.goto(f"{portal}/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password(username))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("code").fill(_fresh_code(username))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="What you can do").wait_for()


def signed_in(started: Browser, portal: str, username: str, **options: Any) -> Page:
    """Sign a test's own account in at a portal, in a browser window of its own, and return the page."""
    from tre.people.models import Account
    from tre.people.services import current_code

    page = started.new_context(**options).new_page()
    page.goto(f"{portal}/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("a long and random password")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("code").fill(current_code(Account.objects.get(username=username)))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="What you can do").wait_for()
    return page


_USED: dict[str, str] = {}


def _fresh_code(username: str) -> str:
    """Return a code that was not used before: each is good once."""
    from tre.demonstration import one_time_code

    while (code := one_time_code(username)) == _USED.get(username):
        time.sleep(1)
    _USED[username] = code
    return code
