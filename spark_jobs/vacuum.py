"""Erases old versions of a table, so that the table's own history shows it.

The vacuum stands in the Delta log as an operation of its own (VACUUM START, VACUUM END); the versions that lost their
files keep their entries, and reading one is refused. See the Delta transaction protocol and docs/decisions/0010.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable

from spark_jobs import commits
from spark_jobs.errors import JobRefused

_OWN = "tre."  # what :mod:`spark_jobs.tables` notes of a version; it must go on standing in the newest entry
_ERASED = "tre.erased_before"


def keep_newest(folder: Path) -> dict[str, Any]:
    """Erase the files that only versions older than the newest hold.

    Returns
    -------
    dict
        ``versions`` (numbers erased now), ``kept`` (the newest) and ``files``: each with ``path``, ``sha256`` and
        ``bytes``.

    Raises
    ------
    JobRefused
        When a file is still there afterwards.
    """
    with commits.alone(folder):
        return _kept(folder)


def _kept(folder: Path) -> dict[str, Any]:
    table = DeltaTable(folder, storage_options=commits.options())
    newest = table.version()
    noted = {name: value for name, value in dict(table.history(1)[0]).items() if name.startswith(_OWN)}
    named = table.vacuum(retention_hours=0, dry_run=True, enforce_retention_duration=False)
    doomed = sorted(path for path in named if (folder / path).exists())  # the log names those of an earlier vacuum too
    files = [_told(folder, path) for path in doomed]
    if doomed:
        table.vacuum(
            retention_hours=0,
            dry_run=False,
            enforce_retention_duration=False,
            commit_properties=CommitProperties(custom_metadata={**noted, _ERASED: str(newest)}),
        )
    if left := [path for path in doomed if (folder / path).exists()]:
        raise JobRefused(f"{len(left)} files could not be erased", where=folder.name, todo="Look at the folder's owner")
    for part in folder.glob("data-*"):
        if part.is_dir() and not any(part.rglob("*.parquet")):
            _remove_empty(part)
    first = int(noted.get(_ERASED, 0))
    return {"versions": list(range(first, newest)) if doomed else [], "kept": newest, "files": files}


def _told(folder: Path, path: str) -> dict[str, Any]:
    with (folder / path).open("rb") as file:
        return {
            "path": path,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": (folder / path).stat().st_size,
        }


def _remove_empty(part: Path) -> None:
    """Remove a folder of erased files with what Spark wrote beside them: checksums and a mark of success."""
    for leftover in part.iterdir():
        leftover.unlink()
    part.rmdir()
