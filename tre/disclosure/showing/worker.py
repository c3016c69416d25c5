"""The process that shows a stranger's file: in the sandbox in which files are inspected, with the same limits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

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
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise DisclosureError("Files are shown inside bubblewrap, which is not installed", todo="Install bubblewrap")
    policy = load_policy()
    with tempfile.TemporaryFile() as answer:
        command = [*sandboxed(bwrap, path.resolve(), Context()), sys.executable, "-m", _MODULE]
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
    """Answer one request: read ``/file`` and print a page of it as JSON."""
    path = Path("/file")
    confine(load_policy(), path.stat().st_size)
    asked = json.loads(sys.stdin.buffer.read())
    ask = Ask(tuple(asked["inside"]), asked["section"], asked["page"], asked["name"])
    sys.stdout.write(json.dumps(_made(path, ask).to_json()))
    sys.stdout.flush()
    os._exit(0)  # native libraries' own exit code has nothing left to do here


if __name__ == "__main__":
    main()
