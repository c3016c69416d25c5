"""The airlock is killed before each of its transactions ends: nothing is lost, nothing leaves twice, every proof holds.

What happens in it is told in :mod:`tests.airlock_kills`. ``make boundaries`` does it at random for ten minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tre.config.options import REPOSITORY


def killed(*options: str) -> tuple[int, ...]:
    """Return what a run tells: the commits of a round, the rounds, and the processes that died."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRE_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.airlock_kills", *options], cwd=REPOSITORY, env=kept, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:3]))


def test_whenever_it_was_killed_it_is_gone_on_with_and_leaves_once():
    most, rounds, died = killed()
    assert rounds == died == most >= 20


def test_killed_at_random_and_again_while_it_goes_on_it_leaves_once():
    most, rounds, died = killed("--seconds", "10", "--seed", "7")
    assert most >= 20
    assert died >= rounds >= 1
