"""Every page of the portal in real Chromium, as who may see it, and as everybody may come to it; and its picture.

In a wide window and in one of 320 pixels, by axe and by the Tab key. A page that brings no script is the same without
JavaScript; one that does is opened without as well.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from playwright.sync_api import Browser, Response, ViewportSize
from playwright.sync_api import Page as Tab

from tests.e2e import house
from tests.e2e.accessible import faults, not_by_keyboard, pictured
from tests.e2e.browsing import browser, chromium
from tests.e2e.gated import gate
from tests.pages import PAGES, Page
from tests.unit.test_pages import browser as session_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]
FOLDER = "pages"
_WIDE: ViewportSize = {"width": 1024, "height": 700}
Way = Callable[[Tab, str, pytest.MonkeyPatch], Response | None]


def _sent_empty(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    tab.goto(url)
    with tab.expect_navigation() as sent:
        tab.locator("main button[type=submit]").first.click()
    return sent.value


def _password_given(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    tab.goto(url.replace("2fa/authenticate", "login"))
    tab.get_by_label("Username").fill("ann")
    tab.get_by_label("Password").fill("a long and random password")
    with tab.expect_navigation() as sent:
        tab.get_by_role("button", name="Continue").click()
    return sent.value


def _new_address(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    tab.goto(url.replace("confirm-email", "email"))
    tab.locator("main input[type=email]:enabled").last.fill("bob@example.net")
    with tab.expect_navigation() as sent:
        tab.locator("main button[name=action_add]").click()
    return sent.value


def _tried_too_often(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    _new_address(tab, url, monkeypatch)
    return _new_address(tab, url, monkeypatch)


def _downloaded(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    """Show a page that is sent as a file, as who opens the file sees it."""
    answer = tab.context.request.get(url)
    tab.set_content(answer.text())
    return None


def _at_a_silent_workspace(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    with tempfile.TemporaryDirectory() as empty, gate(f"{empty}/nobody.sock") as gated:
        gated.let_in(tab.context)
        return tab.goto(gated.page("lab"))


def _by_another_name(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    return tab.goto(url.replace("localhost", "127.0.0.1"))


def _with_a_mistake(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    def mistaken(*told: Any) -> None:
        raise RuntimeError("a mistake that a test made")

    with monkeypatch.context() as patched:
        patched.setattr("tre.projects.register_views.render", mistaken)
        return tab.goto(url)


def _without_a_database(tab: Tab, url: str, monkeypatch: pytest.MonkeyPatch) -> Response | None:
    def lost(*told: Any) -> None:
        raise OperationalError("lost, for a test")

    with monkeypatch.context() as patched:
        patched.setattr("tre.projects.register_views.render", lost)
        return tab.goto(url)


WAYS: dict[str, Way] = {
    "": lambda tab, url, monkeypatch: tab.goto(url),
    "sent empty": _sent_empty,
    "password given": _password_given,
    "new address": _new_address,
    "tried too often": _tried_too_often,
    "downloaded": _downloaded,
    "another name": _by_another_name,
    "a mistake": _with_a_mistake,
    "no database": _without_a_database,
    "a silent workspace": _at_a_silent_workspace,
}


@pytest.fixture
def things(portal, monkeypatch) -> Iterator[house.Things]:
    yield house.furnish(monkeypatch)
    house.leave()


class Windows:
    """A browser window for each person, which stays open; whoever comes by a way of their own gets another one."""

    def __init__(self, started: Browser, portal: str) -> None:
        self._started, self._portal = started, portal
        self._open: dict[tuple[Any, ...], Tab] = {}

    def of(self, page: Page, **options: Any) -> Tab:
        """Return the tab of a window of the page's person."""
        key = (page.who, page.ago, page.way or page.thing, *options)
        if key not in self._open:
            window = self._started.new_context(**options)
            for name, held in session_of(page.who, ago=page.ago).cookies.items() if page.who else ():
                window.add_cookies([{"name": name, "value": held.value, "url": self._portal}])
            self._open[key] = window.new_page()
        return self._open[key]


def _as_told(tab: Tab, page: Page, number: object, answer: Response | None, name: str) -> list[str]:
    """Return what is wrong with what came: another status or heading, or more headings than one."""
    headings = [" ".join(each.split()) for each in tab.locator("h1").all_inner_texts()]
    wrong = [] if headings == [page.title(number)] else [f"{name}: its h1 is {headings}"]
    if answer is not None and answer.status != page.status:
        wrong.append(f"{name}: status {answer.status}")
    return wrong


# A script that runs: JSON within a page is none.
_BRINGS_A_SCRIPT = "[...document.scripts].some(each => !each.type || /javascript|module/.test(each.type))"


def test_every_page_can_be_used_by_everybody(portal, things, monkeypatch):
    wrong: list[str] = []
    with browser() as started:
        windows = Windows(started, portal)

        def come(page: Page, name: str, **options: Any) -> Tab:
            cache.clear()  # attempts are counted in it
            tab = windows.of(page, viewport=_WIDE, **options)
            answer = WAYS[page.way](tab, f"{portal}{page.path(things)}", monkeypatch)
            number = things.get(page.thing, {}).get("number")
            wrong.extend(_as_told(tab, page, number, answer, name))
            return tab

        for page in PAGES:
            tab = come(page, page.name)
            pictured(tab, FOLDER, page.name)
            told, script = tab.locator("main").inner_text(), tab.evaluate(_BRINGS_A_SCRIPT)
            wrong += not_by_keyboard(tab, page.name)
            wrong += faults(tab, page.name)
            if script:
                name = f"{page.name} without JavaScript"
                without = come(page, name, java_script_enabled=False).locator("main").inner_text()
                if without.replace(page.without_script, "").split() != told.split():
                    wrong.append(f"{name}: it tells {without!r}")
    assert wrong == []


_DULL = """<!DOCTYPE html><html lang="en"><title>Dull</title><main><h1>Dull</h1>
<style>.dull:focus { outline: none } .wide { width: 400px }</style>
<a href="/one">One</a> <a href="/two" class="dull">Two</a> <a href="/three" tabindex="-1">Three</a>
<img src="data:,"> <p class="wide">Wide</p></main></html>"""


def test_a_page_that_not_everybody_can_use_is_found():
    """The test of the test: a link that shows no focus, one that Tab passes by, a picture untold and too wide."""
    with browser() as started:
        tab = started.new_context(viewport=_WIDE).new_page()
        tab.set_content(_DULL)
        missed, dull = not_by_keyboard(tab, "dull")
        assert 'Tab does not reach <a href="/three"' in missed
        assert 'no focus shows on <a href="/two"' in dull
        told = " ".join(faults(tab, "dull"))
    assert "image-alt" in told
    assert "pixels wide at 320" in told
