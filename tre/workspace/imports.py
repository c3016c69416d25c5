"""Each project's imports: what it was let bring in, read-only beside its extract, each in a folder by its version."""

from __future__ import annotations

from pathlib import Path

from tre.workspace.folders import folder

INSIDE = "/project/imports"  # where a sandbox shows it


def imports_folder(code: str, gid: int) -> Path:
    """Return the folder of a project's imports, made when it is missing: its people may read in it, nobody write."""
    return folder("projects", code, "imports", uid=0, gid=gid, mode=0o750)
