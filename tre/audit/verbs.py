"""What an operator or an auditor does with the log at the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tre.audit.checkpoints import public_key
from tre.audit.export import stream
from tre.audit.models import Head
from tre.audit.proofs import Prover, earlier_checkpoint
from tre.audit.verification import check_range, verify_checkpoints, verify_since
from tre.errors import Refused
from tre.progress import Say


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
