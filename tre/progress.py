"""Tells a person at a terminal what is going on and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


@contextmanager
def step(say: Say, text: str) -> Iterator[None]:
    """Announce a long step and, when it is done, how long it took."""
    began = time.monotonic()
    say(f"{text} ...")
    yield
    say(f"{text}: done in {time.monotonic() - began:.0f} s")
