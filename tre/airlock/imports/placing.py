"""Where approved imports stand: beside a project's extract, read-only, each in a folder of its own by its number."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tre.airlock.imports.models import ImportRequest
from tre.airlock.storage import StorageBroken, storage
from tre.config.options import load
from tre.hashing import sha256_of
from tre.workspace.imports import imports_folder


def place(request: ImportRequest, version: int) -> Path:
    """Copy an import's files to its version's folder, whole or not at all; placed already, they are checked.

    Raises
    ------
    StorageBroken
        When a frozen file or a placed one is not what was approved.
    """
    whole = imports_folder(request.project.code, request.project.gid) / str(version)
    if whole.exists():  # made by a run that was cut off before it could say so
        _check(request, whole)
        return whole
    staged = whole.with_name(f".{version}.staged")
    _clear(staged)
    staged.mkdir(mode=0o700)
    try:
        for file in request.files.all():
            storage().copy(file.sha256, staged / file.name)
    except StorageBroken:
        _clear(staged)
        raise
    _give(staged, request.project.gid)
    os.rename(staged, whole)
    return whole


def clear_all(code: str) -> None:
    """Remove everything that was placed for a project, and see that it is gone.

    Raises
    ------
    OSError
        Something is still there.
    """
    folder = load().path("projects", code, "imports")
    _clear(folder)
    if os.path.lexists(folder):
        raise OSError(f"the imports of {code} are still there")


def _check(request: ImportRequest, whole: Path) -> None:
    for file in request.files.all():
        path = whole / file.name
        if not path.is_file() or sha256_of(path) != file.sha256:
            raise StorageBroken("A placed file was altered", where=file.sha256[:12], todo="Tell the auditor")


def _clear(staged: Path) -> None:
    """Remove a folder that may be read-only: what a cut-off run left, or what is needed no more."""
    if staged.exists():
        for path in [staged, *staged.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(staged)


def _give(staged: Path, gid: int) -> None:
    """Let the project's people read a folder and all below it, and nobody write."""
    for path in [*staged.rglob("*"), staged]:
        path.chmod(0o550 if path.is_dir() else 0o440)
        if os.geteuid() == 0:
            os.chown(path, 0, gid)
