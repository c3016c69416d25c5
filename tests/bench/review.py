"""Review: from inspection to the checkers' queue, and what the queue costs when much waits in it.

A request of a hundred files is inspected by the airlock's own job, each file in a process and a sandbox that it cannot
leave, and passed to review; its peer is one plain process that inspects the same files one after another, unsandboxed,
and keeps nothing. The queue's page with 500 open requests of 20 files, and 50 checkers who hold places and have been
told of them, is held against the same page with as many checkers and 10 requests: what a checker waits must not grow
with what others have asked for.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.harness import Row, row, timed
from tre.config.options import REPOSITORY

if TYPE_CHECKING:
    from django.test import Client

    from tre.people.models import Account
    from tre.projects.models import Project

FILES = 100
FEW, MANY, FILES_EACH, CHECKERS = 10, 500, 20, 50
_VISITS = 25
_PLAIN = """
import json, sys, time
from pathlib import Path
from tre.disclosure import Context, inspect
context = Context(sandbox=False)
for name in json.load(sys.stdin):
    inspect(Path(name), context, name=Path(name).name)
"""


def reviewing(home: Path, size: str, seed: int) -> Iterator[Row]:
    """Measure both in the product's own database."""
    from django.core.management import call_command

    from tests.airlock import open_study

    call_command("migrate", verbosity=0)
    study = open_study()
    yield from _inspecting(home, study, size, seed)
    yield from _queueing(study, size, seed)


def _inspecting(home: Path, study: Project, size: str, seed: int) -> Iterator[Row]:
    from tests.airlock import submit
    from tre.airlock import jobs
    from tre.airlock.models import Request

    files = dict(_files(seed))
    made = submit(study, *files.items())
    ours = timed(lambda: jobs.inspect_request({"request": made.pk}))
    state = Request.objects.get(pk=made.pk).state
    if state != "in_review":
        raise RuntimeError(f"the request is {state}")
    folder = home / "plain"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    plain = timed(lambda: _plainly([folder / name for name in files]))
    label = f"inspection to review against one plain process, {FILES} files"
    yield row("airlock", label, ours / plain, "<= 3", size, seed)
    yield row("airlock", "inspection to review, files/s", FILES / ours, "", size, seed)


def _files(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield what a project asks for at the end of a study: tables of counts, with words about them and code."""
    chance = random.Random(seed)
    for number in range(FILES):
        if number % 10 == 8:
            yield f"note_{number}.txt", b"Counts by age band and year. None is under ten.\n" * 20
        elif number % 10 == 9:
            yield f"model_{number}.py", b"def risk(age):\n    return 0.1 + 0.01 * age\n" * 20
        else:
            rows = [
                f"{60 + n % 30} to {61 + n % 30},{2000 + n},{chance.randrange(2_000, 90_000, 10)}" for n in range(40)
            ]
            yield f"table_{number}.csv", ("\n".join(["age_band,year,persons", *rows]) + "\n").encode()


def _plainly(paths: list[Path]) -> None:
    told = json.dumps([str(path) for path in paths]).encode()
    subprocess.run([sys.executable, "-c", _PLAIN], input=told, cwd=REPOSITORY, check=True)


def _queueing(study: Project, size: str, seed: int) -> Iterator[Row]:
    from tests.factories import person
    from tre.airlock.models import Request
    from tre.people.models import Account

    Request.objects.update(state="released", phase="")
    for number in range(CHECKERS):
        person(f"checker{number}", "output_checker")
    checkers = list(Account.objects.filter(username__startswith="checker").order_by("pk"))
    client = _signed_in(checkers[0].username)
    _open(study, checkers, FEW)
    few = _seconds(client)
    _open(study, checkers, MANY - FEW)
    many = _seconds(client)
    label = f"queue page, {MANY} open requests of {FILES_EACH} files against {FEW}, {CHECKERS} checkers"
    yield row("airlock", label, many / few, "<= 1.5", size, seed)


def _signed_in(username: str) -> Client:
    from django.conf import settings

    from tests.unit.test_pages import browser

    return browser(username, headers={"host": settings.ANSWERED_HOSTS[0]})


def _seconds(client: Client) -> float:
    """Return the server's time for the queue's page, the middle of many visits."""
    taken = []
    for _ in range(_VISITS):
        began = time.perf_counter()
        answer = client.get("/airlock/")
        taken.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"the queue's page answers {answer.status_code}")
    return statistics.median(taken)


def _open(study: Project, checkers: list[Account], number: int) -> None:
    """Put requests into review, a place at each taken and every checker told of it."""
    from django.utils import timezone

    from tre.airlock.models import Assignment, Group, Request, RequestFile, Turn
    from tre.disclosure import Inspection
    from tre.notices.models import Notice

    before = Request.objects.count()
    author = study.members.get()
    told = {"project": study, "author": author, "context": "Counts.", "state": "in_review", "phase": "independent"}
    requests = Request.objects.bulk_create(
        Request(**told, once=f"bench {before + n}", risk=n % 90, due=timezone.now()) for n in range(number)
    )
    Turn.objects.bulk_create(Turn(request=each, number=1, members=[author.username]) for each in requests)
    groups = Group.objects.bulk_create(Group(request=each, name="Files") for each in requests)
    found = Inspection("a" * 64, "csv", 400, "pass", (), None, "acro", ()).to_json()
    RequestFile.objects.bulk_create(
        RequestFile(
            request=group.request, group=group, name=f"table{n}.csv", sha256="a" * 64, size=400, inspection=found
        )
        for group in groups
        for n in range(FILES_EACH)
    )
    Assignment.objects.bulk_create(
        Assignment(request=each, checker=checkers[n % len(checkers)]) for n, each in enumerate(requests)
    )
    Notice.objects.bulk_create(
        Notice(account=checker, kind="review_wanted", about=f"request:{each.pk}", once=f"bench {each.pk}")
        for each in requests
        for checker in checkers
    )
