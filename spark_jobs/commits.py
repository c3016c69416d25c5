"""One writer of a table at a time, whatever the folder lies on.

delta-rs makes a version by a hard link, which fails where there is one of that number: two writers never make the same.
A mounted object store has no hard links. There a version is made by renaming, which would put one writer's in the place
of the other's; so writers wait for each other, by a lock of the machine that they run on, and each looks afterwards
whether the version is its own. See docs/decisions/0043.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spark_jobs.errors import JobRefused

_MOUNTED = "TRE_MOUNTED_STORE"
_RENAMES = {"MOUNT_ALLOW_UNSAFE_RENAME": "true"}


def options() -> dict[str, str]:
    """Return what delta-rs is told of the store when it writes."""
    return dict(_RENAMES) if os.environ.get(_MOUNTED) else {}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the one writer of a table; what another made of it meanwhile is to be read again within.

    Raises
    ------
    JobRefused
        When the folder knows no hard links and no setting says that it lies in a mounted object store.
    """
    locks = Path(tempfile.gettempdir()) / "tables"  # of this machine's own disk
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    named = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
    descriptor = os.open(locks / named, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # it ends with the process, however that ends
        yield
    except OSError:
        if options() or has_links(folder):
            raise
        what = "The folder knows no hard links, by which a table's versions are kept apart"
        raise JobRefused(what, where=folder.name, todo=f"Set {_MOUNTED} if it lies in a mounted object store") from None
    finally:
        os.close(descriptor)


def check_own(folder: Path, version: int, mark: str) -> None:
    """Refuse a version that another machine made in this one's place.

    Parameters
    ----------
    mark : str
        What the version's entry in the log holds when it is this writer's.

    Raises
    ------
    JobRefused
        When it is not.
    """
    if mark not in (folder / "_delta_log" / f"{version:020}.json").read_text():
        what = f"Another machine wrote version {version} at the same moment"
        raise JobRefused(what, where=folder.name, todo="Start jobs on one machine alone, and this one again")


def has_links(folder: Path) -> bool:
    """Return whether files of an existing folder can have a second name."""
    one = folder / f".link-{os.getpid()}"
    other = one.with_suffix(".other")
    try:
        one.touch()
        os.link(one, other)
    except OSError:
        return False
    finally:
        one.unlink(missing_ok=True)
        other.unlink(missing_ok=True)
    return True
