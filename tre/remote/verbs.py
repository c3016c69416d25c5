"""What a person does at the command line with a portal elsewhere: signing in, and their requests."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tre.errors import Refused
from tre.remote import keeping
from tre.remote.calls import NotReached, Portal
from tre.remote.keeping import Login
from tre.remote.tables import table, word

_COLUMNS = {
    "number": "Request", "project": "Project", "author": "Author", "state": "State", "turn": "Turn", "risk": "Risk",
}  # fmt: skip
_FILES = {"number": "File", "name": "Name", "kind": "Kind", "verdict": "Verdict", "size": "Bytes"}
_FINDINGS = {"severity": "Severity", "rule": "Rule", "location": "Where", "why": "Why", "fix": "What to do"}
_IDENTITY = re.compile(r"[a-z0-9-]{1,60}")


Act = Callable[[argparse.Namespace, Portal], tuple[Any, Callable[[], None]]]


def portal() -> Portal:
    """Return the portal that the person is signed in to."""
    return Portal(keeping.kept())


def login(options: argparse.Namespace) -> int:
    """Sign in with a token that is typed or piped in, once the portal knows it."""
    token = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    asked = Login(options.address, token.strip())
    me = Portal(asked).call("GET", "/me")
    path = keeping.keep(asked)
    print(f"You are signed in as {me['username']} until {me['token']['expires']}. The token is kept in {path}.")
    return 0


def logout(options: argparse.Namespace) -> int:
    """Forget the token that is kept here; revoked first where that is asked for, so that it opens nothing anywhere."""
    if options.revoke:
        portal().call("DELETE", "/me/token")
        print("The token opens nothing any more.")
    print("The token is forgotten here." if keeping.forget() else "You were not signed in.")
    return 0


def requests(options: argparse.Namespace) -> int:
    """Do what is asked about requests, and show it as a table or as JSON."""
    return done(_ACTIONS[options.action], options)


def done(act: Act, options: argparse.Namespace) -> int:
    """Do something at the portal, and show its answer as a table or as JSON."""
    answer, show = act(options, portal())
    if options.json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        show()
    return 0


def _list(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    found = to.call("GET", "/requests", page=options.page)
    return found, lambda: table("Requests", _COLUMNS, found["items"], more=found["more"])


def _queue(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    found = to.call("GET", "/requests/queue", page=options.page)
    columns = {**_COLUMNS, "mine": "Yours", "overdue": "Overdue"}
    return found, lambda: table("Waiting for your review", columns, found["items"], more=found["more"])


def _show(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    found = to.call("GET", f"/requests/{options.number}")

    def show() -> None:
        _told(found)
        table("Files", _FILES, found["files"])
        for file in found["files"]:
            if file["findings"]:
                table(f"Found in {file['name']}", _FINDINGS, file["findings"])

    return found, show


def _submit(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    found = to.call("POST", f"/requests/{options.number}/submit", {"answer": options.answer})
    return found, lambda: _told(found)


def _withdraw(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    found = to.call("POST", f"/requests/{options.number}/withdraw")
    return found, lambda: _told(found)


def _download(options: argparse.Namespace, to: Portal) -> tuple[Any, Callable[[], None]]:
    release = to.call("GET", f"/releases/{options.number}")
    if not _IDENTITY.fullmatch(str(release["identity"])):  # it becomes a file's name
        raise NotReached("This is not how a portal answers", where="identity")
    path = options.out / f"{release['identity']}.zip"
    to.fetch(f"/releases/{options.number}/archive", path)
    return {**release, "path": str(path)}, lambda: print(f"{path} is fetched. That you took it is in the audit log.")


_ACTIONS = {
    "list": _list, "queue": _queue, "show": _show, "submit": _submit, "withdraw": _withdraw, "download": _download,
}  # fmt: skip


def api(options: argparse.Namespace) -> int:
    """Call any address of the API."""
    if not options.path.startswith("/"):
        raise Refused("An address of the API begins with /", where=options.path, todo="Such as /projects")
    text = sys.stdin.read() if options.body == "-" else options.body
    try:
        body = None if text is None else json.loads(text)
    except ValueError:
        raise Refused("The body is no JSON", where="--body", todo="Correct it") from None
    answer = portal().call(options.method, options.path, body, code=options.code)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _told(found: Mapping[str, Any]) -> None:
    number, project, author, state, turn = (
        word(found[name]) for name in ("number", "project", "author", "state", "turn")
    )
    print(f"Request {number} of {project}, by {author}: {state}, turn {turn}")
