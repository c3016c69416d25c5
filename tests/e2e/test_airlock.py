"""A request from the notebook to its release over two turns, in real Chromium by keyboard alone, without JavaScript."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page

import tre
from tests.airlock import SAFE, open_study, quick_inspection, work
from tests.e2e.browsing import browser, chromium, signed_in
from tre.airlock.models import Request
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.projects.models import Extract
from tre.workspace.services import open_workspace

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]
OTHER = SAFE.replace(b"120", b"125")


@pytest.fixture
def workspace(portal, monkeypatch, tmp_path) -> None:
    """Let ``import tre`` reach the portal as a workspace of ann's does, by a door that adds the workspace's token."""
    quick_inspection(monkeypatch)
    study = open_study()
    Extract.objects.create(project=study, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    for account in Account.objects.all():
        enrol_totp(account)
    held, asked = {"Authorization": f"Bearer {open_workspace('ann', study.code).token}"}, httpx.Client().request
    monkeypatch.setattr(httpx, "request", lambda *told, trust_env, **more: asked(*told, headers=held, **more))
    monkeypatch.setenv("TRE_API", f"{portal}/api/workspace")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "falls.csv").write_bytes(SAFE)
    (tmp_path / "by_year.csv").write_bytes(OTHER)
    (tmp_path / "before.csv").write_bytes(SAFE)


def press(page: Page, what: Locator, key: str = "Enter") -> None:
    """Reach something by the keyboard, and press a key on it."""
    what.focus()
    page.keyboard.press(key)
    page.wait_for_load_state()


def come(started: Browser, portal: str, who: str, number: int) -> Page:
    return to_request(signed_in(started, portal, who, java_script_enabled=False), portal, number)


def to_request(page: Page, portal: str, number: int) -> Page:
    page.goto(f"{portal}/airlock/")
    press(page, page.get_by_role("link", name=f"Request {number}").first)
    return page


def choose(page: Page, file: str, choice: str, why: str = "") -> None:
    group = page.get_by_role("group", name=f"Your vote on {file}")
    press(page, group.get_by_role("radio", name=choice), "Space")
    if why:
        page.get_by_label(f"Comment on {file}").focus()
        page.keyboard.type(why)


def hand_in(page: Page) -> None:
    press(page, page.get_by_role("button", name="Hand in your review"))
    page.get_by_text("Your review is in.").first.wait_for()


@pytest.mark.usefixtures("workspace")
def test_a_request_is_drafted_sent_back_answered_and_released(portal, tmp_path):
    asked = tre.draft("Falls, for the annual report")
    asked.add(["falls.csv", "by_year.csv"], group="Tables")
    asked.add(["before.csv"], group="Tables", kind="supporting")
    asked.describe("Tables", context="Falls by age and year.", controls="Counts under ten are hidden.")
    assert asked.submit()["state"] == "submitted"
    work()
    number = asked["request"]
    with browser() as started:
        cat = come(started, portal, "cat", number)
        choose(cat, "falls.csv", "Ask for changes", "Say what is counted.")
        press(cat, cat.get_by_role("button", name="Save your vote on falls.csv"))
        cat.get_by_text("Your vote on falls.csv is saved.").wait_for()
        choose(cat, "by_year.csv", "Approve")
        hand_in(cat)
        dan = come(started, portal, "dan", number)
        assert dan.get_by_text("Say what is counted.").count() == 0
        choose(dan, "falls.csv", "Ask for changes", "Which year?")
        choose(dan, "by_year.csv", "Approve")
        hand_in(dan)

        again = tre.draft(number)
        assert {each["text"] for each in again["comments"]} == {"Say what is counted.", "Which year?"}
        (tmp_path / "falls.csv").write_bytes(SAFE.replace(b"persons", b"people who fell in 2025"))
        again.add(["falls.csv"], group="Tables")
        ann = come(started, portal, "ann", number)
        press(ann, ann.get_by_role("button", name="Go on with this draft"))
        ann.get_by_label("Your answer").focus()
        ann.keyboard.type("People who fell in 2025.")
        press(ann, ann.get_by_role("button", name="Submit the request"))
        ann.get_by_text("The request is submitted.").wait_for()
        work()

        for page in (cat, dan):
            to_request(page, portal, number)
            press(page, page.get_by_role("link", name="What has changed in falls.csv since turn 1"))
            page.get_by_text("people who fell in 2025").wait_for()
            press(page, page.get_by_role("link", name="Back to the request"))
            kept = page.get_by_role("group", name="Your vote on by_year.csv")
            assert kept.get_by_role("radio", name="Approve").is_checked()
            choose(page, "falls.csv", "Approve")
            hand_in(page)
        work()

        ann.goto(f"{portal}/airlock/{number}/")
        ann.get_by_text("Released").first.wait_for()
        assert ann.get_by_role("link", name="Download").count() == 2
        with ann.expect_download() as got:
            press(ann, ann.get_by_role("link", name="Download by_year.csv"))
        assert got.value.path().read_bytes() == OTHER
    assert Request.objects.get(pk=number).turn == 2
