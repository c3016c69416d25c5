"""A second look at what was read: in plain letters, decoded, turned round, and at what stands between the letters.

What is decoded is searched in its turn, to a depth and a number of readings that the policy bounds. A decoding that
holds nothing is no finding; only a long run that nothing here can read is, for it could hold anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from tre.disclosure.contents import LINE, Cells
from tre.disclosure.detectors.carried import find_carried
from tre.disclosure.detectors.deciphered import deciphered
from tre.disclosure.detectors.disguises import chosen, find_disguises, in_plain_letters
from tre.disclosure.detectors.encodings import (
    LONG,
    MEANT,
    RUNS,
    VARIANTS,
    decode,
    file_in,
    held_bytes,
    rot47,
    unwrapped,
)
from tre.disclosure.detectors.hiding import find_encoded, find_messages, is_odd_spacing
from tre.disclosure.detectors.keyed import brought_back
from tre.disclosure.detectors.likely_names import likely_named
from tre.disclosure.detectors.respelt import IN_DIGITS, respelt
from tre.disclosure.detectors.respelt import MEANT as MEANT_LETTERS
from tre.disclosure.detectors.turning import turnable
from tre.disclosure.detectors.vocabulary import find_vocabulary
from tre.disclosure.detectors.word_addresses import find_word_addresses
from tre.disclosure.detectors.written_names import find_written_names, spelled_in
from tre.disclosure.model import Hit, mask
from tre.disclosure.otherwise import likely, over_lines, readings
from tre.disclosure.packs import Pack
from tre.disclosure.policy import Policy


@dataclass(frozen=True)
class Depth:
    """How deep something lies: in how many files within files, and in how many encodings within encodings."""

    files: int = 0
    encodings: int = 0

    def within(self) -> Depth:
        """Return the depth of a file in this one."""
        return replace(self, files=self.files + 1)

    def decoded(self) -> Depth:
        """Return the depth of what a decoding makes of this."""
        return replace(self, encodings=self.encodings + 1)


TOP = Depth()
Search = Callable[[Cells], Iterable[Hit]]
Examine = Callable[[bytes, str, Depth], Iterable[Hit]]
_Spot = tuple[str, str, bool]  # kind, place and whether it is sure: what one reading met, another need not tell again
# What says by itself that a text was turned round: other forms meet in any text that is.
_TELLING = {"name", "email", "nino", "nhs_number", "date_of_birth"}
_NAMES = {"name", "full_name"}
_SURE = {"possible-identifier": "identifier", "possible-name": "person-name"}


@dataclass
class Rereading:
    """One file's second looks.

    Parameters
    ----------
    pack : Pack
        Whose names are looked for where they are not written as names.
    search : callable
        What finds identifiers, names and what is held in some cells.
    examine : callable
        What reads bytes as a file of its own, given where it was found and how deep it lies.
    left : int
        Readings that may still be made of what is looked at.
    turnable : int
        Bytes that may still be tried in every way in this file; beyond, as `decode` does with many cells.
    """

    policy: Policy
    pack: Pack
    search: Search
    examine: Examine
    left: int = field(init=False)
    turnable: int = field(init=False)
    seen: set[bytes] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.left = self.policy.limits["readings"]
        self.turnable = int(self.policy.shape["turned_bytes"])

    def look(self, cells: Cells, depth: Depth = TOP) -> Iterator[Hit]:
        """Yield what a second look at some cells meets that the first does not meet at the same place."""
        if depth.encodings == 0:
            self.left = self.policy.limits["readings"]
        most = self._spend(cells)
        if depth.encodings == 0:  # what a decoding made may be anything
            yield from find_disguises(cells, int(self.policy.shape["invisible_marks"]))
        met: set[_Spot] = set()
        plain = in_plain_letters(cells)
        if plain is not None and self._new(plain):
            yield from self._told(self.search(plain), cells, plain, met, "read as plain letters")
        for each in (cells, plain) if plain is not None else (cells,):
            yield from self._otherwise(each, met, most)
        yield from self._turned(plain or cells, met, most)
        if most:
            for each in (cells, plain) if plain is not None else (cells,):
                yield from self._told(find_written_names(each, self.pack), cells, each, met)
            for how, each in respelt(cells):
                told = self.search(each) if how in MEANT_LETTERS else filter(is_telling, self.search(each))
                found = [*told, *find_written_names(each, self.pack)]
                if how == IN_DIGITS:  # of an identifier the digits are its own
                    found = [hit for hit in found if hit.kind in _NAMES]
                yield from self._told(found, cells, each, met, f"read from {how}")
            yield from self._deciphered(cells, met)
            yield from _fresh(find_word_addresses(plain or cells, self.pack), met)
        elif (named := likely_named(plain or cells, self.pack)) is not None:
            yield from self._told(find_written_names(named, self.pack), cells, named, met)
        for each in (cells, plain) if plain is not None else (cells,):
            yield from self._decoded(each, met, depth, most, find_long=each is cells)

    def _told(self, hits: Iterable[Hit], cells: Cells, reading: Cells, met: set[_Spot], how: str = "") -> Iterator[Hit]:
        """Yield the hits of a reading that the cells it was made of do not give, and no reading before it did."""
        found = list(hits)
        if found:
            stood = np.flatnonzero(np.isin(cells.first, reading.first))
            as_it_was = chosen(cells, {int(n): cells.values[int(n)].as_py() for n in stood})
            if as_it_was is not None:
                met |= {_spot(hit) for hit in self.search(as_it_was)}
            yield from _fresh(found, met, how)

    def unrolled(self, where: str, text: str, depth: Depth = TOP) -> tuple[str, list[Hit]]:
        """Return a text without its runs that are longer than a line may be and are a file, and what is in those."""
        hits: list[Hit] = []

        def read(found: re.Match[str]) -> str:
            data = file_in(found[0])
            if data is None:
                return found[0]
            if self.once(data):
                hits.extend(self.examine(data, f"{where}, decoded from a long run".strip(", "), depth.decoded()))
            return " "

        return (LONG.sub(read, text) if len(text) > LINE else text), hits

    def between(self, where: str, text: str, depth: Depth = TOP, start: int = 0) -> Iterator[Hit]:
        """Yield what is spelled between the letters and over the lines of a text, and what that says.

        `start` lines stand before it.
        """
        for reading in over_lines(where, text[: int(self.policy.shape["turned_bytes"])], self.pack, start):
            for hit in reading.judged(self.search(reading.cells)):
                yield replace(hit, where=f"{where}, read over the ends of lines".strip(", "))
        if is_odd_spacing(text, int(self.policy.shape["odd_ends"])):
            yield Hit("concealed-text", "white-space", where, "at the ends of lines")
        for label, message in find_messages(text):
            yield Hit("hidden-message", label, where, "", 1, "", 0.95)
            if self.once(message.encode()):
                yield from self.examine(message.encode(), f"{where}, decoded from {label}".strip(", "), depth.decoded())
        yield from self.carried(where, text, depth)
        yield from find_vocabulary(where, text, self.pack.names)
        name = spelled_in(text[: int(self.policy.shape["turned_bytes"])], self.pack.names)
        if name:
            yield Hit("possible-name", "name", where, "a letter at a time", 1, mask(name), 0.5)

    def carried(self, where: str, text: str, depth: Depth = TOP) -> Iterator[Hit]:
        """Yield what a text carries in an encoding that no line of it holds alone."""
        for how, data in find_carried(text[: int(self.policy.shape["turned_bytes"])]):
            if self.once(data):
                yield from self.examine(data, f"{where}, decoded from {how}".strip(", "), depth.decoded())

    def _otherwise(self, cells: Cells, met: set[_Spot], most: int) -> Iterator[Hit]:
        some = cells if most else likely(cells, self.pack)
        for reading in readings(some, self.pack) if some is not None else ():
            found = reading.judged(self.search(reading.cells))
            yield from self._told(found, cells, reading.cells, met, f"read from {reading.how}")

    def _turned(self, cells: Cells, met: set[_Spot], most: int) -> Iterator[Hit]:
        values = turnable(cells, most)
        for how, turn in (*list(VARIANTS.items())[1:], ("ROT47", rot47)):
            turned = chosen(cells, {n: turn(value) for n, value in values.items()})
            if turned is None or not self._new(turned):
                continue
            yield from self._told(filter(is_telling, self.search(turned)), cells, turned, met, f"read from {how}")
        moved = chosen(cells, {n: line for n, value in values.items() if (line := brought_back(value)) is not None})
        if moved is not None and self._new(moved):
            yield from self._told(filter(is_telling, self.search(moved)), cells, moved, met, "read from moved letters")

    def _deciphered(self, cells: Cells, met: set[_Spot]) -> Iterator[Hit]:
        for each in deciphered(cells, self.pack.names):
            found = [hit for hit in self.search(each.asked) if is_telling(hit) and hit.kind in _NAMES]
            found += find_written_names(each.told, self.pack) if each.told is not None else ()
            yield from self._told(found, cells, each.asked, met, f"read from {each.how}")

    def _decoded(self, cells: Cells, met: set[_Spot], depth: Depth, most: int, *, find_long: bool) -> Iterator[Hit]:
        made = decode(cells, most)
        if depth.encodings >= self.policy.limits["encodings"]:
            if made.cells or made.files:
                yield Hit("too-big", "encodings", cells.where, "encodings within encodings")
            return
        for how, inner in made.cells:
            if self._new(inner):
                within = replace(inner, where=f"{cells.where}, decoded from {how}".strip(", "))
                if how in MEANT:
                    yield Hit("hidden-message", how, cells.where, inner.place(0), int(inner.counts.sum()), "", 0.9)
                found = [_surer(hit, how) for hit in self.search(within)]
                turned = any(how.endswith(f" in {variant}") for variant in VARIANTS if variant)
                yield from self._told(filter(is_telling, found) if turned else found, cells, within, met)
                yield from _fresh(self.look(within, depth.decoded()), met)
        for how, place, data in made.files:
            if self.once(data):
                where = ", ".join(part for part in (cells.where, place, f"decoded from {how}") if part)
                yield from self.examine(data, where, depth.decoded())
        if find_long:
            yield from find_encoded(
                unwrapped(cells) if most else cells, int(self.policy.shape["encoded_characters"]), made.read
            )

    def _spend(self, cells: Cells) -> int:
        """Return how many bytes of these cells may be tried in every way, which is all of them or none."""
        size = len(held_bytes(cells))
        if size > self.turnable:
            return 0
        self.turnable -= size
        return size

    def know(self, data: bytes) -> None:
        """Take note of bytes that are looked at in any case, so that they are not looked at twice."""
        self.seen.add(hashlib.sha256(data).digest())

    def _new(self, cells: Cells) -> bool:
        return self.once("\n".join(cells.values.to_pylist()).encode("utf-8", "replace"))

    def once(self, data: bytes) -> bool:
        """Tell whether these bytes were not looked at before, and whether there may be another reading."""
        name = hashlib.sha256(data).digest()
        if self.left <= 0 or name in self.seen:
            return False
        self.seen.add(name)
        self.left -= 1
        return True


def _spot(hit: Hit) -> _Spot:
    return hit.kind, hit.place, not hit.rule.startswith("possible")


def _fresh(hits: Iterable[Hit], met: set[_Spot], how: str = "") -> Iterator[Hit]:
    """Yield the hits of a kind that was not yet met at that place for as sure, and take note of them."""
    for hit in hits:
        if not {_spot(hit), (hit.kind, hit.place, True)} & met:
            met.add(_spot(hit))
            yield replace(hit, where=f"{hit.where}, {how}".strip(", ")) if how else hit


def is_telling(hit: Hit) -> bool:
    """Tell whether what was met in a text that was turned round or put together is no chance."""
    if hit.rule in ("held-identifier", "foreign-pseudonym") or hit.kind == "this-project":
        return True  # an exact match
    return hit.kind in _TELLING and not hit.rule.startswith("possible")


def _surer(hit: Hit, how: str) -> Hit:
    """Return a hit in what was spelled as bytes: nobody spells so what is no identifier."""
    spelled = any(how.startswith(name) for name in RUNS)
    if not spelled or hit.kind not in _TELLING:
        return hit
    return replace(hit, rule=_SURE.get(hit.rule, hit.rule), confidence=0.9)
