"""The operator's own documents: what software cannot show, kept in the home folder under the statement's number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tre.evidence.domain import Own
from tre.hashing import sha256_of

FOLDER = ("evidence", "operator")  # below the home folder
_NAME = re.compile(r"(\d\.\d\.\d{2})[-_. ][A-Za-z0-9][A-Za-z0-9_. -]{0,100}")
_MOST_BYTES = 50 * 1024**2


def found(folder: Path) -> Mapping[str, tuple[Own, ...]]:
    """Return the documents that lie in a folder, by the number that each one's name begins with.

    A link is no document, nor is what is larger than 50 MB: what is copied into a pack is a file of its own.
    """
    told: dict[str, tuple[Own, ...]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        named = _NAME.fullmatch(path.name)
        if named and path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_BYTES:
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            told[named[1]] = (*told.get(named[1], ()), Own(path.name, sha256_of(path), changed))
    return told
