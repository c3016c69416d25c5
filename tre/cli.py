"""The ``tre`` command: one verb for each thing an operator does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tre.errors import TreError
from tre.remote.arguments import add_verbs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit status (0 done, 1 failed, 2 wrong settings, 3 refused)."""
    os.umask(0o077)  # identified data is read by nobody else; what a sandbox shows says so of itself
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
    add("rooms", _rooms, "watch over open workspaces, and keep each project's Spark Connect and MLflow running")
    add("jobs", _jobs, "list the jobs that failed")
    add("retry", _retry, "queue a failed job again").add_argument("job", type=int, metavar="NUMBER")
    add("code", _code, "print a demonstration account's one-time code").add_argument("username")
    invite = add(
        "invite", _invite, "invite a person from this machine, and print the link: so the first operator comes"
    )
    invite.add_argument("email", metavar="E-MAIL")
    invite.add_argument("--role", action="append", required=True, dest="roles", metavar="ROLE")
    reproduce = add("reproduce", _reproduce, "make an extract anew from its pinned versions and compare every file")
    reproduce.add_argument("project", metavar="PROJECT")
    reproduce.add_argument("number", metavar="N", help="the extract's number")
    _add_audit(add("audit", _audit, "verify, prove and export the audit log"))
    _add_models(add)
    _add_landing(add)
    packages = add("packages", _packages, "let workspaces install what policies/packages.yaml names")
    packages.add_argument("action", choices=["fetch", "add", "list"])
    packages.add_argument(
        "wheels", nargs="*", type=Path, metavar="WHEEL", help="for `add`: files to inspect and accept"
    )
    keys = add("keys", _keys, "make a new generation of a key; what was made under the earlier one stays valid")
    keys.add_argument("action", choices=["rotate"])
    keys.add_argument("purpose", metavar="PURPOSE")
    evidence = add("evidence", _evidence, "look at the installation against SATRE and write a dated pack of evidence")
    evidence.epilog = "Exit status: 0 written, 4 written and a mandatory statement is not met, 3 refused."
    evidence.add_argument("--out", type=Path, metavar="DIR", help="where to make its folder (by default in home)")
    evidence.add_argument("--check", type=Path, metavar="FOLDER", help="hold a pack to the audit log, and make none")
    _add_inspect(add("inspect", _inspect, "say what files would disclose, and mend copies of them"))
    add_verbs(add)
    return made


def _add_audit(audit: argparse.ArgumentParser) -> None:
    actions = audit.add_subparsers(required=True, metavar="ACTION", dest="action")
    verify = actions.add_parser("verify", help="recompute the log, or a range of it, against its signed checkpoints")
    prove = actions.add_parser("prove", help="write the proof of an entry, which anybody can check")
    export = actions.add_parser("export", help="write the log, or a range of it, as NDJSON")
    check = actions.add_parser("check", help="check a proof, without a database")
    actions.add_parser("key", help="print the public key that checkpoints are signed with")
    aside = actions.add_parser(
        "set-aside",
        help="after a restore, set aside the checkpoints that are newer than the database; the log tells of it",
    )
    aside.add_argument("--reason", required=True, help="who restored what, why, and on whose word")
    prove.add_argument("number", type=int, metavar="N", help="the entry's number")
    for each in (verify, export):
        each.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="the first entry")
        each.add_argument("--to", dest="last", type=int, metavar="N", help="the last entry")
    for each in (verify, prove):
        each.add_argument(
            "--since", type=Path, metavar="FILE", help="a checkpoint or proof kept elsewhere that the log must continue"
        )
    for each in (prove, export):
        each.add_argument("--out", type=Path, metavar="FILE", help="write there, not to standard output")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--key", default="", metavar="HEX", help="the key that `tre audit key` prints")


def _add_inspect(inspect: argparse.ArgumentParser) -> None:
    inspect.epilog = "Exit status: 0 all pass, 4 a checker must look at one, 5 one is blocked, 1 none was judged."
    inspect.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files, and folders with all in them")
    told = inspect.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", help="print the inspections as JSON lines")
    told.add_argument("--sarif", action="store_true", help="print one SARIF 2.1.0 log")
    inspect.add_argument("--profile", default="acro", help="a profile of policies/disclosure.yaml")
    inspect.add_argument("--fix", type=Path, metavar="DIR", help="write mended copies there, and inspect them too")


def _add_landing(add: Callable[..., argparse.ArgumentParser]) -> None:
    land = add("land", _land, "land a submission: accepted whole, or refused whole with the reason")
    land.add_argument("folder", type=Path, help="the provider's outbox, with its manifest")
    land.add_argument("--provider", help="whose outbox it is (by default the name of the folder it lies in)")
    withdraw = add("withdraw", _withdraw, "take back a submission or a dataset, as its controller asks")
    withdraw.add_argument("--submission", default="", help="the submission's name")
    withdraw.add_argument("--dataset", default="", help="the dataset; alone, of every submission")
    withdraw.add_argument("--reason", required=True, help="what the controller gave as its reason")
    stream = add("stream", _stream, "take device readings in as they are dropped, until stopped")
    stream.add_argument("--once", action="store_true", help="take in what has been dropped, and end")
    for each in (land, withdraw, stream):
        each.add_argument("--by", default="data-manager", help="the data manager in whose name this is done")


def _add_models(add: Callable[..., argparse.ArgumentParser]) -> None:
    fetch = add("fetch-model", _fetch_model, "fetch a released model and verify all of it with the release key")
    fetch.add_argument("model", metavar="NAME@ALIAS")
    verify = add("verify-model", _verify_model, "verify a fetched model, and that it may be served, for another server")
    serve = add("serve", _serve_model, "verify a fetched model once more and serve it")
    for each in (verify, serve):
        each.add_argument("model", metavar="NAME")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=5000)
    for each in (fetch, verify, serve):
        each.add_argument("folder", type=Path, metavar="FOLDER")
        each.add_argument("--release", required=True, help="the release that the page of released models names")


def _django() -> None:
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


_SLOW_AT_ONCE = 2  # so that a training of hours does not keep every table waiting


def _worker(options: argparse.Namespace) -> int:
    _django()
    import threading

    from tre.audit.checkpoints import keep_writing
    from tre.config import at_rest
    from tre.config.options import load
    from tre.runs.queue import work_forever

    at_rest.check(load(), print)
    # Beside the jobs: a job may take longer than the log may stay without a checkpoint.
    threading.Thread(target=keep_writing, args=(threading.Event(),), daemon=True).start()
    for _ in range(_SLOW_AT_ONCE):
        threading.Thread(target=_slow_jobs, args=(work_forever,), daemon=True).start()
    work_forever(slow=False)
    return 0


def _slow_jobs(work_forever: Callable[..., None]) -> None:
    """Do the jobs that may take hours beside the others; ends the process with itself, for another to be started."""
    try:
        work_forever(slow=True)
    finally:
        os._exit(1)


def _packages(options: argparse.Namespace) -> int:
    _django()
    from tre.workspace import packages

    if options.action == "fetch":
        for added in packages.fetch("console"):
            print(f"{added} is accepted.")
    for wheel in options.wheels if options.action == "add" else ():
        print(f"{packages.add(wheel, 'console')} is accepted.")
    for name in packages.accepted():
        print(name)
    return 0


def _rooms(options: argparse.Namespace) -> int:
    _django()
    from tre.workspace.rooms import main

    main()
    return 0


def _jobs(options: argparse.Namespace) -> int:
    _django()
    from tre.runs.queue import failed

    for job in failed():
        print(f"{job.pk}  {job.kind}  {job.error}")
    return 0


def _retry(options: argparse.Namespace) -> int:
    _django()
    from tre.runs.queue import retry

    job = retry(options.job, "operator")
    print(f"Job {job.pk} ({job.kind}) is queued again.")
    return 0


def _code(options: argparse.Namespace) -> int:
    _django()
    from tre.demonstration import one_time_code

    print(one_time_code(options.username))
    return 0


def _audit(options: argparse.Namespace) -> int:
    if options.action == "check":
        return _check_proof(options)
    _django()
    from tre.audit import verbs

    getattr(verbs, options.action.replace("-", "_"))(options, print)
    if options.action == "verify":
        from tre.privacy.reconciliation import reconcile

        reconcile()
    return 0


def _check_proof(options: argparse.Namespace) -> int:
    from tre.audit.checking import check_file

    checked = check_file(options.file, options.key)
    print(checked.sentence())
    if not options.key:
        print("Whose key that is, the proof cannot say: compare it with what the platform tells by `tre audit key`.")
    return 0


def _fetch_model(options: argparse.Namespace) -> int:
    from ml.deployment import fetch

    statement = fetch(options.model, options.folder, options.release)
    print(f"{statement.name} of {statement.release} is verified: {options.folder}")
    return 0


def _verify_model(options: argparse.Namespace) -> int:
    from ml.deployment import verified

    statement = verified(options.model, options.folder, options.release)
    print(f"{statement.name} of {statement.release} is verified, and may be served.")
    return 0


def _serve_model(options: argparse.Namespace) -> int:
    from ml.deployment import serve

    serve(options.model, options.folder, options.release, options.host, options.port)
    return 0


def _land(options: argparse.Namespace) -> int:
    _django()
    from tre.catalogue.verbs import land

    land(options.folder, options.provider, options.by, print)
    return 0


def _withdraw(options: argparse.Namespace) -> int:
    _django()
    from tre.catalogue.verbs import take_back

    take_back(options.submission, options.dataset, options.reason, options.by, print)
    return 0


def _stream(options: argparse.Namespace) -> int:
    _django()
    from tre.catalogue.verbs import stream

    stream(options.once, options.by, print)
    return 0


def _invite(options: argparse.Namespace) -> int:
    _django()
    from tre.people.invitations import invite_from_console

    _, link = invite_from_console(options.email, options.roles)
    print(f"Hand this link to {options.email}; it works once, for seven days:\n{link}")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from tre.errors import Refused

    if not options.number.isdecimal():
        raise Refused("An extract has a whole number", where=options.number, todo="Read it on the project's page")
    _django()
    from tre.projects.jobs import reproduce

    found = reproduce(options.project, int(options.number))
    code = "the same code" if found.same_code else "other code than then"
    if not found.differing:
        print(f"Extract {options.number} of {options.project} is reproduced: {found.files} files, made by {code}")
        return 0
    print(f"{len(found.differing)} of {found.files} files differ, made by {code}: {', '.join(found.differing)}")
    return 1


def _keys(options: argparse.Namespace) -> int:
    _django()
    from tre.keys.services import rotate

    made = rotate(options.purpose, "operator")
    print(f"The key '{options.purpose}' has a new generation, {made}; what is built or provisioned next is under it.")
    return 0


def _evidence(options: argparse.Namespace) -> int:
    _django()
    from tre.evidence import verbs

    return verbs.check(options.check, print) if options.check else verbs.make(options.out, print)


def _inspect(options: argparse.Namespace) -> int:
    from tre.disclosure import command

    return command.run(options)


if __name__ == "__main__":
    raise SystemExit(main())
