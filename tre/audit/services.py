"""Recording and verifying the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from tre.audit.domain import KEPT_EVERY, MerkleTree, leaf_hash
from tre.audit.errors import AuditBroken, OutsideTransaction
from tre.audit.models import Entry, Head
from tre.audit.rows import Row, chunks, hashed
from tre.audit.subtrees import keep

_TOKEN: ContextVar[int | None] = ContextVar("token", default=None)


@contextmanager
def by_token(number: int) -> Iterator[None]:
    """Write into each entry that is recorded meanwhile by which token its actor asked: a program may have done it."""
    before = _TOKEN.set(number)
    try:
        yield
    finally:
        _TOKEN.reset(before)


@dataclass(frozen=True)
class Verified:
    """What was verified: the number of entries and the root over them, in hexadecimal."""

    entries: int
    root: str


def record(
    event: str, *, actor: str, subject: str, data: Mapping[str, object] | None = None, once: str | None = None
) -> Entry:
    """Append one entry in the caller's transaction, so that the change and its entry stand or fall together.

    Parameters
    ----------
    event : str
        What happened, such as ``airlock.submitted``.
    actor : str
        Who did it: a user name, or the name of the platform's own part.
    subject : str
        What it was done to, such as ``request:7``.
    data : mapping, optional
        More about it, as JSON. Never a person's value and never a key.
    once : str, optional
        A name of this very happening; a second call with it returns the first entry and writes nothing.

    Raises
    ------
    OutsideTransaction
        When no transaction is open.
    ValueError
        When the data holds a number that JSON does not know, such as infinity.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{event} was recorded outside a transaction")
    tree = _locked_head()
    if once is not None and (before := Entry.objects.filter(once=once).first()):
        return before
    token = _TOKEN.get()
    kept = as_kept({**(data or {}), **({} if token is None else {"token": token})})
    entry = Entry(
        number=tree.size + 1,
        at=timezone.now(),
        event=event,
        actor=actor,
        subject=subject,
        data=kept,
        once=once,
        previous=tree.root().hex(),
    )
    leaf = leaf_hash(hashed(entry))
    entry.leaf = leaf.hex()
    entry.save(force_insert=True)
    tree.append(leaf)
    keep(tree)
    _keep_head(tree)
    return entry


def as_kept(data: Mapping[str, object]) -> dict[str, Any]:
    """Return what either database gives back of the data, for that is what is hashed.

    JSON has no tuples, and its keys are text. PostgreSQL's ``jsonb`` keeps decimals: a float that Python writes with an
    exponent for its size comes back in digits, thus as a whole number, and zero comes back without its sign.

    Raises
    ------
    ValueError
        When there is a number that JSON does not know.
    """
    kept: dict[str, Any] = json.loads(json.dumps(dict(data), allow_nan=False), parse_float=_as_decimal)
    return kept


def _as_decimal(text: str) -> float | int:
    return int(Decimal(text)) if "e+" in text else float(text) + 0.0  # the sum makes minus zero zero


def _locked_head() -> MerkleTree:
    """Return the kept tree, locked: appends are serial, a Merkle log has one order."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""  # SQLite's transactions lock it all
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT size, subtrees FROM audit_head WHERE id = 1{lock}")  # noqa: S608 - our own words
        head = cursor.fetchone()
    if head is None:
        Head.objects.get_or_create(id=1)  # of two that begin the log at once, one makes it
        return _locked_head()
    return MerkleTree.from_text(*head)


def _keep_head(tree: MerkleTree) -> None:
    with connection.cursor() as cursor:  # by itself: it and the lock are half of what an entry would cost
        cursor.execute("UPDATE audit_head SET size = %s, subtrees = %s WHERE id = 1", [tree.size, tree.to_text()])


def verify() -> Verified:
    """Recompute the whole log from its entries.

    Raises
    ------
    AuditBroken
        At the first entry that is altered, missing, out of place, or not covered by the kept tree.
    """
    tree = MerkleTree()
    for _ in grow(tree):
        pass
    return Verified(tree.size, tree.root().hex())


def grow(tree: MerkleTree) -> Iterator[Row]:
    """Verify the entries that the tree does not hold yet, append each to it, and yield it.

    No transaction is held, so that nobody who writes has to wait. None is needed for one view of the log: it only
    grows, so the newest number is read before the kept tree, and the entries after it and no further than it.

    Raises
    ------
    AuditBroken
        At the first entry that is altered, missing, out of place, or not covered by the kept tree.
    """
    newest = Entry.objects.aggregate(newest=Max("number"))["newest"] or 0
    head = Head.objects.filter(id=1).first() or Head(id=1)
    if newest > head.size:
        raise AuditBroken("The kept tree does not cover the entries", newest)
    if tree.size > head.size:
        raise AuditBroken("Entries that a checkpoint covers are missing", head.size + 1)
    yield from grow_to(tree, head.size)
    if head.subtrees != tree.to_text():
        raise AuditBroken("The kept tree does not cover the entries", tree.size)


def grow_to(tree: MerkleTree, last: int) -> Iterator[Row]:
    """Verify the entries from where the tree ends to a last one, append each to it, and yield it.

    Raises
    ------
    AuditBroken
        At the first entry that is altered, missing or out of place, or else where a hash kept for proofs is wrong.
    """
    wrong = 0
    for rows, kept in chunks(tree.size + 1, last):
        for row in rows:
            _append(tree, row)
            if tree.size % KEPT_EVERY == 0 and not wrong and kept.get(tree.size) != tree.subtrees[-1].hex():
                wrong = tree.size
            yield row
    if tree.size < last:
        raise AuditBroken("The newest entries are missing", tree.size + 1)
    if wrong:
        raise AuditBroken("A hash that is kept for proofs is not that of the entries", wrong)


def _append(tree: MerkleTree, row: Row) -> None:
    if row.number != tree.size + 1:
        raise AuditBroken("An entry is missing", tree.size + 1)
    if row.previous != tree.root().hex():
        raise AuditBroken("What came before this entry is not what it was written after", row.number)
    try:
        leaf = leaf_hash(row.hashed())
    except (TypeError, ValueError):  # SQLite keeps bytes where text should be, if somebody puts them there
        leaf = b""
    if leaf.hex() != row.leaf or not leaf:
        raise AuditBroken("The entry is not what was written", row.number)
    tree.append(leaf)
