"""Hits that say the same, counted as one, so that a hundred thousand of them are one finding and take no memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tre.disclosure.model import Hit
from tre.disclosure.places import placed
from tre.disclosure.statistics.published import Published

PLACES = 20  # findings of one rule and kind in one file, beyond which they are told as one
_SPOTS = 3  # places within a part that are named


@dataclass
class _Group:
    first: Hit
    count: int = 0
    confidence: float = 0.0
    spots: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, hit: Hit) -> None:
        self.count += hit.count
        self.confidence = max(self.confidence, hit.confidence)
        if hit.place and hit.place not in self.places:
            self.spots += 1
            if len(self.places) < _SPOTS:
                self.places.append(hit.place)

    def joined(self) -> Hit:
        more = f"; and {self.spots - _SPOTS} more places" if self.spots > _SPOTS else ""
        place = "; ".join(self.places) + more
        return replace(self.first, place=place, count=self.count, confidence=self.confidence)


class Tally:
    """Hits grouped by rule, kind and part of the file, and the counts that its tables tell.

    Parameters
    ----------
    published : Published, optional
        Where the counts are gathered; nowhere without it.
    """

    def __init__(self, published: Published | None = None) -> None:
        self.published = published
        self._groups: dict[tuple[str, str, str], _Group] = {}

    def extend(self, hits: Iterable[Hit]) -> None:
        """Count some hits."""
        for hit in hits:
            key = hit.rule, hit.kind, hit.where
            if key not in self._groups:
                self._groups[key] = _Group(placed(hit))
            self._groups[key].add(hit)

    def hits(self) -> Iterator[Hit]:
        """Yield one hit for each rule, kind and part."""
        for group in self._groups.values():
            yield group.joined()

    def shortened(self) -> list[Hit]:
        """Return the same, a long tail of parts told as one."""
        kinds: dict[tuple[str, str], list[Hit]] = defaultdict(list)
        for hit in self.hits():
            kinds[hit.rule, hit.kind].append(hit)
        return [each for same in kinds.values() for each in _shortened(same)]


def _shortened(same: list[Hit]) -> list[Hit]:
    if len(same) <= PLACES:
        return same
    tail = _Group(same[PLACES])
    for hit in same[PLACES:]:
        tail.add(hit)
    return [*same[:PLACES], replace(tail.joined(), where=f"{len(same) - PLACES} more parts of the file", place="")]
