"""What programs print with a line, a column or an example for each person: effects, case summaries, names.

R, Python and Stata write a coefficient for each level of a factor, R's lme4 and Stata a random effect, SPSS its case
summaries, and a code book examples of a variable. Genotypes are :mod:`tre.disclosure.detectors.genomes`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.detectors.printouts import uncommented
from tre.disclosure.model import Hit

_PERSON = (
    r"(?:patient|person|subject|participant|individual|pupil|client|resident|respondent|case|patid|pat|ptid|pt|pid|"
    r"subj|nhs)(?:[_. ]?(?:id|no|number|num|nr|code|key|name))?"
)
_NAMES = (
    r"(?:(?:patient|pat|mother|father)?_?(?:sur|fore|first_?|last_?|family_?|given_?|maiden_?|full_?)name|"
    r"patient_?name)s?"
)
_ASKED = r"(?:codebook|unique|levels|levelsof|tabulate|table|value_counts)"
# What stands in every text that one of these is found in: far cheaper to look for in a long one (RE2)
TOLD = (
    rf"(?i)\$[`'\"]?{_PERSON}|(?:factor|C)\({_PERSON}|{_PERSON}\[|{_PERSON}[`'\")]*\[?T?\.?\S*\s+-?\d|"
    r"Case Summaries|FORMAT ?= ?(?:VALID)?LIST|"
    rf"(?:for|per) (?:each|every|a|one) {_PERSON}|{_ASKED}[^\n]{{0,40}}name|name[^\n]{{0,10}}{_ASKED}"
)
_LEVEL = re.compile(
    rf"^[ \t|]*(?:(?:as\.)?(?:factor|C|i)[.(]{_PERSON}\)?(\S+)|{_PERSON}(?:\)|[`'\"]+)?(\[\S+?\]))\s+-?\d",
    re.MULTILINE | re.IGNORECASE,
)
_FACTOR = re.compile(  # the same, quoted or between commas, and with how the levels were coded
    rf"^[^A-Za-z\n]{{0,40}}(?:(?:as\.|relevel\()?factor\(({_PERSON})\)|C\(({_PERSON})(?:,[^)\n]*)?\)|({_PERSON}))"
    r"(?:\[(?:[TS]\.)?([^\]\n]{1,40})\]|(?<=\))([^\s,;|:\"]{1,40}))[\",;|:\s]+-?\d*\.\d+",
    re.MULTILINE | re.IGNORECASE,
)
_EFFECTS = re.compile(
    rf"\${{0,1}}[`'\"$]{_PERSON}[`'\"]?[ \t]*$|ranef\([^\n]*\${_PERSON}", re.MULTILINE | re.IGNORECASE
)
_EFFECT = re.compile(r"\s*(\S{1,40})((?:\s+-?\d+\.\d+(?:e[-+]\d+)?)+)\s*", re.IGNORECASE)
_CASES = re.compile(r"^\W*Case Summaries\b|/FORMAT ?= ?(?:VALID)?LIST\b", re.MULTILINE | re.IGNORECASE)
_CASE = re.compile(r"\W{0,4}(\d{1,6})\s+\S+\s+\S+.*")
_EXAMPLES = re.compile(
    rf"\b{_ASKED}\b[^\n]{{0,40}}?\b{_NAMES}\b|\b{_NAMES}\b[^\n]{{0,10}}\.{_ASKED}\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"']([A-Z][A-Za-z'’-]{1,30}(?: [A-Z][A-Za-z'’-]{1,30})?)[\"']")
_ONE_EACH = re.compile(rf"\b(?:for|per) (?:each|every|a|one) {_PERSON}\b", re.IGNORECASE)
_INDEXED = re.compile(r"\b([A-Za-z]\w{0,30}[\[(]\d{1,6}[\])])[\"']?[:=,\s]\s*[-+]?\d")  # theta[12]: 0.31
_SHORTEST = 24  # characters of a text that could list anybody
_AFTER = 600  # characters in which examples are looked for
_FEWEST_NAMES = 2
_FEWEST_CASES = 3
_AHEAD = 4  # lines of a heading
_MOST_LINES = 5000


def find_listed_people(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield hits for what a program printed of people one by one.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, from which lines that name a person are records.
    """
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if len(text) < _SHORTEST or not pc.match_substring_regex(plain, TOLD)[0].as_py():
        return
    text = uncommented(text)
    effects = max((_lines_after(text, each.end()) for each in _EFFECTS.finditer(text)), default=0)
    each_has = {each[1] for each in _INDEXED.finditer(text)} if _ONE_EACH.search(text) else set()
    if (persons := max(_levels(text), effects, len(each_has))) >= shape["id_rows"]:
        yield Hit("record-level", "by-person", where, "", persons, "", 0.85)
    cases = max((_cases_after(text, each.end()) for each in _CASES.finditer(text)), default=0)
    if cases >= _FEWEST_CASES:
        yield Hit("record-level", "listed", where, "", cases, "", 0.85)
    named = [len(_QUOTED.findall(text, each.end(), each.end() + _AFTER)) for each in _EXAMPLES.finditer(text)]
    if max(named, default=0) >= _FEWEST_NAMES:
        yield Hit("person-name", "name", where, "", max(named), "", 0.8)


def _levels(text: str) -> int:
    """Return how many persons a factor has a figure for each of."""
    levels: dict[str, set[str]] = defaultdict(set)
    for found in _FACTOR.finditer(text):
        factor = next(each for each in found.groups()[:3] if each)
        levels[factor.lower()].add(found[4] or found[5])
    printed = {each[1] or each[2] for each in _LEVEL.finditer(text)}
    return max(len(printed), *map(len, levels.values()), 0)


def _lines_after(text: str, start: int) -> int:
    """Return how many different things the lines after a place give a figure of, up to the first that gives none."""
    found: set[str] = set()
    for n, line in enumerate(text[start:].splitlines()[1:_MOST_LINES]):
        effect = _EFFECT.fullmatch(line)
        if effect is not None:
            found.add(effect[1])
        elif n >= _AHEAD or found:
            break
    return len(found)


def _cases_after(text: str, start: int) -> int:
    """Return how many numbered lines stand after a place, each of the next number."""
    count = 0
    for n, line in enumerate(text[start:].splitlines()[:_MOST_LINES]):
        case = _CASE.fullmatch(line)
        if case is not None and int(case[1]) == count + 1:
            count += 1
        elif n >= 2 * _AHEAD or count:
            break
    return count
