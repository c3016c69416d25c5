"""Verifies the log against its signed checkpoints: all of it, or a range between the checkpoints around it.

Between two checkpoints a stretch stands for itself: it begins from the tree that one has signed and has to end at the
root that the other has. So processes share long work, none of them holds more than some thousands of entries, and what
one finds first in the log is told, whichever process found it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from tre.audit.checkpoints import Checkpoint, checkpoint_over, folder_of, kept_sizes
from tre.audit.domain import MerkleTree, checkpoints_lag
from tre.audit.errors import AuditBroken
from tre.audit.models import Head
from tre.audit.proofs import Prover
from tre.audit.services import Verified, grow, grow_to
from tre.audit.triggers import check_triggers
from tre.errors import Refused

STRETCH = 25_000  # entries that a process takes at a time
_ALONE = 4 * STRETCH  # of which one process is done before others have begun


@dataclass(frozen=True)
class Fault:
    """What is wrong, as one process tells another."""

    what: str
    number: int


def verify_checkpoints(
    folder: Path | None = None,
    now: datetime | None = None,
    *,
    first: int = 1,
    last: int | None = None,
    processes: int | None = None,
) -> Verified:
    """Recompute entries of the log, and verify them against every checkpoint from before them to after them.

    Parameters
    ----------
    first, last : int
        The range, both ends with it; without a last one, to the end of the log.
    processes : int, optional
        How many share the work; by default as many as there are processors, and one for a short log.

    Raises
    ------
    AuditBroken
        When the entries are broken in themselves, or are otherwise than a checkpoint says; and where the range goes
        beyond the newest one, when there are entries and no checkpoint, or more entries after the newest one than the
        platform leaves (:func:`tre.audit.domain.checkpoints_lag`); and when the log's triggers are gone.
    Refused
        When there is no such range.
    """
    check_range(first, last)
    folder = folder_of(folder)
    sizes = kept_sizes(folder)
    start = max((size for size in sizes if size < first), default=0)
    end = min((size for size in sizes if last and size >= last), default=None)
    marks = [start, *(size for size in sizes if start < size <= (end or size))]
    _share(folder, list(_stretches(marks)), processes)
    tree = _tree(folder, marks[-1])
    if end is None:
        _verify_tail(tree, now or timezone.now())
    check_triggers()
    return Verified(tree.size, tree.root().hex())


def verify_newest(checkpoint: Checkpoint | None, now: datetime | None = None) -> int:
    """Verify what the newest checkpoint leaves out, and return how many entries there are.

    Raises
    ------
    AuditBroken
        As :func:`verify_checkpoints` does, about these entries and the triggers.
    """
    tree = checkpoint.tree() if checkpoint else MerkleTree()
    _verify_tail(tree, now or timezone.now())
    check_triggers()
    return tree.size


def verify_since(earlier: Mapping[str, Any], folder: Path | None = None) -> int:
    """Verify that the log continues an earlier checkpoint of it that somebody kept elsewhere; return its entries.

    Raises
    ------
    AuditBroken, ProofWrong
        When it does not: it was cut short, set back or replaced, with its checkpoints.
    """
    return Prover(folder).continues(earlier)


def check_range(first: int, last: int | None) -> None:
    """Refuse a range of entries that there is not."""
    there = Head.objects.filter(id=1).values_list("size", flat=True).first() or 0
    wanted = f"{first} to {last or 'the last'}"
    if first < 1 or (last is not None and last < first):
        raise Refused("A range of entries goes from 1 or later to no earlier one", where=wanted)
    if max(first, last or 1) > max(there, 1):
        raise Refused(f"The log has {there} entries", where=wanted, todo="Name entries that there are")


def _stretches(marks: list[int]) -> Iterator[list[int]]:
    """Cut a sequence of checkpoints into stretches; where one ends the next begins."""
    stretch = marks[:1]
    for before, size in pairwise(marks):
        if before - stretch[0] >= STRETCH:
            yield stretch
            stretch = [before]
        stretch.append(size)
    if len(stretch) > 1:
        yield stretch


def _share(folder: Path, stretches: list[list[int]], processes: int | None) -> None:
    """Verify stretches, in this process or in several, and raise what is found first in the log."""
    if not stretches:
        return
    wide = stretches[-1][-1] - stretches[0][0]
    many = (
        1
        if connection.in_atomic_block
        else min(processes or (os.cpu_count() or 1 if wide > _ALONE else 1), len(stretches))
    )
    if many == 1:
        _raise_first(verify_stretch(folder, each) for each in stretches)
        return
    # They are forked, which starts them at once; each opens a connection of its own, so this one's must not be theirs.
    connections.close_all()
    with ProcessPoolExecutor(many, get_context("fork")) as pool:
        try:
            _raise_first(pool.map(partial(verify_stretch, folder), stretches))
        finally:
            pool.shutdown(cancel_futures=True)


def _raise_first(found: Iterable[Fault | None]) -> None:
    for fault in found:
        if fault:
            raise AuditBroken(fault.what, fault.number)


def verify_stretch(folder: Path, marks: list[int]) -> Fault | None:
    """Verify the entries from one checkpoint to another, and against all between them."""
    try:
        tree = _tree(folder, marks[0])
        for mark in marks[1:]:
            signed = checkpoint_over(mark, folder)
            _grow_covered(tree, mark)
            if signed.root != tree.root().hex():
                raise AuditBroken("Entries that a checkpoint covers were rewritten", mark)
    except AuditBroken as broken:
        return Fault(broken.what, broken.number)  # which another process can be told
    return None


def _grow_covered(tree: MerkleTree, mark: int) -> None:
    there = Head.objects.filter(id=1).values_list("size", flat=True).first() or 0
    for _ in grow_to(tree, min(mark, there)):
        pass
    if tree.size < mark:
        raise AuditBroken("Entries that a checkpoint covers are missing", tree.size + 1)


def _tree(folder: Path, size: int) -> MerkleTree:
    return checkpoint_over(size, folder).tree() if size else MerkleTree()


def _verify_tail(tree: MerkleTree, now: datetime) -> None:
    """Verify what no checkpoint covers yet, and that it is no more than the platform leaves."""
    newest, age = tree.size, timedelta()
    for row in grow(tree):
        if row.number == newest + 1:
            age = now - datetime.fromisoformat(row.at)
    if tree.size > newest == 0:
        raise AuditBroken("There are entries and no checkpoint that covers them", 1)
    if checkpoints_lag(tree.size - newest, age):
        raise AuditBroken("The newest checkpoint is too old for what came after it", newest + 1)
