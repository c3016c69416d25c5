"""What releases tell together that none tells alone: two counts whose difference isolates a few people.

A release is a set of cells over the same data, by any project. Where the members of each cell are known, as compressed
bitmaps of keyed identities, the test is exact: the people who are in one cell (or in a union of cells that exclude each
other) and not in another that holds all the rest. Where only totals were published, tables of the same dimensions with
other cut points are subtracted, which is what a reader can do.

Sources: AI-SDC/ACRO#117 and microsoft/AzureTRE#5077 ask for it; the SDC Handbook (Welpton 2019) calls it secondary
disclosure by differencing; the bitmaps are Roaring (Chambi and others 2016).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pyroaring import BitMap64

from tre.disclosure.model import DisclosureError

_MAGIC = b"TRE-RELEASE-1\n"
Range = tuple[float, float]  # from a cut point on, under another
_LENGTH = struct.Struct(">I")


def member_id(key: bytes, person: str) -> int:
    """Return the identity of a person among members: the first 64 bits of HMAC-SHA-256 under the airlock's own key.

    Who has a bitmap and not the key can tell nobody in it; whoever makes releases comparable holds one key for all
    projects over the same data. Two of ten million people share an identity by chance in 3 of a million data sets.
    """
    return int.from_bytes(hmac.digest(key, person.encode(), hashlib.sha256)[:8], "big")


@dataclass(frozen=True)
class Release:
    """The cells of one release.

    Parameters
    ----------
    name : str
        What a finding calls it.
    cells : mapping of str to BitMap64
        The members of each cell that was shown; suppressed cells are not in it.
    """

    name: str
    cells: Mapping[str, BitMap64] = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the release as bytes: a header, then each cell's name and bitmap."""
        labels = sorted(self.cells)
        bodies = [self.cells[label].serialize() for label in labels]
        head = json.dumps({"name": self.name, "cells": labels, "bytes": list(map(len, bodies))}).encode()
        return b"".join([_MAGIC, _LENGTH.pack(len(head)), head, *bodies])

    @classmethod
    def from_bytes(cls, data: bytes) -> Release:
        """Return the release that :meth:`to_bytes` wrote.

        Raises
        ------
        DisclosureError
            These are not the bytes of a release.
        """
        try:
            if not data.startswith(_MAGIC):
                raise ValueError
            at = len(_MAGIC) + _LENGTH.size
            (size,) = _LENGTH.unpack_from(data, len(_MAGIC))
            head = json.loads(data[at : at + size])
            at += size
            cells: dict[str, BitMap64] = {}
            for label, length in zip(head["cells"], head["bytes"], strict=True):
                body = data[at : at + length]
                if len(body) != length:
                    raise ValueError
                cells[str(label)], at = BitMap64.deserialize(body), at + length
            if at != len(data):
                raise ValueError
            return cls(str(head["name"]), cells)
        except (ValueError, KeyError, TypeError, struct.error, UnicodeDecodeError) as error:
            raise DisclosureError("These bytes are not a release's members") from error


@dataclass(frozen=True)
class Isolated:
    """A difference that isolates a few people: `whole` less `parts` is `people` people.

    `whole` and `parts` are names of a release and a cell each; a union of cells is told as its parts.
    """

    whole: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    people: int


_Cell = tuple[tuple[tuple[str, str], ...], BitMap64]


def isolated(new: Release, earlier: Iterable[Release], threshold: int, *, together: int = 2) -> Iterator[Isolated]:
    """Yield each difference of a new release and what was released before that isolates too few people.

    A cell or a union of up to `together` cells of one release that exclude each other is held against one of another:
    where one is all of the other but for 1 to `threshold` - 1 people, these are isolated. Two that overlap without one
    holding the other isolate nobody by subtraction alone. Cells of one release are held against each other too, as
    margins and nested groups are: a total less its parts.

    Parameters
    ----------
    threshold : int
        The least number of people that a difference may have.
    together : int
        The most cells of one release that a union is made of, at least 1.

    Notes
    -----
    One earlier release is in memory at a time.
    """
    fresh = _unions(new, together)
    told: set[tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]] = set()
    for other in chain([fresh], (_unions(each, together) for each in earlier)):
        by_size = sorted(other, key=lambda each: len(each[1]))
        sizes = [len(each[1]) for each in by_size]
        for cell in fresh:
            for found in _near(cell, by_size, sizes, threshold):
                key = (frozenset(found.whole), frozenset(found.parts))
                if key not in told:
                    told.add(key)
                    yield found


def _near(cell: _Cell, by_size: Sequence[_Cell], sizes: Sequence[int], threshold: int) -> Iterator[Isolated]:
    """Yield the differences between a cell and those of nearly its size: others cannot differ by so few."""
    mine = len(cell[1])
    for other in by_size[bisect_left(sizes, mine - threshold + 1) : bisect_left(sizes, mine + threshold)]:
        shared = mine + len(other[1]) - len(cell[1] | other[1])
        if shared == min(mine, len(other[1])) and 0 < abs(mine - len(other[1])) < threshold and shared:
            whole, part = (cell, other) if mine > len(other[1]) else (other, cell)
            if set(whole[0]) != set(part[0]):
                yield Isolated(whole[0], part[0], len(whole[1]) - len(part[1]))


def _unions(release: Release, together: int) -> list[_Cell]:
    """Return the cells and the unions of a few that exclude each other."""
    found: list[_Cell] = [(((release.name, label),), members) for label, members in release.cells.items() if members]
    layer = list(found)
    for _ in range(1, together):
        layer = [
            ((*names, *more), members | others)
            for names, members in layer
            for more, others in found[: len(release.cells)]
            if more[0] > names[-1] and not members.intersect(others)
        ]
        found += layer
    return found


@dataclass(frozen=True)
class Published:
    """A table as a reader has it: counts of groups by the cut points of one ordered dimension, for each other group.

    Parameters
    ----------
    name : str
        What a finding calls it.
    counts : mapping of (group, (low, high)) to int
        People of a group from `low` on and under `high`; infinite ends are open.
    """

    name: str
    counts: Mapping[tuple[str, Range], int]


def isolated_by_cuts(new: Published, earlier: Iterable[Published], threshold: int) -> Iterator[Isolated]:
    """Yield the ranges that a reader finds by subtracting tables of other cut points, when few people are in them."""
    before = list(earlier)
    for group in sorted({group for group, _ in new.counts}):
        old = [(cut, n, each.name) for each in before for (g, cut), n in each.counts.items() if g == group]
        fresh = {cut: n for (g, cut), n in new.counts.items() if g == group}
        names = tuple((name, group) for name in sorted({new.name, *(name for _, _, name in old)}))
        for (low, high), people in few_between(fresh, [(cut, n) for cut, n, _ in old], threshold).items():
            yield Isolated(((f"from {low:g} to {high:g}", group),), names, people)


def few_between(new: Mapping[Range, int], old: Sequence[tuple[Range, int]], threshold: int) -> dict[Range, int]:
    """Return the ranges of 1 to `threshold` - 1 people that subtraction finds, and how many are in each.

    Within one group every count says how many stand between two cut points. A sum of them along a path of cut points,
    forwards added and backwards subtracted, is the count between its ends: all that subtraction can give. A range is
    told when no single table tells it, and the new one is needed for it.
    """
    known = positions([*old, *new.items()])
    already = positions(old)
    few = {cut: n for cut, n in known.items() if 0 < n < threshold}
    return {cut: n for cut, n in few.items() if cut not in already and cut not in new}


def positions(counts: Sequence[tuple[Range, int]]) -> dict[Range, int]:
    """Return the count between every two cut points that the counts tie together."""
    links: dict[float, list[tuple[float, int]]] = {}
    for (low, high), n in counts:
        links.setdefault(low, []).append((high, n))
        links.setdefault(high, []).append((low, -n))
    found: dict[Range, int] = {}
    placed: set[float] = set()
    for start in sorted(links):
        if start in placed:
            continue
        at = {start: 0}
        waiting = [start]
        while waiting:
            here = waiting.pop()
            for there, n in links[here]:
                if there not in at:
                    at[there] = at[here] + n
                    waiting.append(there)
        placed |= set(at)
        points = sorted(at)
        found |= {(low, high): at[high] - at[low] for n, low in enumerate(points) for high in points[n + 1 :]}
    return found
