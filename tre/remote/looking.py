"""People and attested runs at the command line. What changes an account is done by `tre api`, with a code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from tre.remote.calls import Portal
from tre.remote.tables import table
from tre.remote.verbs import done

_PEOPLE = {
    "username": "Person", "roles": "Roles", "active": "Open", "training_expires": "Training until",
    "last_login": "Last sign-in",
}  # fmt: skip
_PERSON = {**_PEOPLE, "email": "E-mail", "controllers": "Answers for", "factors": "Second factors"}
_RUNS = {
    "run": "Run", "kind": "Kind", "state": "State", "author": "Author", "extract": "Extract", "asked": "Asked",
    "error": "Why",
}  # fmt: skip
_MADE = {"name": "Made from", "sha256": "SHA-256"}
Shown = tuple[Any, Callable[[], None]]


def people(options: argparse.Namespace) -> int:
    """List people, or show one."""
    return done({"list": _people, "show": _person}[options.action], options)


def runs(options: argparse.Namespace) -> int:
    """List a project's attested runs, show one, cancel it, or have it carried out again."""
    return done({"list": _runs, "show": _run, "cancel": _changed, "retry": _changed}[options.action], options)


def _people(options: argparse.Namespace, to: Portal) -> Shown:
    found = to.call("GET", "/people", q=options.find, page=options.page)
    return found, lambda: table("People", _PEOPLE, found["items"], more=found["more"])


def _person(options: argparse.Namespace, to: Portal) -> Shown:
    found = to.call("GET", f"/people/{_part(options.username)}")
    rows = [{"what": heading, "is": found[name]} for name, heading in _PERSON.items()]
    return found, lambda: table(options.username, {"what": "What", "is": "Is"}, rows)


def _runs(options: argparse.Namespace, to: Portal) -> Shown:
    found = to.call("GET", f"/projects/{_part(options.project)}/runs", page=options.page)
    return found, lambda: table("Attested runs", _RUNS, found["items"], more=found["more"])


def _run(options: argparse.Namespace, to: Portal) -> Shown:
    found = to.call("GET", f"/runs/{options.number}")
    return found, lambda: _show(found)


def _changed(options: argparse.Namespace, to: Portal) -> Shown:
    found = to.call("POST", f"/runs/{options.number}/{options.action}", code=vars(options).get("code", ""))
    return found, lambda: _show(found)


def _show(found: Mapping[str, Any]) -> None:
    table(f"Run {found['run']}", _RUNS, [found])
    if found["made_from"]:
        table("What it was made from", _MADE, found["made_from"])
    if found["log"]:
        table("Its course", {"line": "Step"}, [{"line": each} for each in found["log"]])


def _part(text: str) -> str:
    """Return a text as one part of an address."""
    return quote(text, safe="")
