"""NHS numbers and pseudonyms that are written otherwise, as readings in which they are printed as they should be.

A reading is searched as if it had been written so: what stands by a number, the column it is in and the identifiers
held say whether it is one. How it was written says the rest: nobody spells ten digits in words with a right check digit
by chance, and nearly every sum of money is ten digits in groups.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.arithmetic import in_sums
from tre.disclosure.detectors.disguises import chosen
from tre.disclosure.detectors.numerals import LENGTH, Chance, Numeral, in_groups, numerals
from tre.disclosure.detectors.patterns import label, matching
from tre.disclosure.detectors.pseudonym_forms import regrouped
from tre.disclosure.detectors.reckoned import LIKELY, reckoned
from tre.disclosure.exact_match import nhs_number_is_issued
from tre.disclosure.folding import DIGIT, LETTER, fold
from tre.disclosure.model import Hit
from tre.disclosure.packs import Pack

_KIND = "nhs_number"
_PSEUDONYMS = ("pseudonym", "foreign-pseudonym")
_BEFORE = 60  # characters before a number in which a word of its context stands
_FEW = 20  # numbers written one way, from which most of them must hold, or they are numbers of another kind


_WORD = "zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|hundred|double"
# What is looked for (RE2) in more cells than can be read one by one: digits in words, one by one, glued to letters, in
# base 16, to be worked out, in any writing after the number's name; and pseudonyms in groups.
_LIKELY = (
    rf"(?i:\b(?:{_WORD})(?:[ ,-]{{1,3}}(?:and )?(?:{_WORD})){{5}})|\b[0-9](?:[^0-9A-Za-z]{{1,3}}[0-9]){{9}}(?:[^0-9]|$)"
    r"|[A-Za-z_][0-9]{10}(?:[^0-9]|$)|(?:^|[^0-9])[0-9]{10}[A-Za-z_]|\b0[xX][0-9a-fA-F]{8,9}\b"
    r"|(?i:\bnhs[^A-Za-z0-9]{0,3}(?:number|no)\b)|\b(?:[A-Z2-7]{4,6}[-_.: /]){4,6}[A-Z2-7]"
    rf"|{LIKELY}"
)
_SHORTEST = 12  # bytes of a value that such a writing stands in
_MOST = 2000  # values of many that are read all the same


@dataclass(frozen=True)
class Reading:
    """Some cells with the numbers in them printed as they should be.

    Parameters
    ----------
    rule : str
        What a number is that nothing but its check digit speaks for; empty when that is nothing.
    told : bool
        Whether a word of context stands right before one of them, or heads the column.
    """

    how: str
    cells: Cells
    rule: str
    told: bool

    def judged(self, hits: Iterable[Hit]) -> Iterator[Hit]:
        """Yield those of the reading's hits that count, each for what it is."""
        for hit in hits:
            if hit.rule in _PSEUDONYMS or (hit.rule == "held-identifier" and hit.kind == _KIND):
                yield hit
            elif hit.kind == _KIND and (rule := "identifier" if self.told else self.rule):
                yield replace(hit, rule=rule)


def likely(cells: Cells, pack: Pack) -> Cells | None:
    """Return those of very many cells in which a number written otherwise is likely; None when there are none."""
    named = any(entity.context.search(label(cells.header)) for entity in pack.entities if entity.kind == _KIND)
    passed = range(len(cells.values)) if named else matching(cells, _LIKELY, _SHORTEST)
    return chosen(cells, {n: cells.values[n].as_py() for n in passed[:_MOST]})


def readings(cells: Cells, pack: Pack) -> Iterator[Reading]:
    """Yield a reading for each way in which numbers in some cells are written."""
    may = np.flatnonzero(((cells.marks & (DIGIT | LETTER)) != 0) & (cells.lengths >= LENGTH - 1))
    values = dict(zip(may.tolist(), cells.folded.take(pa.array(may)).to_pylist(), strict=True))
    found = (
        (n, numeral) for n, value in values.items() for way in (numerals, reckoned, in_sums) for numeral in way(value)
    )
    yield from _read(cells, values, found, pack)
    joined = chosen(cells, {n: whole for n, value in values.items() if (whole := regrouped(value)) != value})
    if joined is not None:
        yield Reading("groups", joined, "", told=False)


def over_lines(where: str, text: str, pack: Pack, start: int = 0) -> Iterator[Reading]:
    """Yield readings of numbers that go over the ends of lines; `start` lines stand before the text."""
    folded = fold(text)
    values: dict[int, str] = {}
    found: list[tuple[int, Numeral]] = []
    firsts: list[int] = []
    for numeral in in_groups(folded):
        if "\n" not in folded[numeral.start : numeral.end]:
            continue
        line, tail = folded.rfind("\n", 0, numeral.start) + 1, folded.find("\n", numeral.end)
        head = folded.rfind("\n", 0, max(line - 1, 0)) + 1  # the line before may say what it is
        found.append((len(values), replace(numeral, start=numeral.start - head, end=numeral.end - head)))
        firsts.append(folded.count("\n", 0, line))
        values[len(values)] = folded[head:] if tail < 0 else folded[head:tail]
    if found:
        counts, first = np.ones(len(values), np.int64), np.array(firsts, np.int64)
        array = pa.array(list(values.values()), pa.string())
        cells = Cells(where, "", array, counts, first, in_table=False, start=start)
        yield from _read(cells, values, found, pack)


def _read(
    cells: Cells, values: Mapping[int, str], numbered: Iterable[tuple[int, Numeral]], pack: Pack
) -> Iterator[Reading]:
    ways: dict[tuple[str, Chance], list[tuple[int, Numeral]]] = defaultdict(list)
    for n, numeral in numbered:
        ways[numeral.how, numeral.chance].append((n, numeral))
    for (how, chance), found in ways.items():
        words = (
            [pack.person] if chance is Chance.OFTEN else [each.context for each in pack.entities if each.kind == _KIND]
        )
        issued = [(n, each) for n, each in found if nhs_number_is_issued(each.digits)]
        told = [(n, each) for n, each in issued if _is_told(values[n][: each.start], cells.header, words)]
        many = len(issued) >= 0.5 * len(found)
        fits = told or many or chance is Chance.NEVER or len(found) < _FEW
        rewritten = chosen(cells, _printed(values, (told or issued) if fits else []))
        if rewritten is not None:
            yield Reading(how, rewritten, _rule(chance, many=many), bool(told))


def _is_told(before: str, header: str, words: Iterable[re.Pattern[str]]) -> bool:
    """Tell whether what stands before a number, or heads its column, says what it is."""
    return any(word.search(text) for word in words for text in (before[-_BEFORE:], label(header)))


def _rule(chance: Chance, *, many: bool) -> str:
    if chance is Chance.NEVER:
        return "identifier"
    return "possible-identifier" if chance is Chance.SELDOM and many else ""


def _printed(values: Mapping[int, str], found: Iterable[tuple[int, Numeral]]) -> dict[int, str]:
    """Return the values with each number printed in three groups; where two of them overlap, the first is."""
    places: dict[int, list[Numeral]] = defaultdict(list)
    for n, numeral in found:
        places[n].append(numeral)
    made = {}
    for n, numbers in places.items():
        parts, at = [], 0
        for each in sorted(numbers, key=lambda number: number.start):
            if each.start >= at:
                digits = each.digits
                parts += [values[n][at : each.start], f" {digits[:3]} {digits[3:6]} {digits[6:]} "]
                at = each.end
        made[n] = "".join([*parts, values[n][at:]]).replace("\n", " ")
    return made
