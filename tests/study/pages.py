"""Every page, as each person sees it: accessible (axe, WCAG 2.2 AA), narrow, and without JavaScript."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.e2e.accessible import faults
from tests.e2e.browsing import sign_in
from tests.study.data import PROJECT
from tests.study.report import Report
from tests.study.work import Asked, person
from tre.config.options import load

_NOWHERE = "no-such-page/"


def check_pages(report: Report, browser: Browser, asked: Asked) -> None:
    """Look at every page as everybody who may see it."""
    request = f"airlock/{asked.safe}/"
    blocked = f"airlock/{next(iter(asked.leaks.values()))}/"
    visits = {
        "researcher": (
            "",
            "projects/",
            f"projects/{PROJECT}/",
            "airlock/",
            request,
            blocked,
            "catalogue/",
            "register/",
            "policies/",
        ),
        "checker-one": ("", "airlock/", request, blocked, "policies/"),
        "data-manager": (
            "",
            "catalogue/",
            "catalogue/?q=snomed",
            "catalogue/gp_events/",
            "catalogue/gp_events/fields/snomed_code/",
            "catalogue/gp_events/lineage/",
            "catalogue/submissions",
            f"catalogue/submissions/{_submission()}/",
            "catalogue/linkage/",
            *_pairs(),
            "projects/",
            f"projects/{PROJECT}/",
        ),
        "asset-owner": ("", f"projects/{PROJECT}/extracts/1/"),
        "auditor": ("", "audit/", "account/"),
        "operator": ("", "people/", "people/invite", "people/researcher/", "people/operator/"),
        "deployer": ("", "models/"),
    }
    wrong, seen = _anonymous(browser), 2
    for username, paths in visits.items():
        with person(browser, username) as page:
            for path in (*paths, _NOWHERE):
                answer = page.goto(f"{load().portal}/{path}")
                if answer is None or (answer.status == 200) == (path == _NOWHERE):
                    wrong.append(f"{username} /{path}: status {answer and answer.status}")
                wrong += faults(page, f"{username} /{path}")
                seen += 1
    report.figure("pages looked at with axe", seen)
    report.promise("every page passes axe at WCAG 2.2 AA and fits 320 pixels", not wrong, "; ".join(wrong[:5]))
    _without_javascript(report, browser, request)


def _submission() -> str:
    from tre.catalogue.models import Submission

    return str(Submission.objects.filter(identity__startswith="gp-system").values_list("identity", flat=True).get())


def _pairs() -> list[str]:
    """Return the page of one doubtful pair: none where linkage doubted nothing, as it may among few people."""
    from tre.catalogue.models import DoubtfulPair

    return [f"catalogue/linkage/{pair}/" for pair in DoubtfulPair.objects.values_list("pk", flat=True)[:1]]


def _anonymous(browser: Browser) -> list[str]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{load().portal}/accounts/login/")
    wrong = faults(page, "anybody /accounts/login/")
    page.get_by_role("button", name="Continue").click()
    wrong += faults(page, "anybody /accounts/login/ sent empty")
    context.close()
    return wrong


def _without_javascript(report: Report, browser: Browser, request: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, load().portal, "checker-two")
    page.goto(f"{load().portal}/{request}")
    shown = page.get_by_role("heading", name="admissions_by_age.csv").count() == 1
    report.promise("signing in and the airlock work without JavaScript", shown)
    context.close()
