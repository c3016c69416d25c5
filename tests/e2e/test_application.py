"""From an application to a closed project, in real Chromium, without JavaScript. How its pages look: test_pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browsing import browser, chromium, signed_in
from tests.factories import LATER, TODAY, owner, person
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.projects.applying import SAFES
from tre.projects.models import Project

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]
CONTROLLER = "Staffordshire and Stoke-on-Trent Integrated Care Board"


@pytest.fixture
def people():
    person("ann", "researcher")
    person("mia", "data_manager")
    owner(CONTROLLER)
    for account in Account.objects.all():
        enrol_totp(account)


def fill_day(page: Page, label: str, day) -> None:
    group = page.get_by_role("group", name=label)
    for part in ("day", "month", "year"):
        group.get_by_label(part.capitalize()).fill(str(getattr(day, part)))


def come(started: Browser, portal: str, who: str, path: str) -> Page:
    page = signed_in(started, portal, who, java_script_enabled=False)
    page.goto(f"{portal}{path}")
    return page


@pytest.mark.usefixtures("people")
def test_a_project_from_its_application_to_its_end(portal):
    with browser() as started:
        ann = come(started, portal, "ann", "/projects/")
        ann.get_by_role("button", name="Apply for a project").click()
        ann.get_by_role("button", name="Keep the draft").click()
        ann.get_by_text("There is a problem").wait_for()
        written(ann)
        for name in ("people", "gp_events"):
            ann.get_by_role("link", name=name, exact=True).click()
            for box in {"people": ("birth_year", "sex"), "gp_events": ("event_date", "snomed_code")}[name]:
                ann.get_by_role("checkbox", name=f"{box} –").check()
            ann.get_by_role("button", name="Ask for this dataset").click()
        ann.get_by_role("link", name="Change what is asked of gp_events").click()
        ann.get_by_role("button", name="Leave it out").click()
        ann.get_by_role("button", name="Submit the application").click()
        ann.get_by_text("Waiting for a decision").wait_for()

        ida = come(started, portal, "owner", "/projects/falls/application/")
        ida.get_by_role("button", name="Agree to people", exact=True).click()
        ida.get_by_text("Agreed (owner)").wait_for()

        mia = come(started, portal, "mia", "/projects/falls/application/")
        mia.get_by_role("button", name="Assess the five safes").click()
        for name, _ in SAFES.values():
            mia.get_by_role("group", name=name).get_by_role("radio", name="Met", exact=True).check()
        mia.get_by_role("button", name="Keep the assessment").click()
        mia.get_by_role("button", name="Approve it").click()
        mia.get_by_text("It is approved.").wait_for()

        ann.goto(f"{portal}/projects/falls/change")
        ann.get_by_label("Reason").fill("It takes longer.")
        ann.get_by_role("button", name="Submit the request").click()
        ann.get_by_text("Until it is decided nothing changes").wait_for()
        ann.get_by_role("button", name="Withdraw it").click()

        stranger = started.new_context(java_script_enabled=False).new_page()
        stranger.goto(f"{portal}/register/")
        stranger.get_by_role("link", name="Falls at home").click()
        stranger.get_by_text("Public benefit statement").wait_for()

        ann.goto(f"{portal}/projects/falls/close")
        ann.get_by_role("radio", name="Archive it").check()
        ann.get_by_label("Reason").fill("It is done.")
        ann.get_by_role("button", name="Close the project").click()
        ann.get_by_text("is being archived").wait_for()
    assert Project.objects.get().status == "closed"


def written(page: Page) -> None:
    """Write the draft and keep it."""
    page.get_by_label("Short name").fill("falls")
    page.get_by_label("Title").fill("Falls at home")
    for label in ("Lay summary", "Public benefit", "Technical summary", "Organisation", "Applicants"):
        page.get_by_label(label, exact=True).fill(f"What there is to say of {label}.")
    for name, _ in SAFES.values():
        page.get_by_label(name, exact=True).fill("An answer.")
    fill_day(page, "Start date", TODAY)
    fill_day(page, "End date", LATER)
    page.get_by_role("button", name="Keep the draft").click()
    page.get_by_text("The draft is kept").wait_for()
