"""What an action costs, as a machine sees it: seconds, processor time, memory and disk, of this process and all below.

Others may use the machine while a benchmark runs. By the clock that falls on whoever was measured then; processor time
is what the work itself takes, on however many cores.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of processor time."""

    seconds: float
    processor: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.seconds - other.seconds, self.processor - other.processor)


NOTHING = Cost(0.0, 0.0)


def cost(action: Callable[[], object]) -> Cost:
    """Return what the action cost."""
    began = _now()
    action()
    return _now() - began


def _now() -> Cost:
    return Cost(time.perf_counter(), sum(_spent(each) for each in _processes()))


def _processes() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def _spent(process: psutil.Process) -> float:
    """Return the seconds that a process computed, and those of its children that ended."""
    try:
        told = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(told.user + told.system + told.children_user + told.children_system)


class Peak:
    """The most memory that this process and its children hold together, and the most that lies in some folders.

    Memory is looked at ten times a second and the folders once. What two processes share is counted for each of them.

    Parameters
    ----------
    folders : Path
        Looked at with all that lies below them.
    """

    def __init__(self, *folders: Path) -> None:
        self.bytes, self.on_disk = 0, 0
        self._folders, self._over = folders, threading.Event()

    def __enter__(self) -> Peak:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        looks = 0
        while not self._over.wait(0.1):
            self.bytes = max(self.bytes, sum(_held(each) for each in _processes()))
            if looks % 10 == 0:
                self.on_disk = max(self.on_disk, sum(on_disk(each) for each in self._folders))
            looks += 1


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def on_disk(folder: Path) -> int:
    """Return the bytes of all files in a folder and below it; what is removed meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
