"""Attacks as figures: what audits show of trainers that keep their promise and of others, and what LiRA gets.

Each audit is one run of a trainer. How long it takes is told as a multiple of a plain training on the same people, the
two run in turn on one thread, by the processor's time.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from ml import dp
from ml.attacks import membership
from ml.attacks.canaries import audit
from ml.attacks.known import Known
from ml.attacks.outcome import Clock, Outcome
from ml.attacks.subjects import Subject
from tests import attacked
from tests.bench.harness import Row, row
from tests.broken_trainers import BROKEN, audited

RUNS = 20
PEOPLE = {"small": 6000, "medium": 12_000, "large": 30_000}
TURNS = {"small": 3, "medium": 7, "large": 15}


def rows(size: str, seed: int) -> Iterator[Row]:
    """Measure audits, then LiRA."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from _audits(size, seed)
        yield row("learning", "audit, times a training", _times(size), "<= 1.1", size, seed)
        yield from _likelihood(size, seed)
    finally:
        torch.set_num_threads(threads)


def _audits(size: str, seed: int) -> Iterator[Row]:
    seeds = range(1000 * seed, 1000 * seed + RUNS)
    honest = [audited(each) for each in seeds]
    most = max(each.shown / each.stated for each in honest)
    yield row("learning", f"audited epsilon, times the stated, most of {RUNS}", most, "<= 1", size, seed)
    wrongly = sum(bool(each.departures) for each in honest)
    yield row("learning", f"audit, of {RUNS} the honest trainer accused", wrongly, "<= 1", size, seed)
    for name, breaking in BROKEN.items():
        with breaking():
            caught = sum(audited(each).broken for each in seeds)
        yield row("learning", f"audit, of {RUNS} caught: {name}", caught, ">= 19", size, seed)


def _times(size: str) -> float:
    spec = replace(attacked.SPEC, model="mlp", hidden=(256, 256), steps=150, batch=4096)
    frame = attacked.people(2 * PEOPLE[size])
    ways: tuple[Callable[[], object], ...] = (
        lambda: dp.train(spec, frame),
        lambda: audit(spec, frame, canaries=1000),
    )
    ratios = []
    for _ in range(TURNS[size]):
        took = []
        for way in ways:
            began = time.process_time()
            way()
            took.append(time.process_time() - began)
        ratios.append(took[1] / took[0])
    return statistics.median(ratios)


def _likelihood(size: str, seed: int) -> Iterator[Row]:
    from sklearn.ensemble import RandomForestClassifier

    warnings.simplefilter("ignore")
    of = attacked.facts(PEOPLE[size])
    private = attacked.private(of, model="mlp", hidden=(64,))
    overfit = RandomForestClassifier(50, random_state=seed)  # its trees grow until they know everybody
    subjects = {"epsilon 2": (private, "<= 0.001"), "overfit": (attacked.estimator(overfit, of), ">= 0.1")}
    for name, (subject, target) in subjects.items():
        for kind, found in _best(subject, of, seed).items():
            low = found.figures["named_at_0.001_low"]
            held = target if kind == "lira" else ""
            label = f"{kind}, {name}: named at 0.1 % false alarms"
            yield row("learning", label, found.figures["named_at_0.001"], "", size, seed)
            yield row("learning", f"{label}, surely", low, held, size, seed)


def _best(subject: Subject, of: Known, seed: int) -> dict[str, Outcome]:
    told = membership.attack(subject, of, np.random.default_rng(seed), Clock(120), None)
    return {each.attack: each for each in told if each.attack != "threshold"}
