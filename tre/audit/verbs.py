"""What an operator or an auditor does with the log at the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tre.audit import setting_aside
from tre.audit.checkpoints import public_key
from tre.audit.export import stream
from tre.audit.models import Head
from tre.audit.proofs import Prover, earlier_checkpoint
from tre.audit.verification import check_range, verify_checkpoints, verify_since
from tre.config.options import load
from tre.errors import Refused
from tre.progress import Say
from tre.supervisor import only_one


def verify(options: argparse.Namespace, say: Say) -> None:
    """Verify the log, or a range of it, and that it continues what somebody kept of it."""
    verified = verify_checkpoints(first=options.first, last=options.last)
    if options.since:
        continued = verify_since(earlier_checkpoint(options.since))
        say(f"The log continues the one of {continued} entries that {options.since} holds.")
    if (options.first, options.last) == (1, None):
        say(f"{verified.entries} entries verified; root {verified.root}")
    else:
        last = options.last or verified.entries
        say(f"Entries {options.first} to {last} verified, in the log of {verified.entries}; root {verified.root}")


def prove(options: argparse.Namespace, say: Say) -> None:
    """Write the proof of one entry."""
    since = earlier_checkpoint(options.since) if options.since else None
    proof = Prover().prove(options.number, since)
    _write([json.dumps(proof, ensure_ascii=False, indent=1).encode() + b"\n"], options.out)


def export(options: argparse.Namespace, say: Say) -> None:
    """Write a range of the log as NDJSON."""
    check_range(options.first, options.last)
    newest = Head.objects.filter(id=1).values_list("size", flat=True).first() or 0
    _write(stream(options.first, options.last or newest), options.out)


def set_aside(options: argparse.Namespace, say: Say) -> None:
    """Set aside the checkpoints that the restored database is older than, while the platform stands still."""
    with only_one(load().home):
        done = setting_aside.set_aside(options.reason, "console")
    count = f"{done.checkpoints} checkpoints" if done.checkpoints > 1 else "One checkpoint"
    say(f"{count} set aside, over up to {done.most} entries: {done.folder}. Hand them to the auditor.")
    say(f"Entry {done.entry} of the log tells of it.")


def key(options: argparse.Namespace, say: Say) -> None:
    """Print the key that checkpoints are signed with, so that others can name it when they check."""
    say(public_key())


def _write(parts: Iterable[bytes], to: Path | None) -> None:
    """Write to a file, which is there whole or not at all, or else to standard output."""
    if to is None:
        try:
            sys.stdout.flush()
            for part in parts:
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever read it has seen enough; the interpreter must not flush once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    staged = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with staged.open("wb") as out:
            out.writelines(parts)
        staged.replace(to)
    except OSError as error:
        raise Refused("The file cannot be written", where=str(to), todo=error.strerror or "") from None
    finally:
        staged.unlink(missing_ok=True)
