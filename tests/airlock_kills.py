"""Kills the airlock before its transactions end, each in turn or at random for so long, and looks that all holds.

One request goes through two turns: drafted, submitted, inspected, sent back, revised, approved, released. In each round
the process that does it dies at a commit, with whatever it had written to files. Another goes on with what is there; in
a random round it may die too, at another commit. Nothing is lost, nothing leaves twice, every proof holds.
``python -m tests.airlock_kills --seconds 600`` is ``make boundaries``. Processes are forked from one that has loaded
everything and holds no connection.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import django
from django.db.backends.base.base import BaseDatabaseWrapper

_MOST_DEATHS = 3  # of one random round
_TIMES = {
    "airlock.drafted": 1, "airlock.submitted": 2, "airlock.inspection_began": 2, "airlock.passed_to_review": 2,
    "airlock.reviewed": 4, "airlock.returned": 1, "airlock.revision_began": 1, "airlock.approved": 1,
    "airlock.release_began": 1, "airlock.released": 1,
}  # fmt: skip


class Commits:
    """Counts the commits of this process, and ends it in the middle of one of them."""

    made = dies = 0

    @classmethod
    def watch(cls) -> None:
        """Begin to count."""
        commit = BaseDatabaseWrapper.commit

        def counted(self: Any) -> None:
            cls.made += 1
            if cls.made == cls.dies:
                os.kill(os.getpid(), signal.SIGKILL)
            commit(self)

        BaseDatabaseWrapper.commit = counted


def go_on() -> None:
    """Take the one request as far as it goes, from wherever it stands."""
    from tests.factories import as_seen_now
    from tre.airlock import drafts, jobs, submissions
    from tre.airlock.models import Request
    from tre.projects.models import Project

    while True:
        request = Request.objects.first()
        if request is None:
            drafts.draft(as_seen_now("ann"), Project.objects.get(), "Counts.")
        elif request.state == "draft":
            _put_together(request)
        elif request.state in ("submitted", "inspecting"):
            jobs.inspect_request({"request": request.pk})
        elif request.state == "in_review":
            _review(request)
        elif request.state == "returned":
            submissions.revise(request.pk, as_seen_now("ann"))
        elif request.state in ("approved", "releasing"):
            jobs.release_request({"request": request.pk})
        else:
            return


def _put_together(request: Any) -> None:
    from tests.airlock import SAFE
    from tests.factories import as_seen_now
    from tre.airlock import drafts, submissions
    from tre.airlock.drafts import Upload

    ann = as_seen_now("ann")
    if not request.held() or (request.turn == 2 and len(request.held()) == 1):
        drafts.add_files(request.pk, ann, "Tables", [Upload(f"{request.turn}.csv", [SAFE])])
    if not request.groups.filter(turn=request.turn)[0].controls:
        drafts.describe_group(request.pk, ann, "Tables", "Counts.", "Rounded.")
    submissions.submit_draft(request.pk, ann, "Done.")


def _review(request: Any) -> None:
    from tests.factories import as_seen_now
    from tre.airlock import reviews
    from tre.airlock.deciding import Vote

    choice = "return" if request.turn == 1 else "approve"
    for who in ("cat", "dan"):
        if not request.reviews.filter(turn=request.turn, checker__username=who, handed_in__isnull=False).exists():
            for file in request.leaving():
                reviews.save_vote(request.pk, as_seen_now(who), Vote(file.pk, choice, "Why.", file.sha256))
            reviews.hand_in(request.pk, as_seen_now(who))


def check() -> None:
    """Look that everything happened, and once: the request's end, its files, its entries, who was told, every proof."""
    from tests.airlock import SAFE
    from tre.airlock.models import Release, Request
    from tre.audit.models import Entry
    from tre.audit.services import verify
    from tre.config.options import load
    from tre.notices.models import Notice

    request, release = Request.objects.get(), Release.objects.get()
    _expect((request.state, request.turn) == ("released", 2), f"it is {request.state}")
    folder = load().path("release", release.identity)
    names = sorted(path.name for path in folder.iterdir())
    _expect(names == ["1.csv", "2.csv", "ro-crate-metadata.json"], f"its files are {names}")
    _expect(all((folder / name).read_bytes() == SAFE for name in names[:2]), "its bytes differ")
    _expect([path.name for path in load().path("release").iterdir()] == [folder.name], "there is more than the release")
    told = list(Entry.objects.filter(subject="request:1").values_list("event", flat=True))
    counts = {event: told.count(event) for event in _TIMES}
    _expect(counts == _TIMES, f"the log tells {counts}")
    author = sorted(Notice.objects.filter(account__username="ann").values_list("kind", flat=True))
    _expect(author == ["approved", "released", "returned"], f"the author was told {author}")
    verify()


def _expect(holds: bool, words: str) -> None:
    if not holds:
        raise RuntimeError(words)


def forked(act: Callable[[], None], dies: int = 0) -> int:
    """Do something in a process of its own that dies at a commit, if at any, and return how it ended."""
    child = os.fork()
    if child == 0:
        Commits.made, Commits.dies = 0, dies
        try:
            act()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


class Ground:
    """A home that is put back as it was before each round."""

    def __init__(self) -> None:
        from django.core.management import call_command
        from django.db import connections

        from tests.airlock import open_study

        self._home = Path(os.environ["TRE_HOME"])
        self._kept = self._home.with_name("kept")
        call_command("migrate", verbosity=0)
        open_study()
        connections.close_all()
        shutil.copytree(self._home, self._kept)

    def commits(self) -> int:
        """Return how many commits a round takes that nobody disturbs."""
        note = self._home / "commits"

        def counted() -> None:
            go_on()
            made = Commits.made
            check()
            note.write_text(str(made))

        _expect(forked(counted) == 0, "undisturbed it does not come to its end")
        return int(note.read_text())

    def round(self, deaths: Sequence[int]) -> int:
        """Let processes die at these commits one after another, let one go on to the end, and return how many died."""
        shutil.rmtree(self._home)
        shutil.copytree(self._kept, self._home)
        died = sum(os.WIFSIGNALED(forked(go_on, number)) for number in deaths)
        _expect(forked(go_on) == 0, f"after it died at {deaths} it does not come to its end")
        _expect(forked(check) == 0, f"after it died at {deaths} something does not hold")
        return died


def _rounds(most: int, seconds: float, seed: int) -> Iterator[list[int]]:
    """Yield the commits to die at: each in turn, or with a time random ones until it is over."""
    if not seconds:
        yield from ([number] for number in range(1, most + 1))
        return
    chance, until = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < until:
        yield [chance.randint(1, most) for _ in range(chance.randint(1, _MOST_DEATHS))]


def _quickly() -> None:
    """Let inspection find nothing: what it finds is no matter here; that it was made is."""
    from tre.airlock import differencing, jobs
    from tre.airlock.models import RequestFile
    from tre.disclosure import Inspection

    def quick(files: Sequence[RequestFile], context: object) -> None:
        for file in files:
            found = Inspection(file.sha256, "csv", file.size, "pass", (), None, "acro", ())
            RequestFile.objects.filter(pk=file.pk).update(inspection=found.to_json())
            differencing.keep(file, ())

    jobs._inspect = quick


def main() -> int:
    """Print how many commits a round has, how many rounds there were, and how many processes died in them."""
    parser = argparse.ArgumentParser(prog="airlock_kills", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0, help="kill at random for so long; 0: at each in turn")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tre-boundaries-") as scratch:
        os.environ.update(TRE_HOME=f"{scratch}/home", DJANGO_SETTINGS_MODULE="tre.config.settings")
        Path(os.environ["TRE_HOME"]).mkdir()
        django.setup()
        Commits.watch()
        _quickly()
        ground = Ground()
        most, rounds, died = ground.commits(), 0, 0
        for deaths in _rounds(most, options.seconds, options.seed):
            rounds, died = rounds + 1, died + ground.round(deaths)
    sys.stdout.write(f"{most} commits, {rounds} rounds, {died} processes killed, all held (seed {options.seed})\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
