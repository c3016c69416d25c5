"""The ``tre`` command: one verb for each thing an operator does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tre.errors import TreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit status (0 done, 1 failed, 2 wrong settings, 3 refused)."""
    options = parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = options.verb
    try:
        return verb(options)
    except TreError as error:
        print(error.sentence(), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    made = argparse.ArgumentParser(prog="tre", description="A secure trusted research environment")
    verbs = made.add_subparsers(required=True, metavar="VERB")

    def add(name: str, verb: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        each = verbs.add_parser(name, help=text, description=text)
        each.set_defaults(verb=verb)
        return each

    add("up", _up, "prepare what is missing, start everything and watch it")
    add("down", _down, "stop everything that `tre up` started")
    add("init", _init, "create the database and the demonstration, and start nothing")
    add("worker", _worker, "run queued jobs until stopped")
    add("rooms", _rooms, "keep each project's Spark Connect and MLflow running")
    add("code", _code, "print a demonstration account's one-time code").add_argument("username")
    audit = add("audit", _audit, "verify the audit log")
    audit.add_argument("action", choices=["verify"])
    keys = add("keys", _keys, "make a new generation of a key; what was made under the earlier one stays valid")
    keys.add_argument("action", choices=["rotate"])
    keys.add_argument("purpose", metavar="PURPOSE")
    inspect = add("inspect", _inspect, "say what files would disclose")
    inspect.add_argument("files", nargs="+", type=Path, metavar="FILE")
    inspect.add_argument("--json", action="store_true", help="print the inspections as JSON lines")
    return made


def _django() -> None:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tre.config.settings")
    django.setup()


def _up(options: argparse.Namespace) -> int:
    from tre.embedded import up

    return up(print)


def _down(options: argparse.Namespace) -> int:
    from tre.config.options import load
    from tre.supervisor import stop_running

    print("Stopped." if stop_running(load().home) else "Nothing was running.")
    return 0


def _init(options: argparse.Namespace) -> int:
    from tre.embedded import prepare

    prepare(print)
    return 0


def _worker(options: argparse.Namespace) -> int:
    _django()
    from tre.config import at_rest
    from tre.config.options import load
    from tre.runs.queue import work_forever

    at_rest.check(load(), print)

    work_forever()
    return 0


def _rooms(options: argparse.Namespace) -> int:
    _django()
    from tre.workspace.project_services import main as rooms

    rooms()
    return 0


def _code(options: argparse.Namespace) -> int:
    _django()
    from tre.demonstration import one_time_code

    print(one_time_code(options.username))
    return 0


def _audit(options: argparse.Namespace) -> int:
    _django()
    from tre.audit.services import verify

    verified = verify()
    print(f"{verified.entries} entries verified; root {verified.root}")
    return 0


def _keys(options: argparse.Namespace) -> int:
    _django()
    from tre.keys.services import rotate

    made = rotate(options.purpose, "operator")
    print(f"The key '{options.purpose}' has a new generation, {made}; what is built or provisioned next is under it.")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    import json

    from tre.disclosure import Context, inspect

    worst = 0
    for path in options.files:
        inspection = inspect(path, Context())
        worst = max(worst, {"pass": 0, "review": 4, "block": 5}[inspection.verdict])
        if options.json:
            print(json.dumps({"file": path.name, **inspection.to_json()}))
            continue
        print(f"{path.name}: {inspection.verdict}")
        for finding in inspection.findings:
            print(f"  {finding.severity:<6} {finding.location}: {finding.why} {finding.fix}")
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
