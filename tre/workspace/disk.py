"""How much disk a workspace's folders take, and when it is closed for taking too much.

No kernel holds a folder to a size by itself, without a filesystem made for it. So one file is bounded by a resource
limit (:mod:`tre.workspace.stage`), and the folders are measured again and again by du(1), outside the sandbox, in a
process of its own; what is over its ceiling closes. A file whose name is gone takes disk for as long as it is open: it
counts too, where each sandbox has a user of its own. Whoever opens a workspace that is over already may clear up:
it closes when it grows, and opens no more at twice the ceiling. A folder that cannot be measured is over.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from tre.config.options import load
from tre.errors import Refused
from tre.projects.models import Membership
from tre.workspace.limits import MIB
from tre.workspace.models import WorkspaceSession
from tre.workspace.users import person_uid, service_uid

MEASURE_SECONDS = 15.0  # from the end of one measure to the next
_MOST_SECONDS = 60.0  # a home of 10 GB takes a few; the Hub waits for longer than this
SLACK = 16 * MIB  # what a server that is over may still write: its settings, its history of commands
_OPENS_UNTIL = 2


@dataclass(frozen=True)
class Room:
    """How many bytes a workspace's folders take as it opens, and at how many it is closed."""

    home_bytes: int
    home_most: int
    shared_bytes: int
    shared_most: int


def home_folders(username: str, code: str) -> Sequence[Path]:
    """Return what a person alone writes in a project."""
    return [load().path("homes", username, code)]


def shared_folders(code: str) -> Sequence[Path]:
    """Return what a project's people write together, themselves and through its Spark and MLflow."""
    return [load().path("projects", code, name) for name in ("shared", "service", "repository")]


def room_for(username: str, code: str) -> Room:
    """Measure the folders of a workspace that is about to be opened.

    Raises
    ------
    Refused
        When they are so far over their ceiling that clearing up is an operator's work, or cannot be measured.
    """
    home, shared = Measure(home_folders(username, code)), Measure(shared_folders(code))
    return Room(
        *_room("Your home in this project", home, load().home_megabytes),
        *_room("The project's folder", shared, load().shared_megabytes),
    )


def _room(what: str, measure: Measure, megabytes: int) -> tuple[int, int]:
    taken = measure.wait()
    if taken is None or taken > megabytes * MIB * _OPENS_UNTIL:
        told = "cannot be measured" if taken is None else f"takes {taken // MIB:,} MB of disk, of {megabytes:,}"
        raise Refused(f"{what} {told}", todo="Ask an operator to make room")
    return taken, max(megabytes * MIB, taken + SLACK)


class Measure:
    """One measure of folders, that runs beside this process. Links count once and are not followed.

    Parameters
    ----------
    folders : sequence of Path
    uid : int
        Whose processes' open files without a name count too; 0 for nobody's.
    """

    def __init__(self, folders: Sequence[Path], uid: int = 0) -> None:
        self.began = timezone.now()
        there = [str(folder) for folder in folders if folder.is_dir()]
        self._device = os.stat(there[0]).st_dev if there else 0
        self._named = _piped(["du", "-sxc", "--block-size=1", "--", *there]) if there else None
        held = _held_by(uid) if there and uid else []
        wanted = ["-maxdepth", "1", "-type", "f", "-links", "0", "-printf", "%D:%i %b\n"]
        self._nameless = _piped(["find", "-L", *held, *wanted]) if held else None
        self._deadline = time.monotonic() + _MOST_SECONDS

    def done(self) -> bool:
        """Return whether it has ended; one that takes too long is ended."""
        running = [each for each in self._processes() if each.poll() is None]
        if running and time.monotonic() > self._deadline:
            for each in running:
                each.kill()
        return not running

    def stop(self) -> None:
        """End it."""
        for each in self._processes():
            each.kill()
            each.communicate()

    def wait(self) -> int | None:
        """Wait for the end, and return the bytes; None when they cannot be told."""
        if self._named is None:
            return 0
        try:
            named = _total(*self._named.communicate(timeout=self._left()))
            nameless = self._nameless.communicate(timeout=self._left())[0] if self._nameless else ""
        except subprocess.TimeoutExpired:
            self.stop()
            return None
        return None if named is None else named + _nameless(nameless, self._device)

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _processes(self) -> Sequence[subprocess.Popen[str]]:
        return [each for each in (self._named, self._nameless) if each is not None]


def _piped(command: Sequence[str]) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        ["nice", "-n", "10", *command], env=environment, stdout=pipe, stderr=pipe, text=True, errors="replace"
    )


def _held_by(uid: int) -> Sequence[str]:
    """Return where proc(5) shows what a user's processes hold open and mapped; a thread may hold files of its own."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"\nUid:\t{uid}\t" in (process / "status").read_text(errors="replace"):
                found += [str(process / "map_files"), *(str(each) for each in process.glob("task/*/fd"))]
    return found


def _nameless(told: str, device: int) -> int:
    """Return the bytes of the files without a name that find(1) told of, those on one device, each once."""
    sizes = dict(line.split() for line in told.splitlines())
    return sum(int(blocks) * 512 for name, blocks in sizes.items() if name.partition(":")[0] == str(device))


def _total(told: str, wrong: str) -> int | None:
    """Return du's total, unless it could not read something that is there; what went meanwhile does not count."""
    if any(line and not line.endswith("No such file or directory") for line in wrong.splitlines()):
        return None
    number, _, name = (told.splitlines() or [""])[-1].partition("\t")
    return int(number) if name == "total" and number.isdigit() else None


def _uid(session: WorkspaceSession) -> int:
    membership = Membership.objects.filter(account=session.account_id, project=session.project_id).first()
    return person_uid(membership) if membership else 0


class DiskWatch:
    """Measures the folders of open workspaces, again and again, and never waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[Sequence[Path], Measure] = {}
        self._known: dict[Sequence[Path], tuple[datetime, int | None]] = {}
        self._next: dict[Sequence[Path], float] = {}
        self._asked: set[Sequence[Path]] = set()

    def why_closed(self, session: WorkspaceSession) -> str:
        """Return why a workspace must be closed for the disk that it takes, or nothing."""
        code = session.project.code
        home, shared = home_folders(session.account.username, code), shared_folders(code)
        for what, folders, uid, most, column in (
            ("its home", home, _uid(session), session.home_most, "home_bytes"),
            ("the project's folder", shared, service_uid(session.project), session.shared_most, "shared_bytes"),
        ):
            known = self._look(tuple(folders), uid if os.geteuid() == 0 else 0)
            if not most or known is None or known[0] < session.opened:
                continue
            taken = known[1]
            if taken is None:
                return f"{what} could not be measured"
            if taken != getattr(session, column):
                setattr(session, column, taken)
                session.save(update_fields=[column])
            if taken > most:
                return f"{what} took more disk than it may"
        return ""

    def _look(self, folders: Sequence[Path], uid: int) -> tuple[datetime, int | None] | None:
        """Return when folders were measured last and what they took; begin the next measure when it is time."""
        self._asked.add(folders)
        running = self._running.get(folders)
        if running is not None and running.done():
            self._known[folders] = (running.began, running.wait())
            self._next[folders] = self._clock() + MEASURE_SECONDS
            del self._running[folders]
        elif running is None and self._clock() >= self._next.get(folders, 0.0):
            self._running[folders] = Measure(folders, uid)
        return self._known.get(folders)

    def forget_others(self) -> None:
        """Forget the folders that were not asked about since this was called last: their workspaces are closed."""
        for folders, running in self._running.items():
            if folders not in self._asked:
                running.stop()
        for kept in (self._running, self._known, self._next):
            for folders in [each for each in kept if each not in self._asked]:
                del kept[folders]
        self._asked = set()
