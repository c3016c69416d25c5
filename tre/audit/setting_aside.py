"""Setting aside the checkpoints that a database is older than, after it was restored: told in the log, for ever.

It hides nothing. Only what covers more entries than the log has is set aside, and the log has to verify as far as it
goes. The entry holds the size and the root of each that goes, and how far those that stay cover the log. The files are
kept beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from tre.audit.checkpoints import (
    Checkpoint,
    checkpoint_over,
    checkpoint_path,
    folder_of,
    kept_sizes,
    write_checkpoint,
)
from tre.audit.domain import MerkleTree
from tre.audit.errors import CheckpointsUnwritable
from tre.audit.models import Entry, Head
from tre.audit.services import grow, record
from tre.audit.triggers import check_triggers
from tre.audit.verification import verify_checkpoints
from tre.errors import Refused

EVENT = "audit.checkpoints_set_aside"


@dataclass(frozen=True)
class SetAside:
    """What was set aside: by which entry, how many checkpoints, over how many entries at most, and where they lie."""

    entry: int
    checkpoints: int
    most: int
    folder: Path


def set_aside(reason: str, actor: str) -> SetAside:
    """Set aside the checkpoints that cover more than the log has, write that down, and cover it by a new checkpoint.

    The entry comes first and the files move after it: cut off in between, the same call goes on.

    Parameters
    ----------
    reason : str
        Why the database is older than they are, and on whose word it was restored.

    Raises
    ------
    Refused
        When the reason is missing, the log is empty or no checkpoint is newer than it.
    AuditBroken
        When the log is not what it was in what it has, or a newer checkpoint is damaged or not signed: no restore
        explains that.
    CheckpointsUnwritable
        When the files cannot be moved; the entry stands.
    """
    folder = folder_of(None)
    sizes = kept_sizes(folder)
    if not reason.strip():
        raise Refused("Setting checkpoints aside needs a reason", where="--reason", todo="Say who restored what, why")
    newest = checkpoint_over(sizes[-1], folder) if sizes else None
    begun = Entry.objects.filter(once=_once(newest)).first() if newest else None
    entry = begun or _write_down(folder, sizes, reason.strip(), actor)
    aside = folder / f"set-aside-{entry.number}"
    _move(folder, entry.data["set_aside"], aside)
    write_checkpoint()
    told = entry.data["set_aside"]
    return SetAside(entry.number, len(told), told[-1]["entries"], aside)


def _once(newest: Checkpoint) -> str:
    return f"{EVENT}:{newest.entries}:{newest.root}"


def _write_down(folder: Path, sizes: list[int], reason: str, actor: str) -> Entry:
    """Write the entry, once all that the log has was held to what is left of the checkpoints."""
    there = Head.objects.filter(id=1).values_list("size", flat=True).first() or 0
    newer = [checkpoint_over(size, folder) for size in sizes if size > there]
    if not there:
        raise Refused("The log is empty", todo="Restore the database first")
    if not newer:
        raise Refused("No checkpoint covers more than the log has", todo="Find out by tre audit verify what is wrong")
    kept = [size for size in sizes if 0 < size <= there]
    held = _held(folder, kept)
    told = [{"entries": each.entries, "root": each.root, "at": each.at} for each in newer]
    data = {"reason": reason, "covered": max(kept, default=0), "set_aside": told}
    with transaction.atomic():
        entry = record(EVENT, actor=actor, subject="audit", data=data, once=_once(newer[-1]))
        if entry.number != held.size + 1:
            raise Refused("Somebody wrote into the log meanwhile", todo="Stop everything that runs, then do it again")
    return entry


def _held(folder: Path, sizes: list[int]) -> MerkleTree:
    """Verify the log to its end against the checkpoints that it can be held to, and return its tree."""
    if sizes:
        verify_checkpoints(folder, last=sizes[-1])
    tree = checkpoint_over(sizes[-1], folder).tree() if sizes else MerkleTree()
    for _ in grow(tree):
        pass
    check_triggers()
    return tree


def _move(folder: Path, told: Iterable[dict[str, Any]], aside: Path) -> None:
    """Move just what the entry tells of: by now there may be another of the same size."""
    try:
        aside.mkdir(mode=0o700, exist_ok=True)
        for each in told:
            path = checkpoint_path(folder, each["entries"])
            if path.exists() and checkpoint_over(each["entries"], folder).root == each["root"]:
                path.replace(aside / path.name)
    except OSError:
        raise CheckpointsUnwritable(
            "The checkpoints cannot be moved", where=str(folder), todo="Mend the folder, then do it again"
        ) from None
