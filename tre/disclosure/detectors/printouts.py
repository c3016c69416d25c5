"""What statistics packages print that tells of one person each: least and largest values, outliers, a cell of a few.

Stata's, SAS's and R's own layouts are known by their headings, also where they stand in a comment of a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.profile import Profile

# What stands in every text that a detector below finds something in: far cheaper to look for in a long one (RE2).
_TOLD = r"n\.risk|Smallest|Extreme Observations|1st Qu\.|Total\s*\n|Freq\.|\[1\] +-?[0-9]|(?m:^\W* 1 +2\b)"
_COMMENT = re.compile(r"^[ \t]*(?:#'?|//|%|--|\*)(?= |$)", re.MULTILINE)
_EXTREMES = {
    "Stata": re.compile(r"\bPercentiles {2,}Smallest\b"),  # summarize, detail
    "SAS": re.compile(r"\bExtreme Observations\b[^|]{0,200}\bLowest\b[^|]{0,60}\bHighest\b"),  # proc univariate
    "R": re.compile(
        r"(?m:^\W*\$out\s*\n\W*\[1\] +-?\d)|"  # boxplot.stats
        r"\bMin\. +1st Qu\. +Median +(?:Mean +)?3rd Qu\. +Max\.|\bMin\. *: *-?[\d.]+"  # summary
    ),
}
_SIZE = re.compile(r"^\W*\$n\s*\n\W*\[1\] +(\d{1,9})\s*$", re.MULTILINE)  # how many R's box plot is of
_CROSS = re.compile(r"\| *Total *$|\bFreq\. +Percent\b")  # the heading of Stata's tabulate
_RULER = re.compile(r"\s*-{3,}\+[-+]{3,}\s*")
_CELLS = re.compile(r"[^|\n]{1,60}\|((?: +\d[\d,]{0,20})+)(?: +[\d.]+ +[\d.]+)? *(?:\| +[\d,]+ *)?")
# What R is asked for that has a value of each person, or of those who stand out
_SURVFIT = re.compile(r"(?:^|\s)n\.risk\s+n\.event\b")
_SINGLE = re.compile(
    r"\$out\b|\bboxplot|\boutlier|\bresid|\bfitted\(|\brstandard\(|\brstudent\(|\bhatvalues\(|\bcooks\.distance\(",
    re.IGNORECASE,
)
_NUMBER = r"-?\d[\d.]*(?:e[-+]?\d+)?"
_VECTOR = re.compile(rf"^ *\[\d+\]((?: +{_NUMBER})+) *$")
_INDEX = re.compile(r"^ *\d{1,9}(?: +\d{1,9})* *$")
_VALUES = re.compile(rf"^ *{_NUMBER}(?: +{_NUMBER})* *$")
_FEW = 3  # values that a command for single ones printed
_MOST_LINES = 5000


def find_in_printouts(where: str, text: str, policy: Policy, profile: str) -> Iterator[Hit]:
    """Yield hits for what a statistics package printed of single people, or of cells of a few."""
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plain, _TOLD)[0].as_py():
        return
    text = uncommented(text).expandtabs()
    for program, pattern in _EXTREMES.items():
        if pattern.search(text):
            yield Hit("extreme-value", program, where, "", 1, "", 0.7)
    sizes = [float(each[1]) for each in _SIZE.finditer(text)]
    if small := int(policy.profile(profile).is_small(np.array(sizes)).sum()) if sizes else 0:
        yield Hit("small-count", "size", where, "", small, "", 0.9)
    lines = text.splitlines()[:_MOST_LINES]
    yield from _cross_tables(where, lines, policy.profile(profile))
    yield from _survival(where, lines, policy.profile(profile))
    yield from _single_values(where, lines, int(policy.shape["list_values"]))


def uncommented(text: str) -> str:
    """Return a text without the marks that make its lines comments of a program."""
    return _COMMENT.sub("", text)


def _cross_tables(where: str, lines: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the small counts in what Stata's tabulate prints: rows under a ruler under a heading with a total."""
    for n, line in enumerate(lines):
        if not n or not _RULER.fullmatch(line) or not _CROSS.search(lines[n - 1]):
            continue
        counts: list[float] = []
        for row in lines[n + 1 :]:
            found = _CELLS.fullmatch(row.rstrip())
            if found is None and not _RULER.fullmatch(row):
                break
            counts += [float(each.replace(",", "")) for each in found[1].split()] if found else []
        small = int(profile.is_small(np.array(counts)).sum()) if counts else 0
        if small:
            yield Hit("small-count", "count", where, "", small, "", 0.9)


def _survival(where: str, lines: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield where too few are at risk in what R's survfit prints, whatever stands under its last row."""
    for n, line in enumerate(lines):
        if not _SURVFIT.search(line):
            continue
        at, small = line.split().index("n.risk"), 0
        for row in lines[n + 1 :]:
            if not _VALUES.match(row) or len(row.split()) <= at:
                break
            small += float(row.split()[at]) < profile.at_risk
        if small:
            yield Hit("small-risk-set", "printed", where, "", small, "", 0.9)


def _single_values(where: str, lines: list[str], most: int) -> Iterator[Hit]:
    """Yield the values that R printed one by one: asked for as such, or so many that each is a person's.

    Parameters
    ----------
    most : int
        Values of a list from which it is one, whatever asked for it.
    """
    asked, count = False, 0
    for n, line in enumerate([*lines, ""]):
        if found := _VECTOR.match(line):
            count += len(found[1].split())
        elif n and _VALUES.match(line) and _INDEX.match(lines[n - 1]) and _as_many(line, lines[n - 1]):
            count += len(line.split())
        elif not _INDEX.match(line):
            if count >= (_FEW if asked else most):
                yield Hit("value-list", "printed", where, "", count, "", 0.6)
            asked, count = bool(_SINGLE.search(line)), 0


def _as_many(values: str, index: str) -> bool:
    """Tell whether each number stands under one of a row that counts on by one."""
    places = index.split()
    return len(values.split()) == len(places) and int(places[-1]) - int(places[0]) == len(places) - 1
