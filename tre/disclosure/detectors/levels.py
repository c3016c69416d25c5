"""A model's coefficient for each person: levels of a factor that is a patient, as R, Python and Stata print them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tre.disclosure.model import Hit

_PERSON = (
    r"(?:patient|person|subject|participant|individual|resident|respondent|pat|pt|subj|pid|ptid|nhs)"
    r"(?:[ _.]?(?:id|no|nr|num|number|code|key|name))?"
)
_LEVEL = re.compile(
    rf"(?im)^[^A-Za-z\n]{{0,40}}(?:(?:as\.|relevel\()?factor\(({_PERSON})\)|C\(({_PERSON})(?:,[^)\n]*)?\)|({_PERSON}))"
    r"(?:\[(?:[TS]\.)?([^\]\n]{1,40})\]|(?<=\))([^\s,;|:\"]{1,40}))[\",;|:\s]+-?\d*\.\d+"
)
_MOST = 262_144  # characters of a text that are looked at


def find_person_levels(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for numbers beside the levels of a factor that is a person.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, from which rows that name a person are records.
    """
    levels: dict[str, set[str]] = defaultdict(set)
    for found in _LEVEL.finditer(text[:_MOST]):
        factor = next(each for each in found.groups()[:3] if each)
        levels[factor.lower()].add(found[4] or found[5])
    count = max(map(len, levels.values()), default=0)
    if count >= shape["id_rows"]:
        yield Hit("record-level", "by-person", where, "", count, "", 0.85)
