"""The verbs for a portal elsewhere, as the command knows them; what they do is loaded when one is run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path


def add_verbs(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the verbs to the command's."""
    login = add("login", _later("login"), "sign in to a portal with a token, which is typed or piped in")
    login.add_argument("address", metavar="ADDRESS", help="the portal's, such as https://tre.example.org")
    logout = add("logout", _later("logout"), "forget the token that is kept here")
    logout.add_argument("--revoke", action="store_true", help="revoke it too: it opens nothing any more, anywhere")
    _add_requests(
        add("requests", _later("requests"), "list, show, submit, withdraw and download requests, over the API")
    )
    _add_people(add("people", _later("people", "looking"), "list the portal's people, or show one, over the API"))
    _add_runs(add("runs", _later("runs", "looking"), "list, show, cancel and retry attested runs, over the API"))
    call = add("api", _later("api"), "call the API: any address of it, printed as JSON")
    call.add_argument("method", choices=["GET", "POST", "PUT", "PATCH", "DELETE"])
    call.add_argument("path", metavar="PATH", help="such as /projects")
    call.add_argument("--body", metavar="JSON", help="what to send; - reads it from standard input")
    call.add_argument("--code", default="", help="a one-time code, for what asks for one")


def _add_requests(requests: argparse.ArgumentParser) -> None:
    actions = requests.add_subparsers(required=True, metavar="ACTION", dest="action")
    listed = actions.add_parser("list", help="list the requests that you may see, newest first")
    _paged(listed)
    _paged(actions.add_parser("queue", help="list what waits for your review"))
    show = actions.add_parser("show", help="show a request with what was found in its files")
    submit = actions.add_parser("submit", help="submit a draft that was put together in the workspace")
    submit.add_argument("--answer", default="", metavar="TEXT", help="from the second turn on: what has changed")
    withdraw = actions.add_parser("withdraw", help="take a request of yours back")
    download = actions.add_parser("download", help="fetch what was released, as one archive")
    download.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where to (by default here)")
    for each in (show, submit, withdraw, download):
        each.add_argument("number", type=int, metavar="NUMBER")
    _as_json(actions.choices.values())


def _add_people(people: argparse.ArgumentParser) -> None:
    actions = people.add_subparsers(required=True, metavar="ACTION", dest="action")
    listed = actions.add_parser("list", help="list everybody, by user name")
    listed.add_argument("--find", default="", metavar="TEXT", help="a part of a user name or an e-mail address")
    _paged(listed)
    show = actions.add_parser("show", help="show one person: roles, training, second factors")
    show.add_argument("username", metavar="USERNAME")
    _as_json(actions.choices.values())


def _add_runs(runs: argparse.ArgumentParser) -> None:
    actions = runs.add_subparsers(required=True, metavar="ACTION", dest="action")
    listed = actions.add_parser("list", help="list a project's runs, newest first")
    listed.add_argument("project", metavar="PROJECT")
    _paged(listed)
    show = actions.add_parser("show", help="show a run: its course, and what it was made from")
    cancel = actions.add_parser("cancel", help="stop a run; what it made until then is thrown away")
    retry = actions.add_parser("retry", help="have a run that came to nothing carried out again")
    for each in (show, cancel, retry):
        each.add_argument("number", type=int, metavar="NUMBER")
    retry.add_argument("--code", default="", help="a one-time code: it may spend privacy budget once more")
    _as_json(actions.choices.values())


def _paged(listed: argparse.ArgumentParser) -> None:
    listed.add_argument("--page", type=int, default=1, metavar="N")


def _as_json(actions: Iterable[argparse.ArgumentParser]) -> None:
    for each in actions:
        each.add_argument("--json", action="store_true", help="print what the API answers")


def _later(name: str, module: str = "verbs") -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        verb: Callable[[argparse.Namespace], int] = getattr(import_module(f"tre.remote.{module}"), name)
        return verb(options)

    return run
