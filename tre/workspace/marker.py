"""The marker of an open workspace: one file in its launcher's folder, which no sandbox is shown.

While the file stands, the workspace may run: its launcher ends when it is gone. While the file is locked, its launcher
lives: the lock falls with the process, however it ends (flock(2)). So whoever closes a workspace needs no Hub and no
process id, and nobody takes another process for a launcher whose number it got.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

_NAME = "open"


def place(session: int) -> Path:
    """Make the folder of a workspace's launcher, with its marker, and return it."""
    made = _all() / f"{session}-{secrets.token_hex(4)}"
    made.mkdir(mode=0o700, parents=True)
    (made / _NAME).touch(mode=0o600)
    return made


def hold(folder: Path) -> int:
    """Lock the marker for as long as this process lives, and return the descriptor that does.

    Raises
    ------
    OSError
        When the marker was taken away already.
    """
    descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # it waits for who only looks, never for another launcher
    return descriptor


def stands(folder: Path) -> bool:
    """Return whether the workspace may still run."""
    return (folder / _NAME).exists()


def held(folder: Path) -> bool:
    """Return whether the launcher of this folder lives."""
    try:
        descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def withdraw(folder: Path) -> None:
    """Take the marker away: the launcher ends by itself, and what is left of a folder without one is removed."""
    if held(folder):
        (folder / _NAME).unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def folders() -> Iterator[tuple[int, Path]]:
    """Return each launcher's folder with the number of its workspace."""
    if _all().is_dir():
        for path in sorted(_all().iterdir()):
            number = path.name.partition("-")[0]
            if number.isdigit():
                yield int(number), path


def _all() -> Path:
    from tre.config.options import load  # a launcher is told its folder and needs no settings: it starts the sooner

    return load().path("run", "workspaces")
