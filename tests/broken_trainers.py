"""Trainers that are broken on purpose, each as such things go wrong: an audit must see that they keep no promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pandas as pd

from ml import descent
from ml.attacks import canaries
from ml.attacks.canaries import Audit, audit
from ml.clipping import clipped_gradients
from ml.noise import Noise, noisy_sum
from ml.spec import Numeric, TrainingSpec

# About a quarter of the persons is drawn in each step; the bound is small, so that a canary comes up to it.
SPEC = TrainingSpec(
    "person", "ill", (Numeric("age", 0, 100),), (), epsilon=4.0, delta=1e-6, steps=4, batch=1500, rate=0.1, clip=0.05,
    rows=4,
)  # fmt: skip
NOBODY = pd.DataFrame({"person": [], "age": [], "ill": []})
CANARIES = 12_000


def audited(seed: int) -> Audit:
    """Audit the trainer as it is now."""
    return audit(SPEC, NOBODY, canaries=CANARIES, seed=seed, key=seed.to_bytes(32, "big"))


@contextmanager
def _noise_off() -> Iterator[None]:
    with mock.patch.object(descent, "noisy_sum", lambda total, noise, clip, multiplier: total):
        yield


@contextmanager
def _clipping_off() -> Iterator[None]:
    with mock.patch.object(
        descent, "clipped_gradients", lambda model, losses, clip: clipped_gradients(model, losses, 1e9)
    ):
        yield


@contextmanager
def _wrong_divisor() -> Iterator[None]:
    """Noise that is meant for a sum is made for a mean, whose sensitivity is taken for the bound by the batch."""

    def small(total, noise, clip, multiplier):
        return noisy_sum(total, noise, clip, multiplier / SPEC.batch)

    with mock.patch.object(descent, "noisy_sum", small):
        yield


@contextmanager
def _shuffled() -> Iterator[None]:
    """Everybody is in just one batch of each pass over the table, as a data loader has it."""

    def drawn(noise: Noise, step: int, persons: int, rate: float) -> np.ndarray:
        batches = round(1 / rate)
        order = np.random.default_rng(step // batches).permutation(persons)
        return np.array_split(order, batches)[step % batches]

    with mock.patch.object(Noise, "drawn", drawn):
        yield


@contextmanager
def _rows_for_people() -> Iterator[None]:
    """Each row is taken for a person of its own."""
    with mock.patch.object(canaries, "by_person", lambda frame, spec: np.arange(len(frame))[:, None]):
        yield


BROKEN = {
    "noise off": _noise_off,
    "clipping off": _clipping_off,
    "wrong batch divisor": _wrong_divisor,
    "shuffling for Poisson": _shuffled,
    "rows for people": _rows_for_people,
}
