"""Asking for release, and seeing what became of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tre.workspace.client.display import Request, Requests
from tre.workspace.client.door import PlatformError, call


def submit(paths: Sequence[str | Path], *, context: str) -> Request:
    """Ask for the release of files and folders, as one request.

    The files are frozen at once: what is changed afterwards is not what is reviewed. A folder that holds a model
    (as :func:`train_private` writes it) is released to the registry.

    Parameters
    ----------
    paths : sequence of str or Path
        Files and folders.
    context : str
        What they are, what they were made from, and which controls were used. The checkers read it.

    Returns
    -------
    Request
        A dict of ``request`` (its number), ``state``, and ``files`` with their hashes.

    Raises
    ------
    PlatformError
        When a path is missing or the platform refuses.
    """
    names = list(_names([Path(path) for path in paths]))
    with ExitStack() as stack:
        files = [("files", (str(place), stack.enter_context(path.open("rb")))) for place, (_, path) in enumerate(names)]
        form = {"context": context, "names": json.dumps([name for name, _ in names])}
        return Request(call("POST", "requests", data=form, files=files))


def _names(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file())
            yield from ((f"{path.resolve().name}/{each.relative_to(path).as_posix()}", each) for each in found)
        elif path.is_file():
            yield path.name, path
        else:
            raise PlatformError("There is no such file", where=os.fspath(path), todo="Check its path")


def requests() -> Requests:
    """Return your requests in this project, newest first, each with its state, its files and their findings."""
    return Requests(Request(each) for each in call("GET", "requests")["requests"])
