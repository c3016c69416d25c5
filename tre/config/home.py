"""The home folder: everything that is identified, and every key, stands below it, so it is its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tre.errors import SettingsError

# A socket's path has 107 bytes (unix(7)), of which those below the home take up to 54 (tre.workspace).
LONGEST = 53


def close_to_others(home: Path) -> None:
    """Make the home folder when it is not there, and let nobody but its owner into it.

    Raises
    ------
    SettingsError
        When it belongs to another account, who could open it again at any time.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = home.stat()
    if found.st_uid != os.geteuid():
        raise SettingsError(
            "The home folder belongs to another account",
            where=f"TRE_HOME={home}",
            todo="Give it to the account that runs the platform, or name another folder",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        home.chmod(0o700)


def check_short(home: Path) -> None:
    """Refuse a home folder in which no socket could be made.

    Raises
    ------
    SettingsError
        When its path is too long.
    """
    if len(os.fsencode(home)) > LONGEST:
        raise SettingsError(
            f"The home folder's path has more than {LONGEST} bytes, and sockets in it could not be made",
            where="TRE_HOME",
            todo="Choose a shorter one",
        )
