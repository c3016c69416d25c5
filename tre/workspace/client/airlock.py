"""Asking for release, at once or by a draft that is put together over time, and seeing what became of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tre.workspace.client.display import Request, Requests
from tre.workspace.client.door import PlatformError, call


def submit(paths: Sequence[str | Path], *, context: str, controls: str = "") -> Request:
    """Ask for the release of files and folders, as one request.

    The files are frozen at once: what is changed afterwards is not what is reviewed. A folder that holds a model
    (as :func:`train_private` writes it) is released to the registry. What takes longer to put together, in groups, with
    files that only support it, is a :func:`draft`.

    Parameters
    ----------
    paths : sequence of str or Path
        Files and folders.
    context : str
        What they are, what they were made from, and which controls were used. The checkers read it.
    controls : str, optional
        What was suppressed or rounded, and why it is safe; where it is left out the context tells it.

    Returns
    -------
    Request
        A dict of ``request`` (its number), ``state``, and ``files`` with their hashes.

    Raises
    ------
    PlatformError
        When a path is missing or the platform refuses.
    """
    return Request(_send("requests", paths, {"context": context, "controls": controls}))


def draft(request: str | int) -> Draft:
    """Begin a request that is put together over time, or go on with one that is a draft or has come back.

    Parameters
    ----------
    request : str or int
        What it is about, in a sentence; or the number of a request of yours. One that was returned or blocked is begun
        as its next version, with the files it had.

    Returns
    -------
    Draft
        To which files are added and which is submitted.

    Raises
    ------
    PlatformError
        When the platform refuses.

    Examples
    --------
    >>> asked = tre.draft("Falls by age, for the annual report")
    >>> asked.add(["falls.csv"], group="Tables")
    >>> asked.add(["counts_before_rounding.csv"], group="Tables", kind="supporting")
    >>> asked.describe("Tables", context="Falls by age band.", controls="Counts under 10 are hidden.")
    >>> asked.submit()
    """
    if isinstance(request, str):
        return Draft(call("POST", "requests/draft", json={"context": request}))
    found = call("GET", f"requests/{request}")
    if found["state"] in ("returned", "blocked"):
        found = call("POST", f"requests/{request}/revise", json={})
    return Draft(found)


class Draft(Request):
    """A request that is being put together: ``request`` (its number), ``turn``, ``groups``, ``files``, ``comments``."""

    def add(self, paths: Sequence[str | Path], *, group: str = "", kind: str = "") -> Draft:
        """Freeze files and folders and put them into it; a file of a name that it has takes that one's place.

        Parameters
        ----------
        paths : sequence of str or Path
            Files and folders.
        group : str, optional
            The name of the group that they belong to.
        kind : str, optional
            ``output``, ``supporting`` (shown to the checkers, never let out), ``code`` or ``model``. Left out, the
            files of a model are one and all others are outputs.

        Raises
        ------
        PlatformError
            When a path is missing or the platform refuses.
        """
        return self._now(_send(f"requests/{self['request']}/files", paths, {"group": group, "kind": kind}))

    def describe(self, group: str, *, context: str, controls: str) -> Draft:
        """Say what a group's files are and how they were made, and what was suppressed or rounded and why it is safe.

        Raises
        ------
        PlatformError
            When the platform refuses.
        """
        return self._ask("group", name=group, context=context, controls=controls)

    def remove(self, name: str) -> Draft:
        """Take a file out, by its name.

        Raises
        ------
        PlatformError
            When it holds none of this name.
        """
        return self._ask("remove", name=name)

    def submit(self, answer: str = "", target: str = "") -> Draft:
        """Submit it as it stands: every group needs its context and its controls.

        Parameters
        ----------
        answer : str
            What has changed since the checkers sent it back; needed from the second turn on.
        target : str, optional
            Which of the places that the project's releases may go to this one is delivered to, where there are several.

        Raises
        ------
        PlatformError
            When something is missing or the platform refuses.
        """
        return self._ask("submit", answer=answer, target=target)

    def withdraw(self) -> Draft:
        """Take it back.

        Raises
        ------
        PlatformError
            When it is too late.
        """
        return self._ask("withdraw")

    def _ask(self, verb: str, **told: str) -> Draft:
        return self._now(call("POST", f"requests/{self['request']}/{verb}", json=told))

    def _now(self, told: dict[str, Any]) -> Draft:
        self.clear()
        self.update(told)
        return self


def _send(address: str, paths: Sequence[str | Path], form: dict[str, str]) -> dict[str, Any]:
    names = list(_names([Path(path) for path in paths]))
    with ExitStack() as stack:
        files = [("files", (str(place), stack.enter_context(path.open("rb")))) for place, (_, path) in enumerate(names)]
        return call("POST", address, data={**form, "names": json.dumps([name for name, _ in names])}, files=files)


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
