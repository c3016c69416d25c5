"""Noise that is the same in every run of the tests: else a bound that chance may break breaks one run in so many."""

from __future__ import annotations

import hashlib

import pytest

from ml import checkpoint, dp, evaluate
from ml.attacks import canaries


class Keys:
    """Stands for the system's randomness where noise takes its keys: each is another, and in every run the same."""

    def __init__(self) -> None:
        self._given = 0

    def token_bytes(self, count: int) -> bytes:
        """Return the next key."""
        self._given += 1
        return hashlib.shake_256(self._given.to_bytes(8, "big")).digest(count)


def draw_as_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainings, what is told of them and audits draw the noise that they drew in every run before."""
    keys = Keys()
    for module in (checkpoint, dp, evaluate, canaries):
        monkeypatch.setattr(module, "secrets", keys)
