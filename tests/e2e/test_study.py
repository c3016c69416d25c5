"""The first study at a small size: the real product, end to end, as ``make study`` runs it, and a kill in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browsing import chromium
from tests.study.kills import started

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_PEOPLE = 2000


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home with a short path: sockets stand in it, and pytest's own folders lie too deep for them."""
    with tempfile.TemporaryDirectory(prefix="tre-e2e-") as folder:
        yield Path(folder) / "home"


def test_the_first_study_keeps_every_promise_though_its_release_was_cut_off(home: Path):
    """The supervisor dies by SIGKILL while a release is under way; `make kills` goes through every kind of process."""
    with started(home, _PEOPLE, "--kill") as study:
        printed = study.communicate()[0]
    print(printed[-12_000:])
    assert study.returncode == 0
    assert "killed, the supervisor leaves no process behind" in printed
