"""What the tests know of the machine's processes: a process left behind is seen, one of another product is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import alive, of_product, tree


@pytest.fixture
def parent(tmp_path: Path):
    """A process with a child of its own, which outlives it, both given a home."""
    child = "import time; print(1, flush=True); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "TRE_HOME": str(tmp_path / "home")}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    for each in of_product("", tmp_path / "home"):
        each.kill()
    process.wait()


def test_a_child_that_outlives_its_parent_is_seen(parent, tmp_path):
    started = tree(parent.pid)
    assert len(started) == 2
    parent.kill()
    parent.wait()
    left = alive(started)
    assert len(left) == 1
    assert left == set(of_product("time.sleep", tmp_path / "home"))
    assert tree(parent.pid) == set()


def test_another_products_processes_are_not_seen(parent, tmp_path):
    assert of_product("", tmp_path / "another") == []
