"""The mathematics of the audit log: Merkle tree hashes and canonical entries. Pure; no I/O.

Hashes follow RFC 9162 (Certificate Transparency 2.0), section 2.1.1: a leaf is SHA-256 over 0x00 and the entry, a node
is SHA-256 over 0x01 and its two children, and a tree of n leaves splits at the largest power of two below n.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json.encoder import encode_basestring as _quoted

# A checkpoint is due after this many new entries, or this long after the first of them: what an insider can still
# rewrite without a checkpoint telling is never more.
EVERY_ENTRIES = 50
EVERY = timedelta(minutes=1)
# Verification fails when the newest checkpoint leaves out more than this: the platform has stopped writing them. Ten
# times what is due, so that a worker that is late or starts again is no alarm.
MOST_LEFT_OUT = 10 * EVERY_ENTRIES
LONGEST_LEFT_OUT = 10 * EVERY

# The root of a full subtree is kept after every so many entries (a power of two), so that no proof hashes the log.
KEPT_EVERY = 64

_TO_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one entry (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class MerkleTree:
    """A tree that grows by appending, keeping only the roots of its full subtrees.

    Memory grows with the logarithm of the number of leaves, and so does the work of one append.
    """

    size: int = 0
    subtrees: list[bytes] = field(default_factory=list)  # largest first; one for each bit set in `size`

    def append(self, leaf: bytes) -> None:
        """Add the hash of one leaf."""
        self.size += 1
        halves = self.size
        while not halves & 1:
            leaf = node_hash(self.subtrees.pop(), leaf)
            halves >>= 1
        self.subtrees.append(leaf)

    def root(self) -> bytes:
        """Return the tree's 32-byte root; that of the empty tree is SHA-256 of nothing."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in self.subtrees[-2::-1]:
            root = sha256(b"\x01" + left + root).digest()  # node_hash: a call for each would double its cost
        return root

    def to_text(self) -> str:
        """Return the tree's state as text, for keeping beside the log."""
        return ",".join(subtree.hex() for subtree in self.subtrees)

    @classmethod
    def from_text(cls, size: int, text: str) -> MerkleTree:
        """Return the tree whose state was kept by :meth:`to_text`."""
        return cls(size, [bytes.fromhex(part) for part in text.split(",") if part])


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of all leaves."""
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def canonical(
    *, number: int, at: datetime | str, event: str, actor: str, subject: str, data: Mapping[str, object], previous: str
) -> bytes:
    """Return the bytes of one entry that are hashed: JSON with sorted keys, UTF-8, times in UTC.

    Parameters
    ----------
    number : int
        Position in the log, from 1.
    at : datetime or str
        When it happened, or that moment as :func:`moment_text` writes it.
    previous : str
        Root, in hexadecimal, of the log before this entry: each entry thus fixes all that came before it.
    """
    when = at if isinstance(at, str) else moment_text(at)
    # What JSON's encoder gives for these names, which are always the same, in half its time.
    return (
        f'{{"actor":{_quoted(actor)},"at":"{when}","data":{_TO_TEXT.encode(data)},"event":{_quoted(event)},'
        f'"number":{number},"previous":"{previous}","subject":{_quoted(subject)}}}'
    ).encode()


def moment_text(at: datetime) -> str:
    """Return a moment as it is hashed: in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def checkpoint_is_due(left_out: int, age: timedelta) -> bool:
    """Return whether a checkpoint has to be written.

    Parameters
    ----------
    left_out : int
        Entries that the newest checkpoint does not cover.
    age : timedelta
        How long ago the first of them was written.
    """
    return left_out >= EVERY_ENTRIES or (left_out > 0 and age >= EVERY)


def checkpoints_lag(left_out: int, age: timedelta) -> bool:
    """Return whether the newest checkpoint covers too little of the log; parameters as of :func:`checkpoint_is_due`."""
    return left_out > MOST_LEFT_OUT or (left_out > 0 and age > LONGEST_LEFT_OUT)
