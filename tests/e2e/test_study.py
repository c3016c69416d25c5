"""The first study at a small size: the real product, end to end, as ``make study`` runs it, and a kill in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browsing import chromium
from tests.study.kills import started
from tests.study.report import WRITTEN, Step

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_PEOPLE = 2000
_STEPS = (
    "Start: synthesise, land, build, provision",
    "Land and build the warehouse",
    "Approve and provision a project",
    "Sign in",
    "Work in the notebook, and attack from it",
    "Leave by the airlock",
    "Look at every page",
    "Deploy the model",
    "Prove",
    "Stop, and start again",
)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give a home with a short path: sockets stand in it, and pytest's own folders lie too deep for them."""
    with tempfile.TemporaryDirectory(prefix="tre-e2e-") as folder:
        yield Path(folder) / "home"


@pytest.fixture(scope="module")
def steps(home: Path) -> dict[str, Step]:
    """Run the study once. The supervisor dies in it by SIGKILL while a release is under way; see also `make kills`."""
    WRITTEN.unlink(missing_ok=True)
    with started(home, _PEOPLE, "--kill") as study:
        printed = study.communicate()[0]
    print(printed[-12_000:])
    assert study.returncode in (0, 1)
    return {each["name"]: Step(**each) for each in json.loads(WRITTEN.read_text())}


def test_the_study_goes_through_every_step(steps: dict[str, Step]):
    assert tuple(steps) == _STEPS


@pytest.mark.parametrize("name", _STEPS)
def test_a_step_keeps_every_promise(name: str, steps: dict[str, Step]):
    assert name in steps, "the study did not come so far"
    assert steps[name].promises or name == _STEPS[0], "it promised nothing"  # the first is there or not
    assert [text for text, kept in steps[name].promises if not kept] == []


def test_the_supervisor_died_during_the_release(steps: dict[str, Step]):
    told = [text for text, _ in steps["Leave by the airlock"].promises]
    assert "the release is under way" in told
    assert "killed, the supervisor leaves no process behind" in told
