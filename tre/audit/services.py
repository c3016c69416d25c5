"""Recording and verifying the audit log."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from tre.audit.domain import MerkleTree, canonical, leaf_hash
from tre.audit.errors import AuditBroken, OutsideTransaction
from tre.audit.models import Entry, Head


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
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{event} was recorded outside a transaction")
    Head.objects.get_or_create(id=1)
    head = Head.objects.select_for_update().get(id=1)  # appends are serial: a Merkle log has one order
    if once is not None and (before := Entry.objects.filter(once=once).first()):
        return before
    tree = MerkleTree.from_text(head.size, head.subtrees)
    # What is hashed is what the database gives back: JSON has no tuples, and its keys are text.
    kept = json.loads(json.dumps(dict(data or {})))
    entry = Entry(
        number=head.size + 1,
        at=timezone.now(),
        event=event,
        actor=actor,
        subject=subject,
        data=kept,
        once=once,
        previous=tree.root().hex(),
    )
    leaf = leaf_hash(_bytes(entry))
    entry.leaf = leaf.hex()
    entry.save(force_insert=True)
    tree.append(leaf)
    head.size, head.subtrees = tree.size, tree.to_text()
    head.save(update_fields=["size", "subtrees"])
    return entry


def _bytes(entry: Entry) -> bytes:
    return canonical(
        number=entry.number,
        at=entry.at,
        event=entry.event,
        actor=entry.actor,
        subject=entry.subject,
        data={"once": entry.once, **entry.data} if entry.once else entry.data,
        previous=entry.previous,
    )


def verify() -> Verified:
    """Recompute the whole log from its entries.

    Raises
    ------
    AuditBroken
        At the first entry that is altered, missing, out of place, or not covered by the kept tree.
    """
    tree = MerkleTree()
    for entry in Entry.objects.order_by("number").iterator(chunk_size=2000):
        if entry.number != tree.size + 1:
            raise AuditBroken("An entry is missing", tree.size + 1)
        if entry.previous != tree.root().hex():
            raise AuditBroken("What came before this entry is not what it was written after", entry.number)
        leaf = leaf_hash(_bytes(entry))
        if leaf.hex() != entry.leaf:
            raise AuditBroken("The entry is not what was written", entry.number)
        tree.append(leaf)
    head = Head.objects.filter(id=1).first()
    size, root = (head.size, MerkleTree.from_text(head.size, head.subtrees).root()) if head else (0, tree.root())
    if size > tree.size:
        raise AuditBroken("The newest entries are missing", tree.size + 1)
    if size < tree.size or root != tree.root():
        raise AuditBroken("The kept tree does not cover the entries", tree.size)
    return Verified(tree.size, tree.root().hex())


def verify_checkpoint(checkpoint: Verified) -> None:
    """Verify that the log still begins with what a checkpoint covered.

    Raises
    ------
    AuditBroken
        When it does not: the log was cut or rewritten after the checkpoint.
    """
    tree = MerkleTree()
    leaves = Entry.objects.filter(number__lte=checkpoint.entries).order_by("number").values_list("leaf", flat=True)
    for leaf in leaves.iterator(chunk_size=5000):
        tree.append(bytes.fromhex(leaf))
    if tree.size < checkpoint.entries:
        raise AuditBroken("Entries that a checkpoint covers are missing", tree.size + 1)
    if tree.root().hex() != checkpoint.root:
        raise AuditBroken("Entries that a checkpoint covers were rewritten", checkpoint.entries)


def write_checkpoint(folder: Path) -> Path:
    """Verify the log and write a signed statement of its size and root.

    The signature is Ed25519 (RFC 8032) under the installation's ``audit-checkpoint`` key. Keep the folder where
    somebody with the database cannot write.
    """
    from tre.keys.custody import custody

    with transaction.atomic():
        verified = verify()
    body = json.dumps({"entries": verified.entries, "root": verified.root}, sort_keys=True)
    signature = custody().signing_key("audit-checkpoint").sign(body.encode()).hex()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"checkpoint-{verified.entries:012d}.json"
    staged = path.with_suffix(".part")
    with staged.open("w") as out:
        json.dump({"body": body, "signature": signature}, out)
        out.flush()
        os.fsync(out.fileno())
    staged.replace(path)
    return path


def read_checkpoint(path: Path) -> Verified:
    """Return what a checkpoint covers, after its signature was verified.

    Raises
    ------
    AuditBroken
        When the signature is not this installation's.
    """
    from cryptography.exceptions import InvalidSignature

    from tre.keys.custody import custody

    kept = json.loads(path.read_text())
    body = json.loads(kept["body"])
    try:
        public = custody().signing_key("audit-checkpoint").public_key()
        public.verify(bytes.fromhex(kept["signature"]), kept["body"].encode())
    except InvalidSignature:
        raise AuditBroken("The checkpoint's signature is wrong", int(body["entries"])) from None
    return Verified(int(body["entries"]), str(body["root"]))
