"""The launcher's cards in the JupyterLab that is installed: in a real sandbox, behind the gate, in real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.course.inside import OpenProject
from tests.course.platform import listening
from tests.e2e.accessible import PICTURES
from tests.e2e.browsing import browser, chromium
from tests.e2e.gated import gate
from tests.security.test_gate import BASE
from tre.config.options import load
from tre.workspace.project_services import launch
from tre.workspace.sandbox import JUPYTER_PATH, Inbound, begins_with

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_PORT = 8888
_SERVER = (
    sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={_PORT}",
    "--ServerApp.root_dir=/home/ann", f"--ServerApp.base_url={BASE}", "--IdentityProvider.token=token",
    "--ServerApp.allow_remote_access=True",
)  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Run ann's JupyterLab in her sandbox as the spawner does, and yield the socket that leads to it."""
    for each in (tmp_path, *tmp_path.parents):
        if str(each).startswith("/tmp/"):
            each.chmod(0o755)
    opened = OpenProject(tmp_path)
    opened.platform.requests.append(
        {"request": 7, "state": "in_review", "context": "", "files": [{"name": "falls.csv", "findings": []}]}
    )
    room, socket = opened.room("ann"), str(tmp_path / "launch-ann" / "server.sock")
    Path(room.folder).mkdir(mode=0o700)
    load().path("logs").mkdir(parents=True, exist_ok=True)
    box = replace(
        room, commands=(_SERVER,), firsts=begins_with(room.home), inbound=(Inbound(socket, _PORT),),
        environment={**room.environment, "JUPYTER_PATH": JUPYTER_PATH}, watch=os.getpid(),
    )  # fmt: skip
    with listening(opened.platform, tmp_path / "api.sock"):
        running = launch(box)
        try:
            yield socket
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()


def _opened(tab: Page, card: str, shows: str) -> None:
    """Click a card as a person does, and wait for what its notebook shows."""
    tab.get_by_role("button", name=card, exact=True).click()
    tab.locator(".jp-Notebook:visible").get_by_text(shows, exact=True).first.wait_for(timeout=90_000)


def test_each_card_opens_what_it_names(server):
    PICTURES.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with gate(server) as gated, browser() as started:
        gated.await_answer()
        window = started.new_context(viewport={"width": 1280, "height": 840})
        gated.let_in(window)
        tab = window.new_page()
        tab.on(
            "console", lambda said: complaints.append(f"{said.text} {said.location}") if said.type == "error" else None
        )
        tab.goto(gated.page("lab"))
        tab.locator(".jp-LauncherCard", has_text="Data").wait_for(timeout=60_000)
        assert tab.locator(".jp-Launcher-sectionTitle").all_inner_texts()[-1] == "This project"
        tab.screenshot(path=PICTURES / "launcher.png")
        for card, shows in (
            ("Data", "admitted_care"),
            ("Requests", "falls.csv"),
            ("Help and course", "the project's tables"),
        ):
            _opened(tab, card, shows)
            tab.screenshot(path=PICTURES / f"launcher-{card.partition(' ')[0].lower()}.png")
            tab.locator(".lm-TabBar-tabLabel", has_text="Launcher").click()
    # Of what the gate does not pass JupyterLab asks for two things at its start; nothing of the cards' is among them.
    assert [each for each in complaints if "@tre" in each or not ("status of 404" in each or "webrtc" in each)] == []
