"""The first study at a small size: the real product, end to end, as ``make study`` runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.browsing import chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def test_the_first_study_keeps_every_promise(tmp_path: Path):
    command = [sys.executable, "-m", "tests.study", "--people", "2000", "--home", str(tmp_path / "home")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    print(done.stdout[-12_000:], done.stderr[-4_000:])
    assert done.returncode == 0
