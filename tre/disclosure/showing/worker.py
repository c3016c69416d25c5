"""The process that shows a stranger's file: in the sandbox in which files are inspected, with the same limits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tre.disclosure import together
from tre.disclosure.model import Context, DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.showing.shown import Ask, NotShown, Shown
from tre.disclosure.worker import confine, sandboxed, seconds_for

_MODULE = "tre.disclosure.showing.worker"


def show(path: Path, ask: Ask, *, sandbox: bool = True) -> Shown:
    """Return what a file holds and the page of it that is asked for.

    Parameters
    ----------
    sandbox : bool
        Read it in a bubblewrap worker without a network. False only where bubblewrap cannot be nested.

    Raises
    ------
    DisclosureError
        Bubblewrap is not installed. A file that is merely bad is no error: what is returned says why.
    """
    if not sandbox:
        return _made(path, ask)
    policy = load_policy()
    command = [*sandboxed(_bubblewrap(), path, Context()), sys.executable, "-m", _MODULE]
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                command, input=json.dumps(asdict(ask)).encode(), stdout=answer, stderr=subprocess.DEVNULL,
                timeout=seconds_for(path.stat().st_size, policy), check=False, env={}, cwd="/",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _not("showing it took too long")
        answer.seek(0)
        raw = answer.read(policy.limits["output_bytes"] + 1)
    if done.returncode != 0:
        return _not("it stopped the program that reads it")
    try:
        return Shown.from_json(json.loads(raw))
    except (ValueError, TypeError, NotShown):
        return _not("the program that reads it gave no proper answer")


def show_together(asked: Mapping[Path, Ask], seconds: float) -> dict[Path, Shown]:
    """Return what :func:`show` does of several files of one author, as many as there is time for.

    Parameters
    ----------
    asked : mapping
        At most :data:`tre.disclosure.together.MOST_FILES` files, and of each what is to be shown.
    seconds : float
        How long it may take. A file that is not among the answers was not reached.

    Raises
    ------
    DisclosureError
        Bubblewrap is not installed.
    """
    paths, policy = list(asked), load_policy()
    command = [*sandboxed(_bubblewrap(), paths, Context()), sys.executable, "-m", _MODULE]
    request = {"together": [asdict(each) for each in asked.values()]}
    answers = together.ask(command, request, seconds, policy.limits["output_bytes"] * len(paths))
    found: dict[Path, Shown] = {}
    for number, answer in answers.items():
        with suppress(NotShown, IndexError):
            found[paths[number]] = Shown.from_json(answer)
    return found


def _bubblewrap() -> str:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise DisclosureError("Files are shown inside bubblewrap, which is not installed", todo="Install bubblewrap")
    return bwrap


def _not(why: str) -> Shown:
    return Shown("unreadable", why=f"It cannot be shown: {why}.")


def _made(path: Path, ask: Ask) -> Shown:
    # the readers' libraries are heavy, and else stay in the worker
    from tre.disclosure.budget import one_budget
    from tre.disclosure.showing.outline import outline
    from tre.disclosure.source import Source

    policy = load_policy()
    with one_budget(policy):
        try:
            return outline(Source.at(path), ask, policy)
        except Exception as error:  # what a hostile file makes of a library no list foretells; the class alone is told
            return _not(f"the reader stopped ({type(error).__name__})")


def main() -> None:
    """Answer one request: read ``/file``, or several files, and print a page of each as JSON."""
    asked, policy = json.loads(sys.stdin.buffer.read()), load_policy()
    if "together" in asked:
        _load()
        together.answer_each(
            asked["together"], _confined, lambda size: seconds_for(size, policy), policy.limits["output_bytes"]
        )
    else:
        sys.stdout.write(json.dumps(_confined(Path("/file"), asked)))
        sys.stdout.flush()
    os._exit(0)  # native libraries' own exit code has nothing left to do here


def _load() -> None:
    """Show a table, a text and a notebook of our own, so that what reads them is loaded once, for all files."""
    from tre.disclosure.showing.outline import outline
    from tre.disclosure.source import Source

    policy = load_policy()
    notebook = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    for name, own in (("a.csv", b"a,b\n1,2\n"), ("a.py", b"a = 1\n"), ("a.ipynb", notebook)):
        outline(Source.of(own), Ask(name=name), policy)


def _confined(path: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked of a file as JSON's values, in this process that may take no more than one file's share."""
    confine(load_policy(), path.stat().st_size)
    return _made(path, Ask(tuple(asked["inside"]), asked["section"], asked["page"], asked["name"])).to_json()


if __name__ == "__main__":
    main()
