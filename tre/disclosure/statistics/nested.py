"""Two counts of which one counts the same people as the other but for a few: who was left out is known by subtraction.

Labels tell that one group lies in the other: they say the same and then whom they leave out ("all residents", "all
residents but those in prison"), a longer range of years or ages ("2019 to 2024", "2019 to 2023"), or only more ("all",
"all with a record"). In the last case chance is asked how often
counts of other people would be as near (:mod:`tre.disclosure.statistics.coincidence`). Source: SDC Handbook (Welpton
2019), secondary disclosure by differencing, here within one file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.coincidence import chance_of_cells
from tre.disclosure.statistics.differencing import Range
from tre.disclosure.statistics.labels import plain, range_of
from tre.disclosure.statistics.shares import numbers_of

_MOST_ROWS = 200  # whose labels are held against each other
_MOST_COLUMNS = 20
_LEFT_OUT = (
    r"except|excepting|excluded|excluding|excl|without|other than|apart from|aside from|minus|leaving out|omitting|"
    r"but (?:for|those|one)"
)
_EXCEPT = re.compile(rf"\b(?:{_LEFT_OUT}|but|not)\b")  # in a label, which has few words
_EXCEPT_SAID = re.compile(rf"\b(?:{_LEFT_OUT})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+|[<>=+]+")
# what a label says of everybody in it, and of nobody else
_EVERYBODY = frozenset(
    re.findall(
        r"\w+",
        "all total totals overall whole entire full everybody everyone any the a of in n count number cohort "
        "population sample group main primary study people persons patients",
    )
)
_STEP = re.compile(
    r"\b(steps?|stages?|criteri(a|on)|flow|attrition|inclusions?|exclusions?|remaining)\b", re.IGNORECASE
)
_FEWEST_STEPS = 3
_PEOPLE = (
    r"people|persons?|patients?|residents?|participants?|individuals?|women|men|girls|boys|children|adults|babies|"
    r"births|deaths|cases|controls|members|staff|prisoners"
)
_COUNT = r"\d{1,3}(?:,\d{3})+|\d{3,9}"
# What stands in every text that a pair of counts is found in: far cheaper to look for in a long one (RE2)
SAID = rf"(?i)(?:{_COUNT})\s[^0-9.;:|\n]{{0,60}}\b(?:{_PEOPLE})\b[^0-9|\n]{{0,60}}\s\(?(?:{_COUNT})\b"
_PAIR = re.compile(
    rf"(?<![\d.,£$€-])({_COUNT})\s([^\d.;:|\n]{{0,60}}\b(?:{_PEOPLE})\b[^\d|\n]{{0,60}})\s\(?({_COUNT})\b(?!%)"
    r"([^\d.|\n]{0,60})",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class _Label:
    """A label's words up to where it leaves somebody out, whether they only say that nobody is, and its range."""

    words: frozenset[str]
    everybody: bool
    leaves_out: bool
    ends: Range | None = None

    @classmethod
    def of(cls, text: str) -> _Label:
        said = plain(text)
        found = _EXCEPT.search(said)
        words = frozenset(_WORD.findall(said[: found.start()] if found else said))
        more = frozenset(_WORD.findall(said[found.end() :])) if found else frozenset()
        everybody = bool(words) and words <= _EVERYBODY and not more
        return cls(words - _EVERYBODY, everybody, bool(more), range_of(said))

    def holds(self, other: _Label) -> bool:
        """Tell whether another label says all that this one says, and then more or who is left out."""
        if self.ends and other.ends:
            return self.ends != other.ends and self.ends[0] <= other.ends[0] < other.ends[1] <= self.ends[1]
        if self.leaves_out or not (self.words or self.everybody):
            return False
        return self.words <= other.words if other.leaves_out else self.words < other.words


def find_nested(
    table: Table, counts: Sequence[int], shape: Mapping[str, float], profile: Profile
) -> Iterator[Hit]:  # fmt: skip
    """Yield the counts of a table that leave fewer people than may be told when they are taken from one another.

    Parameters
    ----------
    counts : sequence of int
        The columns of counts.
    shape : mapping
        ``differencing_possible``, how often chance may make as near what a checker looks at.
    """
    if not counts or table.rows > _MOST_ROWS or len(table.names) > _MOST_COLUMNS:
        return
    values = np.column_stack([numbers_of(table.columns[n]) for n in counts])
    yield from _rows_within(table, counts, values, shape, profile)
    yield from _columns_within(table, counts, values, shape, profile)
    yield from _steps(table, counts, values, profile)


def _rows_within(
    table: Table, counts: Sequence[int], values: np.ndarray, shape: Mapping[str, float], profile: Profile
) -> Iterator[Hit]:
    labels = [
        n for n, column in enumerate(table.columns) if n not in counts and not np.isfinite(numbers_of(column)).any()
    ]
    texts = {n: table.columns[n].to_pylist() for n in labels}
    for n in labels:
        alike: dict[tuple[str, ...], list[int]] = {}
        for row in range(table.rows):
            alike.setdefault(tuple(texts[each][row] for each in labels if each != n), []).append(row)
        for rows in alike.values():
            read = [_Label.of(texts[n][row]) for row in rows]
            found = _nearest(read, values[rows], shape, profile)
            if found is not None:
                at, sure = found
                yield _told(table, f"row {table.start + rows[at] + 1}, column {table.names[counts[0]]}", sure=sure)
                return


def _columns_within(
    table: Table, counts: Sequence[int], values: np.ndarray, shape: Mapping[str, float], profile: Profile
) -> Iterator[Hit]:
    found = _nearest([_Label.of(table.names[n]) for n in counts], values.T, shape, profile)
    if found is not None:
        at, sure = found
        yield _told(table, f"column {table.names[counts[at]]}", sure=sure)


def _nearest(
    labels: list[_Label], values: np.ndarray, shape: Mapping[str, float], profile: Profile
) -> tuple[int, bool] | None:
    """Return which group is another but for a few and whether its label says so, or None; `values` (groups, counts)."""
    pairs = [
        (one, two)
        for a, b in combinations(range(len(labels)), 2)
        for one, two in ((a, b), (b, a))
        if labels[one].holds(labels[two])
    ]
    possible = None
    for one, two in pairs:
        less = values[one] - values[two]
        known = np.isfinite(less) & ~profile.is_small(values[two])
        near = known & (less < profile.threshold)
        if not known.any() or not (near & (less > 0)).any() or (less[known] < 0).any():
            continue
        if labels[two].leaves_out or labels[two].ends:
            return two, True
        first, second = values[one][known].astype(np.int64), values[two][known].astype(np.int64)
        if near[known].all() and len(pairs) * chance_of_cells(first, second, profile.threshold) < _least(shape):
            possible = possible or (two, False)
    return possible


def _least(shape: Mapping[str, float]) -> float:
    return shape["differencing_possible"]


def _steps(table: Table, counts: Sequence[int], values: np.ndarray, profile: Profile) -> Iterator[Hit]:
    """Yield the steps by which a cohort was chosen that left out a few."""
    if table.rows < _FEWEST_STEPS or not any(_STEP.search(plain(name)) for name in table.names):
        return
    for n, column in zip(counts, values.T, strict=True):
        left = -np.diff(column)
        rows = np.flatnonzero(profile.is_small(left) & (left > 0)) + 1
        if len(rows) and np.isfinite(column).all() and (left >= 0).all():
            place = f"row {table.start + int(rows[0]) + 1}, column {table.names[n]}"
            yield _told(table, place, sure=False, count=len(rows))


def _told(table: Table, place: str, *, sure: bool, count: int = 1) -> Hit:
    rule = "recoverable-cell" if sure else "possible-recoverable-cell"
    return Hit(rule, "left-out", table.where, place, count, "", 0.9 if sure else 0.6)


def find_nested_in_words(where: str, text: str, profile: Profile) -> Iterator[Hit]:
    """Yield a hit for a sentence that counts people, and the same people without a few ("5,431 without those ...")."""
    plainly = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plainly, SAID)[0].as_py():
        return
    found = 0
    for pair in _PAIR.finditer(text):
        if _YEAR.fullmatch(pair[1]) or _YEAR.fullmatch(pair[3]) or not _EXCEPT_SAID.search(f"{pair[2]} {pair[4]}"):
            continue
        one, two = (float(each.replace(",", "")) for each in (pair[1], pair[3]))
        found += int(one != two and bool(profile.is_small(np.array(abs(one - two)))))
    if found:
        yield Hit("possible-recoverable-cell", "left-out", where, "", found, "", 0.5)
