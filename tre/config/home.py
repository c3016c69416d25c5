"""The home folder: everything that is identified, and every key, stands below it, so it is its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tre.errors import SettingsError


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
