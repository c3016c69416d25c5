"""The privacy ledger: many who spend at once and are killed, and what it promises against another accountant.

Workers are processes of their own, each with its connection, on the product's database; one in a few is killed at a
random moment and another takes its place. What they were told they have is compared with what is there afterwards. The
pace is compared with plain SQL that inserts one row for each spend in as many transactions, under as many processes.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

from tests.bench.harness import Row, row
from tests.bench.home import product_home
from tre.config.options import REPOSITORY

if TYPE_CHECKING:  # Django must have its settings first
    from tre.privacy.composition import Loss, Mechanism

NAME = "ledger"
SPENDS = {"small": (200, 1_000), "medium": (1_000, 4_000), "large": (1_000, 10_000)}
WORKERS = {"small": 8, "medium": 24, "large": 50}
HISTORIES = {"small": 200, "medium": 2_000, "large": 10_000}
_KILLED = 5  # one worker in so many
_EPSILON, _DELTA = "0.01", Decimal("1e-5")
_STEP = 1e-3  # of the peer's grid
_SPEND = """
import django, sys; django.setup()
from tests.factories import as_seen_now
from tre.privacy.services import commit, reserve
from tre.projects.models import Project
first, count = map(int, sys.argv[1:3])
who, study = as_seen_now("ann"), Project.objects.get(code=sys.argv[3])
print("ready", flush=True); sys.stdin.readline()
for number in range(first, first + count):
    made = reserve(study, epsilon=sys.argv[4], delta=0, purpose="", actor=who, once=f"n{number}")
    commit(study, made.pk, who)
    print(made.pk, flush=True)
"""
_PLAIN = """
import sqlite3, sys
first, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
held = sqlite3.connect(path, timeout=60, isolation_level=None)
held.execute("PRAGMA synchronous = FULL")
print("ready", flush=True); sys.stdin.readline()
for number in range(first, first + count):
    for state in ("reserved", "committed"):
        held.execute("BEGIN IMMEDIATE")
        held.execute("INSERT INTO spends VALUES (?, ?)", (number, state))
        held.execute("COMMIT")
    print(number, flush=True)
"""


def run(size: str, seed: int) -> list[Row]:
    """Measure the spenders on the embedded database, then the histories."""
    return [*_spending(size, seed), *_histories(size, seed)]


def _spending(size: str, seed: int) -> Iterator[Row]:
    with product_home() as home:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        for spends in SPENDS[size]:
            code, path = f"study{spends}", home / f"plain-{spends}.sqlite3"
            _furnish(code)
            told, seconds, killed = _crowd(_SPEND, [code, _EPSILON], spends, WORKERS[size], seed, kills=True)
            lost, there = _kept(code)
            with sqlite3.connect(path) as plain:
                plain.execute("PRAGMA journal_mode = WAL")
                plain.execute("CREATE TABLE spends (number INTEGER, state TEXT)")
            floor = _crowd(_PLAIN, [str(path)], spends, WORKERS[size], seed, kills=False)[1]
            label = f"{spends:,} spends, {WORKERS[size]} workers, {killed} killed"
            yield row(NAME, f"{label}: of what was told, there", len(told & there) / len(told), ">= 1", size, seed)
            yield row(NAME, f"{label}: spends, for each that was asked", len(there) / spends, "<= 1", size, seed)
            wrong = abs(lost - Decimal(_EPSILON) * len(there))
            yield row(NAME, f"{label}: the total, off by", float(wrong), "<= 0", size, seed)
            yield row(NAME, f"{label}: seconds, times plain SQL's", seconds / floor, "", size, seed)
            yield row(NAME, f"{label}: spends a second", spends / seconds, "", size, seed)
        _reconciled()


def _furnish(code: str) -> None:
    from tests.factories import person, project
    from tre.privacy.models import Ledger
    from tre.privacy.services import ledgers_of

    person("ann", "researcher")
    ledgers_of(project(code, "ann"))
    Ledger.objects.update(epsilon=100_000)


def _crowd(
    program: str, told: list[str], spends: int, workers: int, seed: int, *, kills: bool
) -> tuple[set[int], float, int]:
    """Let workers spend, kill some, and return what they were told, the seconds and how many were killed."""
    chance, each = random.Random(seed), -(-spends // workers)
    waiting = [(first, min(each, spends - first)) for first in range(0, spends, each)]
    running = [_started(program, first, count, told) for first, count in waiting]
    for worker in running:
        _line(worker)
    began, heard, killed = time.perf_counter(), set[int](), 0
    for worker in running:
        _say(worker)
    for place, worker in enumerate(running):
        if kills and place % _KILLED == 0:
            for _ in range(chance.randrange(1, max(each // 2, 2))):
                _line(worker)
            worker.kill()
            killed += 1
            heard |= _heard(worker)
            running[place] = _started(program, *waiting[place], told)  # the same names again: what is there is found
            _line(running[place])
            _say(running[place])
    for worker in running:
        heard |= _heard(worker)
        if worker.returncode:
            raise RuntimeError("a worker failed")
    return heard, time.perf_counter() - began, killed


def _started(program: str, first: int, count: int, told: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(first), str(count), *told], cwd=REPOSITORY, text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout
    return worker.stdout.readline()


def _say(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _heard(worker: subprocess.Popen[str]) -> set[int]:
    told = worker.communicate()[0]
    return {int(line) for line in told.splitlines() if line.strip().isdigit()}


def _kept(code: str) -> tuple[Decimal, set[int]]:
    """Return what the project's ledger lost, as its order infinity has it, and the numbers of the spends."""
    from tre.privacy.models import Ledger, Spend

    lost = Ledger.objects.get(scope="project", name=code).lost()
    held = Spend.objects.filter(ledger__name=code).values_list("pk", flat=True)
    return Decimal(lost.curve[-1]) / 10**9, set(held)


def _reconciled() -> None:
    """Hold the tables to the log, but for the budgets, which this benchmark made larger past the platform."""
    from tre.audit.services import verify
    from tre.privacy.models import Ledger
    from tre.privacy.reconciliation import reconcile

    for ledger in Ledger.objects.all():
        ledger.epsilon = Decimal(_opened(ledger.subject()))
        ledger.save(update_fields=["epsilon"])
    reconcile()
    verify()


def _opened(subject: str) -> str:
    from tre.audit.models import Entry

    return str(Entry.objects.get(event="privacy.budget_opened", subject=subject).data["epsilon"])


def _histories(size: str, seed: int) -> Iterator[Row]:
    """Compose random histories by the ledger and by dp-accounting's distributions, which the ledger never undercuts.

    The peer's distribution of one spend takes longer to make than ten take to compose, so that histories are drawn from
    a tenth as many random spends, each of which is in many of them.
    """
    from tre.privacy.composition import epsilon_of, whole

    chance, ratios, below = random.Random(seed), [], 0
    spends = [_drawn(chance) for _ in range(HISTORIES[size] // 10)]
    losses, theirs = [_loss(each) for each in spends], [_peer(each) for each in spends]
    for _ in range(HISTORIES[size]):
        drawn = chance.choices(range(len(spends)), k=chance.randint(1, 8))
        ours = epsilon_of(whole(losses[each] for each in drawn), _DELTA)
        peer = reduce(lambda one, other: one.compose(other), [theirs[each] for each in drawn])
        exact = float(peer.get_epsilon_for_delta(float(_DELTA)))
        if ours is None:
            continue
        below += float(ours) < exact - 10 * _STEP
        ratios.append(float(ours) / exact if exact > 0.01 else 1.0)
    label = f"{HISTORIES[size]:,} random histories"
    yield row(NAME, f"{label}: below dp-accounting's composition", float(below), "<= 0", size, seed)
    yield row(NAME, f"{label}: epsilon, times dp-accounting's, the median", statistics.median(ratios), "", size, seed)


def _drawn(chance: random.Random) -> Mechanism | float:
    from tre.privacy.composition import Mechanism

    kind = chance.choice(["pure", "gaussian", "laplace", "sampled_gaussian"])
    if kind == "pure":
        return round(chance.uniform(0.01, 2), 3)
    if kind == "sampled_gaussian":
        return Mechanism(kind, chance.uniform(0.8, 4), chance.uniform(0.001, 0.2), chance.randint(1, 300))
    return Mechanism(kind, chance.uniform(1, 40), 1.0, chance.randint(1, 8))


def _loss(spend: Mechanism | float) -> Loss:
    from tre.privacy.composition import loss_of, stated
    from tre.privacy.domain import budget

    return stated(budget(spend, 0)) if isinstance(spend, float) else loss_of(spend)


def _peer(spend: Mechanism | float) -> Any:
    from tests.property.test_privacy_composition import distribution
    from tre.privacy.domain import budget

    return distribution(budget(spend, 0) if isinstance(spend, float) else spend)
