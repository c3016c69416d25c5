"""The machine's processes, as tests look at them: who was started by whom, and which belong to one product."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil


def most_memory() -> int:
    """Return the most bytes of memory that this process held.

    What `getrusage` tells begins with what the process held that started this one.
    """
    told = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1]) * 1024


def tree(pid: int) -> set[psutil.Process]:
    """Return a process and what it started, directly or not, as far as they are alive."""
    try:
        process = psutil.Process(pid)
        return {process, *process.children(recursive=True)}
    except psutil.NoSuchProcess:
        return set()


def of_product(command: str, home: Path) -> list[psutil.Process]:
    """Return the processes of the product in ``home``, and of no other, whose command line matches.

    Who is inside a sandbox has an environment that does not tell: the environments of the processes above it do.
    """
    found = []
    for process in psutil.process_iter():
        try:
            line = command_line(process)
            if re.search(command, line) and (
                str(home) in line or any(_has_home(each, home) for each in [process, *process.parents()])
            ):
                found.append(process)
        except psutil.Error:
            continue  # it ended meanwhile
    return sorted(found, key=lambda process: process.pid)


def command_line(process: psutil.Process) -> str:
    """Return a process's command line, empty when it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def alive(processes: set[psutil.Process]) -> set[psutil.Process]:
    """Return those that have not ended: the same processes, not later ones with their numbers."""
    return {each for each in processes if _is_alive(each)}


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _has_home(process: psutil.Process, home: Path) -> bool:
    try:
        return os.fsencode(home) in Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return False
