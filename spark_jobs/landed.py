"""The order in which submissions landed: the platform's own, whatever date a provider writes into its manifest.

Each submission carries its number in a file whose name no provider can send, since a sent file's name starts with a
letter or digit. Where two submissions speak of the same row, the one that landed later is right.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

MARK = ".landed"


def adopt(staged: Path, target: Path) -> None:
    """Give a staged submission the next number and rename it to its place, in one step.

    Two that land at once wait for each other, so that no number is given twice.
    """
    with (target.parent / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = [number(folder) for folder in target.parent.glob("[!.]*")]
        with (staged / MARK).open("x") as mark:
            mark.write(str(max(before, default=0) + 1))
            mark.flush()
            os.fsync(mark.fileno())
        os.rename(staged, target)


def number(folder: Path) -> int:
    """Return the place of a submission in the order of landing, counted from 1; 0 where it landed before any count."""
    mark = folder / MARK
    return int(mark.read_text()) if mark.exists() else 0
