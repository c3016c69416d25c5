"""Several files of one author, each read by a process of its own, in one sandbox whose libraries are loaded once.

To load them takes a second; a request may hold a hundred files. The process that has loaded them reads no file: it
forks for each. What a file does to its own process dies with it, and by ``PR_SET_DUMPABLE`` (prctl(2), ptrace(2)) none
can look into another. That all are of one author is no accident: should one of them break out of its process and out of
that rule, then what it could forge is its own author's answers, which it could have forged in a sandbox of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_FILES = 50  # in one sandbox
FOLDER = Path("/files")  # in which a sandbox has them, each under its number
_PR_SET_DUMPABLE = 4  # linux/prctl.h
_LOOK = 0.002  # seconds between two looks whether a process has ended


def ask(command: Sequence[str], request: Mapping[str, Any], seconds: float, most_bytes: int) -> dict[int, Any]:
    """Return the answer for each file by its number, from a worker that :func:`answer_each` runs in.

    A file without an answer took too long, or stopped the process that read it; what came before it is there all the
    same. An answer is trusted no further than that it is JSON.

    Parameters
    ----------
    command : sequence of str
        Of the sandbox with the worker.
    seconds : float
        How long all may take.
    most_bytes : int
        Of all answers.
    """
    with tempfile.TemporaryFile() as answer:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, input=json.dumps(request).encode(), stdout=answer, stderr=subprocess.DEVNULL, timeout=seconds,
                check=False, env={}, cwd="/",
            )  # fmt: skip
        answer.seek(0)
        return dict(_answers(answer.read(most_bytes)))


def _answers(raw: bytes) -> Iterator[tuple[int, Any]]:
    for line in raw.split(b"\n")[:-1]:
        try:
            number, told = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            continue
        if isinstance(number, int):
            yield number, told


def answer_each(
    asked: Sequence[Any], answer: Callable[[Path, Any], Any], seconds: Callable[[int], float], most_bytes: int
) -> None:
    """In the sandbox: print for each file, as soon as it is there, its number and answer as one line of JSON.

    Parameters
    ----------
    asked : sequence
        What is asked of each file, in the order of their numbers.
    answer : callable
        Called with a file and what is asked of it, in a process of its own.
    seconds : callable
        How long a file of so many bytes may take.
    most_bytes : int
        Of one answer.
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for number, each in enumerate(asked):
        path = FOLDER / str(number)
        raw = _forked(lambda: answer(path, each), seconds(path.stat().st_size), most_bytes)  # noqa: B023 - called at once
        if raw is not None:
            sys.stdout.write(f"[{number}, {raw}]\n")
            sys.stdout.flush()


def _forked(act: Callable[[], Any], seconds: float, most_bytes: int) -> str | None:
    """Return as JSON what comes of something that is done in a process of its own, or None where nothing does."""
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            _answer_and_end(act, answer.fileno())
        if not _ended(child, seconds):
            return None
        answer.seek(0)
        raw = answer.read(most_bytes + 1)
    try:
        return json.dumps(json.loads(raw)) if len(raw) <= most_bytes else None
    except (ValueError, RecursionError):
        return None


def _answer_and_end(act: Callable[[], Any], answer: int) -> None:
    """In the child: write the answer and end at once, for native libraries have nothing left to do here."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
        with os.fdopen(answer, "w") as out:
            json.dump(act(), out)
        status = 0
    finally:
        os._exit(status)


def _ended(child: int, seconds: float) -> bool:
    """Wait for a process, end it when its time is over, and return whether it has done what it should."""
    until = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(_LOOK)
