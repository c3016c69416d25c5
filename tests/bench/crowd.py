"""Many people at once, through the real portal, Hub, proxy and gates; then one of them whose notebook runs away.

They come within a short time, sign in with both factors, and work: short cells with pauses, a look at the files, a
save. No request may fail. What an idle server takes of memory is told, and how much slower a short cell is while
another person's notebook takes all the processor time, memory and processes that it can, and prints without an end.

The product runs as its users start it, with a home of its own; so this is a program of its own, and prints its rows.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import psutil

from tests.bench.harness import SIZES, Row, row
from tests.bench.visitor import Visitor
from tests.processes import command_line, of_product, tree

PEOPLE = {"small": 4, "medium": 10, "large": 30}
REPOSITORY = Path(__file__).resolve().parents[2]
_PASSWORD = "a long and random password"
_HEALTH_SYSTEM = 200  # people: the least that gives both projects of the demonstration an extract
_BETWEEN = 1.0  # seconds between one person's coming and the next one's, on average
_CELLS = 10
_CELL = "sum(number * number for number in range(20_000))"
_IDLE_SECONDS = 10.0
_MEGABYTE = 1024**2
_NAME = "visitor"
Figure = tuple[str, float, str]  # what it is, its value, and its target
# Four computing, two filling memory, one whose children have children, and a text without an end.
_RUNAWAY = """
import os
def child(act):
    if os.fork() == 0:
        while True:
            try:
                act()
            except (OSError, MemoryError):
                pass
held = []
for _ in range(4):
    child(lambda: sum(range(1_000_000)))
for _ in range(2):
    child(lambda: held.append(bytearray(16 * 1024 * 1024)))
child(os.fork)
while True:
    print("x" * 10_000)
"""


def rows(size: str, seed: int) -> list[Row]:
    """Return the figures of one crowd, measured in a process of its own."""
    with tempfile.NamedTemporaryFile(prefix="crowd-", suffix=".json") as out:
        command = [sys.executable, "-m", "tests.bench.crowd", "--size", size, "--seed", str(seed), "--out", out.name]
        subprocess.run(command, cwd=REPOSITORY, check=True)
        return [Row(**each) for each in json.loads(Path(out.name).read_text())]


def main() -> None:
    """Start the product, bring the crowd, and write the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", default="small", choices=SIZES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    from tests.study.product import Product, prepare_environment

    with tempfile.TemporaryDirectory(prefix="crowd-") as home:
        prepare_environment(Path(home), _HEALTH_SYSTEM)
        product = Product(print)
        try:
            found = crowd(PEOPLE[told.size], told.size, told.seed)
        finally:
            product.stop()
    told.out.write_text(json.dumps([asdict(each) for each in found]))


def crowd(people: int, size: str, seed: int) -> list[Row]:
    """Bring so many people to the product that runs, and return the figures."""
    visitors = invited(people)
    try:
        figures = [("people at once", people, ""), *_opened(visitors, seed), *_worked(visitors, seed)]
    finally:
        for each in visitors:
            each.leave()
    return [row("workspace", f"crowd: {metric}", value, target, size, seed) for metric, value, target in figures]


def _opened(visitors: Sequence[Visitor], seed: int) -> list[Figure]:
    """Have all come and open their workspaces, and then start kernels."""
    came = _all(visitors, lambda visitor, place: _arrive(visitor, random.Random(f"{seed} {place}"), len(visitors)))
    time.sleep(_IDLE_SECONDS)
    idle = _idle_megabytes()
    kernels = _all(_present(visitors), lambda visitor, _: [visitor.tries(visitor.start_kernel)])
    return [
        ("seconds from opening to JupyterLab's page, median", statistics.median(came), ""),
        ("seconds from opening to JupyterLab's page, longest", max(came), ""),
        ("seconds from a kernel's start to its first answer, median", statistics.median(kernels), ""),
        ("megabytes of an idle server with its launcher", idle, ""),
    ]


def _present(visitors: Sequence[Visitor]) -> list[Visitor]:
    """Return those of whom nothing failed yet: who did not get in has nothing to work in."""
    return [each for each in visitors if not each.failed]


def _worked(visitors: Sequence[Visitor], seed: int) -> list[Figure]:
    """Have all work, and then all but the first beside a notebook of theirs that runs away."""
    absent = [told for each in visitors for told in each.failed]
    visitors, asked = _present(visitors), sum(each.asked for each in visitors if each.failed)
    alone = _all(visitors, lambda visitor, place: _work(visitor, random.Random(f"{seed} {place} alone")))
    left = psutil.virtual_memory().available / _MEGABYTE
    before = {visitor.username: len(visitor.failed) for visitor in visitors}
    runaway, others = visitors[0], visitors[1:]
    _run_away(runaway)
    beside = _all(others, lambda visitor, place: _work(visitor, random.Random(f"{seed} {place} beside")))
    harmed = [each.username for each in others if len(each.failed) > before[each.username]]
    failed = [*absent, *(told for each in others for told in each.failed)]
    failed += runaway.failed[: before[runaway.username]]  # after that its own bounds end it, as they should
    for told in failed[:20]:
        print(f"failed: {told}")
    times = statistics.median(beside) / statistics.median(alone)
    return [
        ("requests made", asked + sum(each.asked for each in visitors), ""),
        ("requests failed", len(failed), "<= 0"),
        ("megabytes of the machine left while all work", left, ""),
        ("milliseconds of a short cell, median", 1000 * statistics.median(alone), ""),
        ("milliseconds of a short cell, 95 of 100", 1000 * _late(alone), ""),
        ("a short cell beside a runaway, median, times without", times, "<= 3"),
        ("a short cell beside a runaway, 95 of 100, times without", _late(beside) / _late(alone), ""),
        ("people harmed by the runaway", len(harmed), "<= 0"),
    ]


def invited(people: int) -> list[Visitor]:
    """Make accounts, have them join the demonstration's projects as people do, and let all work there at once."""
    from tre.demonstration import STUDIES, seen
    from tre.people.models import Account
    from tre.people.services import create_account, current_code, enrol_totp
    from tre.projects import applications
    from tre.projects.applying import SAFES
    from tre.projects.models import Project
    from tre.workspace.quotas import Allowance, set_quota

    codes = [study.code for study in STUDIES]
    places = {f"{_NAME}-{place:02}": codes[place % len(codes)] for place in range(people)}
    projects = {code: Project.objects.get(code=code) for code in codes}
    for name, code in places.items():
        account = create_account(
            username=name, email=f"{name}@example.org", password=_PASSWORD, roles=["researcher"],
            training_expires=projects[code].ends, actor="bench",
        )  # fmt: skip
        enrol_totp(account)
    for code, project in projects.items():
        members = applications.members_of(project)
        names = [*members, *(name for name, place in places.items() if place == code)]
        applications.ask_for_change(code, seen(members[0]), project.ends, names, "Many hands.")
        for agreement in project.agreements.all():
            applications.decide_dataset(code, agreement.dataset, True, "", seen("asset-owner"))
        applications.assess(code, dict.fromkeys(SAFES, ("met", "")), seen("data-manager"))
        applications.approve(code, seen("data-manager"))
        set_quota(code, Allowance(10_000, 1_000_000), seen("data-manager"))
    accounts = {each.username: each for each in Account.objects.filter(username__in=places)}
    return [Visitor(name, _PASSWORD, code, partial(current_code, accounts[name])) for name, code in places.items()]


def _all(visitors: Sequence[Visitor], act: Callable[[Visitor, int], Sequence[float | None]]) -> list[float]:
    """Have all act at once, and return all their seconds."""
    with ThreadPoolExecutor(len(visitors)) as people:
        told = list(people.map(act, visitors, range(len(visitors))))
    return [seconds for each in told for seconds in each if seconds is not None]


def _arrive(visitor: Visitor, dice: random.Random, people: int) -> list[float | None]:
    time.sleep(dice.uniform(0, people * _BETWEEN))
    return [visitor.tries(visitor.arrive)]


def _work(visitor: Visitor, dice: random.Random) -> list[float | None]:
    """Run short cells with pauses, and return how long each took."""
    taken = []
    for place in range(_CELLS):
        time.sleep(dice.uniform(0.5, 3))
        taken.append(visitor.tries(partial(visitor.run, _CELL)))
        if place % 3 == 0:
            visitor.tries(visitor.list_and_save)
    return taken


def _run_away(visitor: Visitor) -> None:
    """Let one person's notebook run away while the others work on."""
    running = partial(visitor.tries, partial(visitor.run, _RUNAWAY, 600.0))
    threading.Thread(target=running, daemon=True).start()
    time.sleep(3)


def _late(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _idle_megabytes() -> float:
    """Return the memory of a notebook server with its launcher and sandbox (PSS), the middle one of all."""
    from tre.config.options import load

    launchers = [
        each
        for each in of_product(r"tre\.workspace\.launch", load().home)
        if (parent := each.parent()) and "jupyterhub" in command_line(parent)
    ]
    return statistics.median(sum(_proportional(part) for part in tree(each.pid)) for each in launchers) / _MEGABYTE


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0  # it ended meanwhile


if __name__ == "__main__":
    main()
