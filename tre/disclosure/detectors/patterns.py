"""Identifiers by their form: what a column or a text as a whole says of what was recognised in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.recognise import gate, matches, recognised, spans
from tre.disclosure.folding import AT, DIGIT, LETTER, fold
from tre.disclosure.model import Hit, mask
from tre.disclosure.packs import Entity, Pack, load_pack

_SHORTEST = 5  # bytes of the shortest identifier, a postcode without its blank
_BEFORE, _AFTER = 80, 40  # characters around an identifier in which a word of context must stand, where it needs one
_SIGHT = 200  # distinct candidates in one batch from which chance is judged for the batch alone
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def label(header: str) -> str:
    """Return a column's name as words."""
    return re.sub(r"[_\W]+", " ", _CAMEL.sub(" ", header)).strip()


def matching(cells: Cells, pattern: str, least: int = 0, marks: int = 0) -> list[int]:
    """Return the indices of the values that the pattern (RE2) is found in.

    Parameters
    ----------
    least, marks : int
        Bytes that such a value has at least, and sorts of characters that all stand in it: what is cheap to see first.
    """
    may = np.flatnonzero((cells.lengths >= least) & ((cells.marks & marks) == marks))
    return may[matches(cells.values.take(pa.array(may)), pattern)].tolist() if len(may) else []


@dataclass
class _Seen:
    """What was met of one kind of identifier so far."""

    asked: int = 0  # distinct candidates, and how many of them hold
    held: int = 0
    excess: float = 0.0  # standard deviations above chance, of the first distinct ones or of a large batch
    rows: int = 0
    near: int = 0  # rows with a word of context beside it
    place: str = ""
    sample: str = ""
    place_near: str = ""
    sample_near: str = ""
    values: set[str] = field(default_factory=set)  # the first distinct ones, their candidates, and how many hold
    tried: int = 0
    holding: int = 0


class Forms:
    """The evidence of identifiers by form in one column or text, gathered batch by batch.

    Parameters
    ----------
    header : str
        The column's name; empty for a text.
    evidence : mapping
        The thresholds of ``policies/disclosure.yaml``, `evidence`.
    """

    def __init__(self, pack: Pack, header: str, evidence: Mapping[str, float], *, in_table: bool) -> None:
        self._pack, self._evidence, self._in_table = pack, evidence, in_table
        self._named = tuple(entity for entity in pack.entities if entity.context.search(label(header)))
        self._gate = gate(pack.entities, self._named)
        self._gate_of_digits = gate(
            (each for each in pack.entities if each.numeric and (each.evidence != "context" or each in self._named)),
            self._named,
        )
        self._seen = [_Seen() for _ in pack.entities]
        self._distinct = 0
        self._where = ""

    def feed(self, cells: Cells) -> None:
        """Look at one batch."""
        self._where = cells.where
        self._distinct += len(cells.values)
        may = ((cells.marks & (DIGIT | AT)) != 0) & (cells.lengths >= _SHORTEST)
        lettered = may & ((cells.marks & (LETTER | AT)) != 0)
        some = self._candidates(cells, np.flatnonzero(lettered), self._gate)
        bare = self._candidates(cells, np.flatnonzero(may & ~lettered), self._gate_of_digits)
        both = np.sort(np.concatenate([some, bare])) if len(bare) else some
        if not len(both):
            return
        of_all = cells.folded.take(pa.array(both))
        of_some = cells.folded.take(pa.array(some)) if len(bare) else of_all
        for entity, seen in zip(self._pack.entities, self._seen, strict=True):
            values, passed = (of_all, both) if entity.numeric else (of_some, some)
            if entity.evidence == "context" and entity not in self._named:
                told = np.flatnonzero(matches(of_some, f"(?i){entity.context.pattern}"))
                values, passed = of_some.take(pa.array(told)), some[told]
            if len(passed):
                self._meet(entity, seen, cells, values, passed)

    def _candidates(self, cells: Cells, may: np.ndarray, gate: str) -> np.ndarray:
        """Return those of some indices at which a value stands that an identifier can be found in."""
        if not len(may) or not gate:
            return may[:0]
        values = cells.folded if len(may) == len(cells.values) else cells.folded.take(pa.array(may))
        passed = np.flatnonzero(matches(values, gate))
        if not len(passed):
            return may[:0]
        return may[passed[~matches(values.take(pa.array(passed)), self._pack.plain)]]

    def _meet(self, entity: Entity, seen: _Seen, cells: Cells, values: pa.Array, passed: np.ndarray) -> None:
        held = recognised(entity, values)
        if entity.chance:
            self._weigh(entity, seen, values, held)
        held = _without_others(entity, values, held)
        if not len(held):
            return
        found = values.take(pa.array(held))
        if entity.evidence == "context" and entity not in self._named:
            near = np.array([n for n, text in enumerate(found.to_pylist()) if _beside(entity, text)], dtype=np.int64)
        else:
            near = np.flatnonzero(matches(found, f"(?i){entity.context.pattern}"))
        seen.held += len(held)
        seen.rows += int(cells.counts[passed[held]].sum())
        if not seen.place:
            seen.place, seen.sample = _first(entity, cells, int(passed[held[0]]))
        if len(near):
            seen.near += int(cells.counts[passed[held[near]]].sum())
            if not seen.place_near:
                seen.place_near, seen.sample_near = _first(entity, cells, int(passed[held[near[0]]]))

    def _weigh(self, entity: Entity, seen: _Seen, values: pa.Array, held: np.ndarray) -> None:
        """Keep how far what holds the check is above chance: of distinct values, for a repeated one proves nothing."""
        met = values.filter(pa.array(matches(values, entity.pattern)))
        if len(met) >= _SIGHT:
            seen.excess = max(seen.excess, _excess(len(held), len(met), entity.chance))
            seen.asked += len(met)
            return
        room = int(self._evidence["distinct"]) - len(seen.values)
        fresh = [each for each in met.to_pylist() if each not in seen.values][: max(room, 0)]
        seen.values.update(fresh)
        tried = sum(1 for each in fresh for _ in entity.compiled.finditer(each))  # a line may hold many
        seen.asked += tried
        seen.tried += tried
        seen.holding += sum(1 for each in fresh for _ in spans(entity, each))
        seen.excess = max(seen.excess, _excess(seen.holding, seen.tried, entity.chance))

    def hits(self) -> Iterator[Hit]:
        """Yield at most one hit for each kind of identifier."""
        for entity, seen in zip(self._pack.entities, self._seen, strict=True):
            rule = self._judge(entity, seen) if seen.held else None
            if rule is None:
                continue
            near = bool(seen.near) and entity not in self._named
            count, place, sample = (
                (seen.near, seen.place_near, seen.sample_near) if near else (seen.rows, seen.place, seen.sample)
            )
            strong = rule == "identifier"
            yield Hit(rule, entity.kind, self._where, place, count, mask(sample), 0.95 if strong else 0.4)

    def _judge(self, entity: Entity, seen: _Seen) -> str | None:
        """Return the rule that the evidence speaks for, if any."""
        named, near = entity in self._named, bool(seen.near)
        if entity.chance and self._is_chance(entity, seen):  # numbers of another kind meet a check digit now and then
            return entity.rule if near else ("possible-identifier" if named else None)
        if named or near or entity.evidence == "form":
            return entity.rule
        if entity.evidence == "context":
            return None
        least = max(self._evidence["column_values"], self._evidence["column_share"] * self._distinct)
        whole = self._in_table and seen.held >= least
        return entity.rule if whole and entity.evidence == "column" else "possible-identifier"

    def _is_chance(self, entity: Entity, seen: _Seen) -> bool:
        """Tell whether numbers of which none is an identifier would hold the check as often: of few, one or so does."""
        if seen.asked < self._evidence["few"]:
            return _tail(seen.holding, seen.asked, entity.chance) > self._evidence["by_chance"]
        return seen.excess < self._evidence["sigmas"]


def _tail(held: int, asked: int, chance: float) -> float:
    """Return how likely as many or more of some candidates hold a check by chance."""
    return sum(math.comb(asked, n) * chance**n * (1 - chance) ** (asked - n) for n in range(held, asked + 1))


def _without_others(entity: Entity, values: pa.Array, held: np.ndarray) -> np.ndarray:
    """Return those of some indices at which an identifier is left once what is named as another thing is taken out."""
    if not entity.others or not len(held):
        return held
    found = values.take(pa.array(held))
    named = np.flatnonzero(matches(found, entity.others))
    if not len(named):
        return held
    left = pc.replace_substring_regex(found.take(pa.array(named)), entity.others, " ")
    return np.delete(held, np.delete(named, recognised(entity, left)))


def _excess(held: int, asked: int, chance: float) -> float:
    """Return how many standard deviations of a binomial distribution a count is above its expectation."""
    return (held - asked * chance) / math.sqrt(max(asked, 1) * chance * (1 - chance))


def _first(entity: Entity, cells: Cells, index: int) -> tuple[str, str]:
    start, end = next(spans(entity, cells.folded[index].as_py()))
    return cells.place(index), cells.values[index].as_py()[start:end]


def _beside(entity: Entity, text: str) -> bool:
    """Tell whether a word of context stands close to one of the identifiers in a text."""
    return any(_told(entity, text, start, end) for start, end in spans(entity, text))


def _told(entity: Entity, text: str, start: int, end: int) -> bool:
    """Tell whether a word of context stands close to what stands there."""
    before = entity.context.search(text, max(0, start - _BEFORE), start)
    return before is not None or entity.context.search(text, end, end + _AFTER) is not None


def identifier_spans(value: str, pack: Pack | None = None) -> Iterator[tuple[int, int, str]]:
    """Yield where something of an identifier's form stands in a text, and its kind; a form alone is enough here.

    A form that is nothing without its context is left out where no word of it stands close by.
    """
    folded = fold(value)
    for entity in (pack or load_pack()).entities:
        for start, end in spans(entity, folded):
            if entity.evidence != "context" or _told(entity, folded, start, end):
                yield start, end, entity.kind
