"""The digests of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(root: Path, parts: Iterable[str]) -> str:
    """Return one SHA-256 over files, and over all files in folders: their names, and what each holds.

    What Python compiled is left out: it comes and goes.

    Parameters
    ----------
    parts : iterable of str
        The files and folders, as paths inside ``root``; one that is not there holds nothing.
    """
    paths = [path for part in parts for path in (root / part, *sorted((root / part).rglob("*"))) if path.is_file()]
    kept = [path for path in paths if "__pycache__" not in path.parts]
    told = [[path.relative_to(root).as_posix(), sha256_of(path)] for path in kept]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
