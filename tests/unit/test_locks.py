"""The locks: what is installed is what was tried, and nothing that only costs time."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


def locked(name: str) -> dict[str, str]:
    text = (REPOSITORY / name).read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def test_what_runs_is_what_is_tested():
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert len(run) > 100
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_what_slows_every_start_is_left_out(name):
    """See the Makefile: jsonschema imports it where it is installed, and does without it where it is not."""
    assert {"rfc3987-syntax", "lark", "torch"} & set(locked(name)) == set()


def test_jsonschema_does_without_it():
    program = "import sys; sys.modules['rfc3987_syntax'] = None; import jsonschema, jupyter_events, nbformat"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
