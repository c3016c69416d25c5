"""The checkers' part: two of them approve in the web page, the author cannot, and one alone is not enough."""

from __future__ import annotations

import hashlib
import time

from playwright.sync_api import Browser, Page

from tests.study.report import Report
from tests.study.work import PICTURES, RESEARCHER, Asked, frozen_elsewhere, person
from tre.config.options import load


def review(report: Report, browser: Browser, asked: Asked) -> None:
    """Let the author try, then two checkers approve."""
    address = _address(asked)
    with person(browser, RESEARCHER) as page:
        _author(report, page, address, asked)
    for place, checker in enumerate(("checker-one", "checker-two")):
        with person(browser, checker) as page:
            if place == 0:
                _ride(report, page, address, asked)
            _approve(page, address, PICTURES / "airlock.png" if place == 0 else None)
        if place == 0:
            held = _state(asked.safe) in {"in_review", "approved", "releasing", "released"}
            alone = _reviews(asked.safe) > 1 or _state(asked.safe) == "in_review"
            report.promise("one approval alone releases nothing", held and alone, _state(asked.safe))


def check_releasing(report: Report, asked: Asked) -> None:
    """Wait until the release is under way, and see that it is: what is killed afterwards is killed in it."""
    _await_state(asked.safe, "releasing")
    report.promise("the release is under way", _state(asked.safe) == "releasing", _state(asked.safe))


def check_release(report: Report, browser: Browser, asked: Asked) -> None:
    """Wait for the release, and look at what left."""
    _await_state(asked.safe, "released")
    report.promise("two different checkers approved, and it was released", _state(asked.safe) == "released")
    _released(report, browser, _address(asked), asked)


def _await_state(number: int, wanted: str, seconds: float = 180) -> None:
    """Wait until a request that was approved is in a state, or past it."""
    steps = ("approved", "releasing", "released")
    deadline = time.monotonic() + seconds
    while _state(number) in steps[: steps.index(wanted)] and time.monotonic() < deadline:
        time.sleep(0.2)


def _address(asked: Asked) -> str:
    return f"{load().portal}/airlock/{asked.safe}/"


def _author(report: Report, page: Page, address: str, asked: Asked) -> None:
    page.goto(address)
    report.promise("the author's page has no form to review with", page.get_by_label("Approve").count() == 0)
    token = page.context.cookies(load().portal)
    csrf = next(each["value"] for each in token if each["name"] == "tre_csrf")
    before = _reviews(asked.safe)
    answer = page.request.post(
        f"{address}review", headers={"X-CSRFToken": csrf, "Referer": address}, form={"csrfmiddlewaretoken": csrf}
    )
    refused = answer.status >= 400 and _reviews(asked.safe) == before
    report.promise("the author's own review is refused", refused, str(answer.status))
    page.goto(f"{load().portal}/airlock/{next(iter(asked.leaks.values()))}/")
    page.get_by_role("heading", name="This request is blocked").wait_for()
    page.screenshot(path=PICTURES / "blocked.png", full_page=True)


_RIDE = """
async address => {
    const tried = [];
    for (const mode of ["cors", "no-cors"]) {
        try {
            const form = new URLSearchParams({"file-1-choice": "approve"});
            const answer = await fetch(address + "review", {method: "POST", body: form, mode, credentials: "include"});
            tried.push(answer.type);
        } catch (error) { tried.push("refused"); }
        try {
            const answer = await fetch(address, {mode, credentials: "include"});
            tried.push((await answer.text()).length ? "read" : "nothing read");
        } catch (error) { tried.push("refused"); }
    }
    return {tried, cookie: document.cookie};
}
"""


def _ride(report: Report, page: Page, address: str, asked: Asked) -> None:
    """Let the checker visit a page that a researcher's notebook server serves, which asks the portal in their name."""
    hostile = f"{load().hub.replace('//', f'//{RESEARCHER}.')}/user/{RESEARCHER}/hostile"
    context, before = page.context, _reviews(asked.safe)
    context.route(hostile, lambda route: route.fulfill(content_type="text/html", body="<h1>A harmless page</h1>"))
    visit = context.new_page()
    visit.goto(hostile)
    told = visit.evaluate(_RIDE, address)
    harmless = "read" not in told["tried"] and not told["cookie"] and _reviews(asked.safe) == before
    report.promise("a page on a notebook's origin cannot ride a checker's session", harmless, str(told))
    visit.evaluate(
        """address => {
        const frame = document.createElement("iframe"); frame.src = address; document.body.append(frame); }""",
        address,
    )
    visit.wait_for_timeout(1500)
    inner = [frame for frame in visit.frames if frame != visit.main_frame]
    shown = [frame.url for frame in inner if frame.get_by_role("heading").count()]
    report.promise("nor show the airlock in a frame", not shown, str(shown))
    visit.close()


def _approve(page: Page, address: str, picture: object) -> None:
    """Approve every file by keyboard alone: radio buttons by the space bar, the form by the enter key."""
    page.goto(address)
    while page.get_by_text("The attacks on a model are not reported yet").count():  # a minute, or they are given up
        page.wait_for_timeout(2000)
        page.reload()
    choices = page.get_by_role("radio", name="Approve")
    for place in range(choices.count()):
        choices.nth(place).focus()
        page.keyboard.press("Space")
    if picture:
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=str(picture))
    button = page.get_by_role("button", name="Hand in your review")
    if button.count():  # a study that was cut off may have reviewed already
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Your review is in").first.wait_for()


def _state(number: int) -> str:
    from tre.airlock.models import Request

    return str(Request.objects.get(pk=number).state)


def _reviews(number: int) -> int:
    from tre.airlock.models import Review

    return Review.objects.filter(request=number).count()


def _released(report: Report, browser: Browser, address: str, asked: Asked) -> None:
    from tre.airlock.models import Release
    from tre.airlock.release.taking import marked

    release = Release.objects.get(request=asked.safe)
    folder = load().path("release", release.identity)
    left = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "ro-crate-metadata.json"
    }
    report.promise("what left is what was submitted, byte for byte", left == asked.hashes)
    report.promise("a file changed after submission is not what was released", frozen_elsewhere(asked))
    blocked = Release.objects.filter(request__in=asked.leaks.values()).exists()
    report.promise("nothing of the blocked requests left", not blocked)
    with person(browser, RESEARCHER) as page:
        page.goto(address)
        with page.expect_download() as got:
            page.get_by_role("link", name="Download").first.click()
        names = {marked(name, release.identity) for name in left}
        report.promise("the author can fetch it, under the release's name", got.value.suggested_filename in names)
