"""Makes the log's proofs (RFC 9162, sections 2.1.3.1 and 2.1.4.1) from hashes of full subtrees. Pure; no I/O.

What verifies them is :mod:`tre.audit.checking`, which shares nothing with this.
"""

from __future__ import annotations

from collections.abc import Callable

from tre.audit.domain import node_hash

# The root of the full subtree of 2**level leaves that is the index-th of its level, from 0.
Node = Callable[[int, int], bytes]


def root_between(start: int, end: int, node: Node) -> bytes:
    """Return the root over the leaves from `start` up to, not with, `end`: MTH(D[start:end]) in the RFC's words.

    Parameters
    ----------
    start : int
        Leaf, from 0: as in every tree of the RFC a multiple of the smallest power of two that holds the range.
    end : int
        Leaf after the last one; more than `start`.
    """
    wide = end - start
    if wide & (wide - 1) == 0:
        level = wide.bit_length() - 1
        return node(level, start >> level)
    split = start + _split(wide)
    return node_hash(root_between(start, split, node), root_between(split, end, node))


def inclusion_path(leaf: int, size: int, node: Node) -> list[bytes]:
    """Return PATH(leaf, D_size) of section 2.1.3.1: the siblings from the leaf up to the root.

    Raises
    ------
    ValueError
        When there is no such leaf in a tree of this size.
    """
    if not 0 <= leaf < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {leaf}")
    start, end, path = 0, size, []
    while end - start > 1:
        split = start + _split(end - start)
        if leaf < split:
            path.append(root_between(split, end, node))
            end = split
        else:
            path.append(root_between(start, split, node))
            start = split
    return path[::-1]


def consistency_path(first: int, second: int, node: Node) -> list[bytes]:
    """Return PROOF(first, D_second) of section 2.1.4.1: that the tree of `second` leaves continues that of `first`.

    Raises
    ------
    ValueError
        Unless ``0 < first <= second``.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} leaves does not continue one of {first}")
    start, end, path = 0, second, []
    while first != end:
        split = start + _split(end - start)
        if first <= split:
            path.append(root_between(split, end, node))
            end = split
        else:
            path.append(root_between(start, split, node))
            start = split
    if start:  # the first tree's own root is known to who asks: it is left out when nothing lies before it
        path.append(root_between(start, end, node))
    return path[::-1]


def _split(wide: int) -> int:
    """Return the largest power of two below `wide`."""
    return 1 << (wide - 1).bit_length() - 1
