"""Many people at once in one project, through the real portal, Hub, proxy and gates; then one whose notebook runs away.

Each signs in, opens a small workspace and runs short cells with pauses, as people do. No request may fail. What an idle
server takes of memory is told, and how much slower a short cell is while another person's notebook takes all the
processor time and memory that it can.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from tests.bench.crowd import PROJECT, Visitor
from tests.bench.harness import Row, row
from tests.e2e.room import CellFailed, Kernel

PEOPLE = {"small": 5, "medium": 15, "large": 30}
_PASSWORD = "a long and random password"
_OPENING = 4  # who open theirs at the same moment: the others come while these wait
_CELLS = 8
_CELL = "sum(number * number for number in range(20_000))"
_RUNAWAY = """
import os
for _ in range(8):
    if os.fork() == 0:
        held = []
        while True:
            held.append(bytearray(16 * 1024 * 1024))
"""


def run(size: str, seed: int) -> list[Row]:
    """Return the figures of one crowd."""
    from tests.study.product import Product, prepare_environment

    with tempfile.TemporaryDirectory(prefix="crowd-") as home:
        prepare_environment(Path(home), 200)
        product = Product(print)
        try:
            return _run(size, seed)
        finally:
            product.stop()


def _run(size: str, seed: int) -> list[Row]:
    visitors = _invited(PEOPLE[size])
    for each in visitors:
        each.sign_in()
    with ThreadPoolExecutor(_OPENING) as opening:
        starts = list(opening.map(Visitor.open, visitors))
    idle = _idle_megabytes(len(visitors))
    with _kernels(visitors) as kernels:
        quiet = _work(kernels, seed)
        beside = _beside_a_runaway(kernels, seed)
    failed = [told for each in visitors for told in each.failed]
    if failed:
        print("failed:", *failed[:10], sep="\n  ")
    crowd = len(visitors)
    return [
        row("crowd", "people at once", crowd, "", size, seed),
        row("crowd", "requests that failed", len(failed), "<= 0", size, seed),
        row("crowd", "requests", sum(each.asked for each in visitors), "", size, seed),
        row("crowd", "seconds from opening to JupyterLab's page, median", statistics.median(starts), "", size, seed),
        row("crowd", "seconds from opening to JupyterLab's page, longest", max(starts), "", size, seed),
        row("crowd", "megabytes of an idle server with its launcher", idle, "", size, seed),
        row("crowd", "seconds of a short cell, 95 of 100", _late(quiet), "", size, seed),
        row("crowd", "the same beside a runaway, times", _late(beside) / _late(quiet), "<= 4", size, seed),
    ]


def _invited(number: int) -> list[Visitor]:
    """Make accounts, have them join the project in the way that people do, and let all work at once."""
    from tre.demonstration import seen
    from tre.people.models import Account
    from tre.people.services import create_account, current_code, enrol_totp
    from tre.projects import applications
    from tre.projects.applying import SAFES
    from tre.projects.models import Project
    from tre.workspace.quotas import Allowance, set_quota

    project = Project.objects.get(code=PROJECT)
    names = [f"visitor-{place:02}" for place in range(number)]
    for name in names:
        account = create_account(
            username=name, email=f"{name}@example.org", password=_PASSWORD, roles=["researcher"],
            training_expires=project.ends, actor="bench",
        )  # fmt: skip
        enrol_totp(account)
    lead = applications.members_of(project)[0]
    applications.ask_for_change(PROJECT, seen(lead), project.ends, [lead, *names], "Many hands.")
    for agreement in project.agreements.all():
        applications.decide_dataset(PROJECT, agreement.dataset, True, "", seen("asset-owner"))
    applications.assess(PROJECT, dict.fromkeys(SAFES, ("met", "")), seen("data-manager"))
    applications.approve(PROJECT, seen("data-manager"))
    set_quota(PROJECT, Allowance(10_000, 1_000_000), seen("data-manager"))
    accounts = {each.username: each for each in Account.objects.filter(username__in=names)}
    return [Visitor(name, _PASSWORD, partial(current_code, accounts[name])) for name in names]


@contextmanager
def _kernels(visitors: list[Visitor]) -> Iterator[list[Kernel]]:
    with ThreadPoolExecutor(_OPENING) as opening:
        kernels = list(opening.map(lambda each: each.room().start(), visitors))
    try:
        yield kernels
    finally:
        for each in kernels:
            each.close()


def _work(kernels: list[Kernel], seed: int) -> list[float]:
    """Run short cells in all of them at once, with pauses, and return how long each took."""
    with ThreadPoolExecutor(len(kernels)) as people:
        told = people.map(lambda place: _session(kernels[place], seed + place), range(len(kernels)))
        return [seconds for each in told for seconds in each]


def _session(kernel: Kernel, seed: int) -> list[float]:
    pauses, taken = random.Random(seed), []
    for _ in range(_CELLS):
        time.sleep(pauses.uniform(0.5, 3))
        began = time.monotonic()
        kernel.run(_CELL)
        taken.append(time.monotonic() - began)
    return taken


def _beside_a_runaway(kernels: list[Kernel], seed: int) -> list[float]:
    """Do the same in all but the first, whose cell forks and fills its memory."""
    running = threading.Thread(target=_quietly(lambda: kernels[0].run(_RUNAWAY, seconds=120)), daemon=True)
    running.start()
    time.sleep(2)
    return _work(kernels[1:], seed)


def _quietly(act: Callable[[], object]) -> Callable[[], None]:
    def acted() -> None:
        try:
            act()
        except (CellFailed, OSError):  # it is ended by its own bounds, as it should be
            return

    return acted


def _late(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _idle_megabytes(number: int) -> float:
    """Return the proportional memory of everything that runs as a sandbox's user, or launches one, for each server."""
    from tre.config.options import load as options

    base, total = options().sandbox_uid_base, 0
    for process in psutil.process_iter(["cmdline", "uids"]):
        command = " ".join(process.info["cmdline"] or ())
        theirs = process.info["uids"] and base < process.info["uids"].real < base + 1000
        if theirs or "tre.workspace.launch" in command:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:  # it has ended meanwhile
                continue
    return total / number / 1e6
