"""How much memory, processor time and how many processes a sandbox may use, held by the kernel's control groups.

A sandbox's processes are counted together, so that many small ones are bounded as one large one is, and what is over
is ended inside it and nowhere else. See cgroups(7): version 2 where its controllers can be handed on, else version 1.
Where neither can be written, which only root may, each process has a bound of its own (setrlimit(2)), and the page says
so.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MIB = 1024 * 1024
OURS, _NAMED = "tre", "sandbox-"
_PERIOD = 100_000  # microseconds: the kernel's own default
_MOST_FILE_BYTES = 64 * 1024**3  # above any table that a workspace keeps
_REMOVED_SECONDS = 5.0  # the last process of a group is gone a moment after it ended


@dataclass(frozen=True)
class Bounds:
    """What all processes of a sandbox may use together.

    Parameters
    ----------
    memory : int
        Bytes; 0 for no bound.
    processors : float
        Of processor time, in whole processors; 0 for no bound.
    processes : int
    file : int
        Bytes of any one file. It stops a loop that writes one file without an end before the disk is full for
        everybody (setrlimit(2), RLIMIT_FSIZE); many files are not bounded by it: see :mod:`tre.workspace.disk`.
    """

    memory: int = 0
    processors: float = 0.0
    processes: int = 1024
    file: int = _MOST_FILE_BYTES


@dataclass(frozen=True)
class Used:
    """What all processes of a sandbox have used so far: seconds of processor time, and at most so many bytes of memory.

    Measured by the kernel, outside the sandbox: nothing inside can change it.
    """

    processor_seconds: float
    memory_peak: int


def _second(bounds: Bounds) -> dict[str, dict[str, str]]:
    told = {"pids.max": str(bounds.processes)}
    if bounds.memory:
        told |= {"memory.max": str(bounds.memory), "memory.swap.max": "0", "memory.oom.group": "0"}
    if bounds.processors:
        told["cpu.max"] = f"{int(bounds.processors * _PERIOD)} {_PERIOD}"
    return {"": told}


def _first(bounds: Bounds) -> dict[str, dict[str, str]]:
    told = {"pids": {"pids.max": str(bounds.processes)}}
    if bounds.memory:
        told["memory"] = {"memory.limit_in_bytes": str(bounds.memory)}
    if bounds.processors:
        quota = str(int(bounds.processors * _PERIOD))
        told["cpu"] = {"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": quota}
    return told


def _counting(root: Path) -> dict[str, dict[str, str]]:
    """Return the controller of version 1 that counts processor time, where it is not mounted with the other."""
    counts = root / "cpuacct"
    apart = (counts / "cgroup.procs").exists() and counts.resolve() != (root / "cpu").resolve()
    return {"cpuacct": {}} if apart else {}


def version(root: Path = ROOT) -> int:
    """Return the version of control groups that can be used here, or 0 for none."""
    if os.geteuid() != 0:
        return 0
    try:
        if {"memory", "cpu", "pids"} <= set((root / "cgroup.controllers").read_text().split()):
            return 2
    except OSError:
        pass
    return 1 if all((root / name / "cgroup.procs").exists() for name in ("memory", "cpu", "pids")) else 0


@contextmanager
def group(bounds: Bounds, root: Path = ROOT) -> Iterator[tuple[str, ...]]:
    """Make a control group, yield the files that a process writes its number to so as to join it, and remove it.

    It is named after this process, so that what a killed one left is known and removed by the next. Nothing is yielded
    where no group can be made: then what is bounded is each process by itself.
    """
    name = f"{_NAMED}{os.getpid()}"
    kind = version(root)
    wanted = _second(bounds) if kind == 2 else _first(bounds) | _counting(root) if kind == 1 else {}
    made: list[Path] = []
    try:
        for controller, values in wanted.items():
            parent = root / controller / OURS
            _make(parent, kind)
            _sweep(parent)
            made.append(parent / name)
            made[-1].mkdir(exist_ok=True)
            for file, value in values.items():
                if file != "memory.swap.max" or (made[-1] / file).exists():  # a kernel without swap has none
                    (made[-1] / file).write_text(value)
    except OSError:
        _remove(made)
        made = []
    try:
        yield tuple(str(each / "cgroup.procs") for each in made)
    finally:
        _remove(made)


def _make(parent: Path, kind: int) -> None:
    parent.mkdir(exist_ok=True)
    if kind == 2:
        for folder in (parent.parent, parent):
            (folder / "cgroup.subtree_control").write_text("+memory +cpu +pids")


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{_NAMED}*"):
        if not Path("/proc", left.name.removeprefix(_NAMED)).exists():
            with suppress(OSError):  # something in it lives still
                left.rmdir()


def _remove(folders: Sequence[Path]) -> None:
    deadline = time.monotonic() + _REMOVED_SECONDS
    for folder in folders:
        while folder.exists():
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    return  # an empty group bounds nothing, and the next of this name uses it
                time.sleep(0.05)


def join(files: Sequence[str]) -> None:
    """Put this process, and all that come of it, into a group."""
    for file in files:
        Path(file).write_text(str(os.getpid()))


def used(groups: Sequence[str]) -> Used:
    """Return what a group's processes have used: in cpu.stat and memory.peak, or what version 1 has for them.

    Where there is no group it is what the kernel tells of children that ended and were waited for (getrusage(2)): a
    floor, known when the sandbox has ended, with the memory of the largest process alone.
    """
    if not groups:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Used(children.ru_utime + children.ru_stime, children.ru_maxrss * 1024)
    folders = [Path(file).parent for file in groups]
    microseconds = _number(folders, "cpu.stat", "usage_usec")
    seconds = microseconds / 1e6 if microseconds else _number(folders, "cpuacct.usage") / 1e9
    return Used(seconds, _number(folders, "memory.peak") or _number(folders, "memory.max_usage_in_bytes"))


def _number(folders: Sequence[Path], file: str, name: str = "") -> int:
    """Return the number that a file has, on the line of that name when it has one; 0 where there is none."""
    for folder in folders:
        with suppress(OSError):
            for line in (folder / file).read_text().splitlines():
                *named, value = line.split()
                if named == [name] * bool(name):
                    return int(value)
    return 0
