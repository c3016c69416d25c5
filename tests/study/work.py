"""The researcher's part: signing in, the notebook through the Jupyter protocol, the attack from inside, the asking."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nbformat
from playwright.sync_api import Browser, Page

from tests.e2e.browsing import sign_in
from tests.e2e.room import Kernel, Room, open_workspace
from tests.security.attacker import judge, known, source
from tests.study.data import PROJECT, provider_rows
from tests.study.product import REPOSITORY
from tests.study.report import Report
from tre.config.options import load
from tre.hashing import sha256_of
from tre.keys.custody import custody
from tre.runs.attested.statement import verify

RESEARCHER = "researcher"
NOTEBOOK = "01_first_study.ipynb"
PICTURES = REPOSITORY / "build" / "screenshots"

_ROWS = """
rows = spark.sql("SELECT * FROM admitted_care ORDER BY ALL LIMIT 200").toPandas()
rows.to_csv(outputs / "admissions.csv", index=False)
"""
_FIGURE = """
import json as _json
points = spark.sql("SELECT pseudonym, birth_year, lsoa FROM people ORDER BY ALL LIMIT 300").toPandas()
trace = {"type": "scatter", "x": points["birth_year"].tolist(), "text": points["pseudonym"].tolist(),
         "customdata": points["lsoa"].tolist(), "y": list(range(len(points)))}
page = f"<html><body><div id='f'></div><script>Plotly.newPlot('f', {_json.dumps([trace])})</script></body></html>"
(outputs / "ages.html").write_text(page)
"""
_LEAKS = (
    ("a CSV of rows", "outputs / 'admissions.csv'", "Counts of admissions."),
    ("a figure whose HTML carries its data", "outputs / 'ages.html'", "A figure of ages by area."),
    ("a notebook whose output prints a name", "'visits.ipynb'", "My notebook, without data."),
)


@dataclass
class Asked:
    """The requests that the study made: the safe one, and the leaks by what they are."""

    safe: int = 0
    leaks: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


@contextmanager
def person(browser: Browser, username: str) -> Iterator[Page]:
    """Give a person a browser of their own, signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        sign_in(page, load().portal, username)
        yield page
    finally:
        context.close()


def check_front_door(report: Report, browser: Browser) -> None:
    """Show that a password alone, or with a wrong code, opens nothing."""
    from tre.demonstration import one_time_code

    wrong = f"{(int(one_time_code(RESEARCHER)) + 123_456) % 1_000_000:06d}"
    for sentence, code in (("a password alone", ""), ("a password with a wrong code", wrong)):
        context = browser.new_context()
        page = context.new_page()
        _enter_password(page)
        if code:
            page.get_by_label("code").fill(code)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_text("Incorrect code").first.wait_for()
        page.goto(f"{load().portal}/projects/{PROJECT}/")
        report.promise(f"{sentence} opens no project", "/accounts/" in page.url, page.url)
        page.goto(f"{load().hub}/hub/home")
        report.promise(f"{sentence} opens no Hub", "/accounts/" in page.url, page.url)
        context.close()


def _enter_password(page: Page) -> None:
    from tre.demonstration import password

    page.goto(f"{load().portal}/accounts/login/")
    page.get_by_label("Username").fill(RESEARCHER)
    page.get_by_label("Password").fill(password(RESEARCHER))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("code").wait_for()


def work(report: Report, browser: Browser) -> Asked:
    """Go through the notebook, attack from inside it, and ask for release."""
    with person(browser, RESEARCHER) as page:
        began = time.monotonic()
        open_workspace(page, PROJECT)
        report.figure("from the project's page to JupyterLab", f"{time.monotonic() - began:.1f} s")
        other_origin = page.evaluate("location.origin") not in {load().portal, load().hub}
        report.promise("the notebook server has an origin of its own", other_origin)
        room = Room(page, RESEARCHER, PROJECT)
        kernel = room.start()
        _try_the_gate(report, browser, page, room, kernel)
        _attack(report, kernel)
        notebook = _notebook()
        _run_cells(report, kernel, notebook)
        room.write_notebook(NOTEBOOK, json.loads(nbformat.writes(notebook)))
        asked = _ask(report, room, kernel)
        _picture(page)
        kernel.close()
    return asked


def _try_the_gate(report: Report, browser: Browser, page: Page, room: Room, kernel: Kernel) -> None:
    """Try to reach the notebook server as somebody else, and to carry a file out of it or into it past the airlock."""
    address = page.url.split("/lab")[0]
    for who in ("", "checker-one"):
        context = browser.new_context()
        other = context.new_page()
        if who:
            sign_in(other, load().portal, who)
        answer = other.goto(f"{address}/lab")
        outside = "/accounts/login/" in other.url or (answer is not None and answer.status == 403)
        report.promise(f"{who or 'a stranger'} who knows a workspace's address is not let in", outside, other.url)
        context.close()
    kernel.run("open('rows.csv', 'w').write('pseudonym,icd10' + chr(10) + 'A,B' + chr(10))")
    kept = {
        "downloaded": room.status("GET", "/files/rows.csv?download=1"),
        "read in the browser": room.status("GET", "/api/contents/rows.csv?type=file&content=1"),
        "turned into a page": room.status("GET", f"/nbconvert/html/{NOTEBOOK}?download=true"),
    }
    for what, status in kept.items():
        report.promise(f"a file is not {what}", status == httpx.codes.FORBIDDEN, str(status))
    upload = room.status("PUT", "/api/contents/more.csv", {"type": "file", "format": "text", "content": "a,b"})
    report.promise("a file is not uploaded", upload == httpx.codes.FORBIDDEN, str(upload))
    for what, script in _REACHING_OUT.items():
        told = page.evaluate(script, load().portal)
        report.promise(f"a notebook's JavaScript does not reach outside by {what}", told == "refused", str(told))


# Each answers "refused" when the page's policy held, within two seconds.
_REACHING_OUT = {
    "a request": "portal => fetch(portal + '/health', {mode: 'no-cors'}).then(() => 'sent', () => 'refused')",
    "a picture": """portal => new Promise(done => {
        document.addEventListener('securitypolicyviolation', () => done('refused'), {once: true});
        const picture = new Image(); picture.onload = () => done('sent'); picture.src = portal + '/static/x.svg';
        setTimeout(() => done('no answer'), 2000); })""",
    "a WebSocket": """portal => new Promise(done => {
        document.addEventListener('securitypolicyviolation', () => done('refused'), {once: true});
        try { new WebSocket(portal.replace('http', 'ws') + '/x'); } catch { done('refused'); }
        setTimeout(() => done('no answer'), 2000); })""",
    "a beacon": """portal => new Promise(done => {
        document.addEventListener('securitypolicyviolation', () => done('refused'), {once: true});
        navigator.sendBeacon(portal + '/health', 'rows');
        setTimeout(() => done('no answer'), 2000); })""",
    "a service worker": """portal => navigator.serviceWorker.register(location.pathname.split('/lab')[0] + '/logo')
        .then(() => 'registered', () => 'refused')""",
    "a form": """portal => new Promise(done => {
        document.addEventListener('securitypolicyviolation', () => done('refused'), {once: true});
        const form = document.createElement('form'); form.action = portal + '/health'; form.method = 'post';
        form.target = '_blank'; document.body.append(form); form.submit();
        setTimeout(() => done('no answer'), 2000); })""",
}


def _picture(page: Page) -> None:
    """Show the notebook in JupyterLab at its figure, and take a picture of it."""
    page.goto(page.url.split("/lab")[0] + f"/lab/tree/{NOTEBOOK}")
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.locator(".jp-Cell").first.click()
    figure = page.locator(".jp-RenderedImage img").first
    for _ in range(60):  # cells out of sight are not drawn: go down until the figure is
        if figure.is_visible():
            break
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(300)
    figure.scroll_into_view_if_needed(timeout=10_000)
    page.wait_for_timeout(1000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "jupyterlab.png")


def _attack(report: Report, kernel: Kernel) -> None:
    for sentence, reached in judge(kernel.run(source(known())).printed).items():
        report.promise(f"from inside the notebook: {sentence}", not reached, ", ".join(reached[:3]))


def _notebook() -> nbformat.NotebookNode:
    return nbformat.read(REPOSITORY / "notebooks" / NOTEBOOK, as_version=4)


def _run_cells(report: Report, kernel: Kernel, notebook: nbformat.NotebookNode) -> None:
    for count, cell in enumerate((each for each in notebook.cells if each.cell_type == "code"), start=1):
        began = time.monotonic()
        answer = kernel.run(cell.source)
        cell.execution_count = count
        cell.outputs = [nbformat.from_dict(_clean(output, count)) for output in answer.outputs]
        first = next(line for line in cell.source.splitlines() if line.strip())
        report.say(f"          cell {count} ({time.monotonic() - began:.1f} s): {first[:70]}")


def _clean(output: dict[str, Any], count: int) -> dict[str, Any]:
    kept = {name: value for name, value in output.items() if name != "transient"}
    if output["output_type"] == "execute_result":
        kept["execution_count"] = count
    return kept


def _ask(report: Report, room: Room, kernel: Kernel) -> Asked:
    asked = Asked(safe=_json(kernel, "request")["request"])
    again = _json(kernel, "tre.submit([outputs / 'admissions_by_age.csv', outputs / 'admissions_by_deprivation.png', "
                          "model], context=request['context'])")  # fmt: skip
    report.promise("asking again for the same files is the same request", again["request"] == asked.safe)
    asked.hashes = {file["name"]: file["sha256"] for file in again["files"]}
    kernel.run("(outputs / 'admissions_by_age.csv').write_text('changed after it was submitted')")
    kernel.run(_ROWS + _FIGURE)
    room.write_notebook("visits.ipynb", _notebook_with_a_name())
    for what, path, context in _LEAKS:
        made = _json(kernel, f"tre.submit([{path}], context={context!r})")
        asked.leaks[what] = made["request"]
    _await_inspection(report, kernel, asked)
    _attest(report, kernel)
    return asked


def _attest(report: Report, kernel: Kernel) -> None:
    """Have the platform make a table out of the notebook's reach, and read what it signs of it."""
    ran = _json(kernel, "(run := tre.run_table('SELECT * FROM people', rows='sex').wait(600)) and dict(run)")
    kernel.run("run.save(outputs)")
    made = load().path("homes", RESEARCHER, PROJECT, "outputs")
    envelope = json.loads((made / f"run-{ran['run']}.intoto.jsonl").read_text())
    key = custody().signing_key("attestation").public_key()
    told = verify(envelope, key, sha256_of(made / "table.csv"))["predicate"]["buildDefinition"]
    known_by = told["internalParameters"]["project"] == PROJECT and told["externalParameters"]["rows"] == ["sex"]
    report.promise("the platform makes a table from a specification and signs how", known_by, ran["state"])


def _notebook_with_a_name() -> dict[str, Any]:
    """Return a notebook that printed the name of a person whom a provider told of."""
    row = next(row for row in provider_rows("gp_patients") if row["forename"] and row["surname"])
    printed = nbformat.v4.new_output("stream", name="stdout", text=f"next visit: {row['forename']} {row['surname']}\n")
    cell = nbformat.v4.new_code_cell("print(next_visit)", execution_count=1, outputs=[printed], id="visits")
    made: dict[str, Any] = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
    return made


def _await_inspection(report: Report, kernel: Kernel, asked: Asked, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = {each["request"]: each for each in _json(kernel, "tre.requests()")}
        wanted = [found[number] for number in (asked.safe, *asked.leaks.values())]
        if all(each["state"] not in {"submitted", "inspecting"} for each in wanted):
            break
        time.sleep(1)
    states = {number: each["state"] for number, each in found.items()}
    # A study that was cut off may find its own request decided already.
    passed = states[asked.safe] in {"in_review", "approved", "releasing", "released"}
    report.promise("the safe table, figure and model pass to review", passed, states[asked.safe])
    for what, number in asked.leaks.items():
        reasons = [finding["why"] for file in found[number]["files"] for finding in file["findings"]]
        report.promise(f"{what} is blocked", states[number] == "blocked" and bool(reasons), states[number])
        report.say(f"          told: {reasons[0] if reasons else ''}")


def _json(kernel: Kernel, expression: str) -> Any:
    printed = kernel.run(f"import json as _json; print(_json.dumps({expression}))").printed
    return json.loads(printed.strip().splitlines()[-1])


def frozen_elsewhere(asked: Asked) -> bool:
    """Return whether the frozen files are the submitted bytes still, though the workspace's were changed."""
    home = load().path("homes", RESEARCHER, PROJECT, "outputs", "admissions_by_age.csv")
    return Path(home).read_text() == "changed after it was submitted" and bool(asked.hashes)
