"""Makes and gives away folders of the home without ever following a name that somebody else could have planted.

The privileged side owns the folders above a researcher's, but what stands in them may have been put there by whoever
ran as a sandbox's user. So each step of a path is opened relative to the one before it, and a symbolic link is refused
wherever it stands: changes go to the open descriptor, never to a name. See open(2), O_NOFOLLOW, and openat(2).
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from tre.config.options import load
from tre.errors import Refused

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def folder(*parts: str, uid: int, gid: int, mode: int) -> Path:
    """Make a folder in the home, owned as told when this process may give folders away.

    Parameters
    ----------
    parts : str
        The names below the home, one for each step.
    uid, gid : int
        Whom the last of them is given to.
    mode : int
        Its permission bits.

    Raises
    ------
    Refused
        When something else than a folder stands at a step, such as a symbolic link.
    """
    path = load().path(*parts)
    descriptor = _walk(load().home, parts)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
    return path


def _walk(home: Path, parts: tuple[str, ...]) -> int:
    """Return a descriptor of the last of the parts, made where they are missing."""
    home.mkdir(parents=True, exist_ok=True)
    here = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # the operator's own choice, which may be a link
    for part in parts:
        try:
            there = _step(here, part)
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                raise
            raise Refused(
                "Something else stands where a folder belongs",
                where="/".join(parts),
                todo="Look who put it there, and remove it",
            ) from None
        finally:
            os.close(here)
        here = there
    return here


def _step(here: int, part: str) -> int:
    """Open one folder in an open one, made when it is missing. One name, that leads neither up nor further down."""
    if part in {"", ".", ".."} or "/" in part:
        raise ValueError("a step of a path is one name")
    with contextlib.suppress(FileExistsError):
        os.mkdir(part, dir_fd=here)
    return os.open(part, _OPEN, dir_fd=here)
