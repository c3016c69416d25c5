"""Hashes of the log's full subtrees, for its proofs: kept ones, and leaves where none is kept; never the whole log."""

from __future__ import annotations

from tre.audit.domain import KEPT_EVERY, MerkleTree, node_hash
from tre.audit.models import Entry, Subtree

_KEPT_LEVEL = KEPT_EVERY.bit_length() - 1


def keep(tree: MerkleTree) -> None:
    """Keep the root of the subtree that the newest entry completed, where one is due."""
    if tree.size and tree.size % KEPT_EVERY == 0:
        Subtree(end=tree.size, root=tree.subtrees[-1].hex()).save()


class Subtrees:
    """Gives the roots of full subtrees, and keeps what it has read for the next proof.

    A kept row ends the largest subtree of its place. A smaller one of that place is hashed from its two halves, of
    which the left is kept, down to :data:`KEPT_EVERY` leaves: so a node costs the logarithm of the log and one block.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bytes] = {}
        self._read: set[int] = set()

    def __call__(self, level: int, index: int) -> bytes:
        """Return the root of the index-th full subtree of 2**level leaves, from 0.

        Raises
        ------
        LookupError
            When not all of its entries are there.
        """
        if (level, index) not in self._known:
            self._known[level, index] = self._found(level, index)
        return self._known[level, index]

    def _found(self, level: int, index: int) -> bytes:
        if level < _KEPT_LEVEL:
            self._read_block(index >> _KEPT_LEVEL - level)
            if (level, index) in self._known:
                return self._known[level, index]
        elif index % 2 == 0 and (kept := Subtree.objects.filter(end=(index + 1) << level).first()):
            return bytes.fromhex(kept.root)
        if level == 0:
            raise LookupError(f"there is no leaf {index}")
        return node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))

    def _read_block(self, block: int) -> None:
        """Read the leaves of one block, as many as there are."""
        if block in self._read:
            return
        self._read.add(block)
        first = block * KEPT_EVERY
        there = Entry.objects.filter(number__gt=first, number__lte=first + KEPT_EVERY)
        for number, leaf in there.values_list("number", "leaf"):
            self._known[0, number - 1] = bytes.fromhex(leaf)
