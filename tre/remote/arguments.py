"""The verbs for a portal elsewhere, as the command knows them; what they do is loaded when one is run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add_verbs(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the verbs to the command's."""
    login = add("login", _later("login"), "sign in to a portal with a token, which is typed or piped in")
    login.add_argument("address", metavar="ADDRESS", help="the portal's, such as https://tre.example.org")
    add("logout", _later("logout"), "forget the token that is kept here; revoke it on your account's page")
    requests = add("requests", _later("requests"), "list, show, submit, withdraw and download requests, over the API")
    actions = requests.add_subparsers(required=True, metavar="ACTION", dest="action")
    listed = actions.add_parser("list", help="list the requests that you may see, newest first")
    listed.add_argument("--page", type=int, default=1, metavar="N")
    actions.add_parser("queue", help="list what waits for your review")
    show = actions.add_parser("show", help="show a request with what was found in its files")
    submit = actions.add_parser("submit", help="submit a draft that was put together in the workspace")
    submit.add_argument("--answer", default="", metavar="TEXT", help="from the second turn on: what has changed")
    withdraw = actions.add_parser("withdraw", help="take a request of yours back")
    download = actions.add_parser("download", help="fetch what was released, as one archive")
    download.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where to (by default here)")
    for each in (show, submit, withdraw, download):
        each.add_argument("number", type=int, metavar="NUMBER")
    for each in actions.choices.values():
        each.add_argument("--json", action="store_true", help="print what the API answers")
    call = add("api", _later("api"), "call the API: any address of it, printed as JSON")
    call.add_argument("method", choices=["GET", "POST", "PUT", "PATCH", "DELETE"])
    call.add_argument("path", metavar="PATH", help="such as /projects")
    call.add_argument("--body", metavar="JSON", help="what to send; - reads it from standard input")
    call.add_argument("--code", default="", help="a one-time code, for what asks for one")


def _later(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from tre.remote import verbs

        verb: Callable[[argparse.Namespace], int] = getattr(verbs, name)
        return verb(options)

    return run
