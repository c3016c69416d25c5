"""Pseudonyms by their form: 128 bits in base32, in letters of either case, in groups, or in hexadecimal.

The warehouse's are 26 capital letters and digits from 2 to 7 (:mod:`spark_jobs.pseudonymise`), and hardly anything else
is. Their bits in hexadecimal or as a UUID are what any digest and any run's number is, so that there a word right
before them must say that they stand for a person, as it must of a longer digest
(:mod:`tre.disclosure.detectors.digests`); whose they are is asked by
:mod:`tre.disclosure.detectors.held_pseudonyms`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.digests import LONGER
from tre.disclosure.detectors.patterns import label, matching
from tre.disclosure.folding import LETTER
from tre.disclosure.model import Hit, mask
from tre.disclosure.packs import Pack

SIGNS = 26
_WHOLE = re.compile(r"(?<![A-Z0-9])[A-Z2-7]{26}(?![A-Z0-9])|(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])")
_BITS = re.compile(
    r"(?<![0-9a-zA-Z])(?:[0-9a-f]{32}|[0-9A-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![0-9a-zA-Z])"
)
_DIGEST = re.compile(rf"(?<![0-9a-zA-Z])(?:{LONGER})(?![0-9a-zA-Z])")
_GATE = r"[A-Z2-7]{26}|[a-z2-7]{26}|[0-9a-fA-F]{32}|[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_BEFORE = 40  # characters
_KINDS = {"pseudonym": "pseudonym", "person-digest": "digest"}
_GROUPS = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z2-7]{1,13}(?:([^\w\n]|_)[A-Z2-7]{1,13})(?:\1[A-Z2-7]{1,13})*"
    r"|[a-z2-7]{1,13}(?:([^\w\n]|_)[a-z2-7]{1,13})(?:\2[a-z2-7]{1,13})*)(?![A-Za-z0-9])"
)
_RARE, _MANY = re.compile(r"[jkqvwxz]", re.IGNORECASE), 4  # letters that English has least of, and many in a token
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{5}", re.IGNORECASE)


def find_pseudonyms(cells: Cells, pack: Pack) -> Iterator[Hit]:
    """Yield a hit for what has the form of a pseudonym, and one for digests that are called a person's."""
    named = pack.person.search(label(cells.header)) is not None
    met: dict[str, tuple[int, str, int]] = {}  # by rule, where the first stands, what it is, and in how many rows
    for n in matching(cells, _GATE, SIGNS, LETTER):
        rule, token = _first(cells.values[n].as_py(), pack, named=named)
        if rule:
            first, sample, rows = met.get(rule, (n, token, 0))
            met[rule] = (first, sample, rows + int(cells.counts[n]))
    for rule, (first, sample, rows) in met.items():
        yield Hit(rule, _KINDS[rule], cells.where, cells.place(first), rows, mask(sample), 0.99)


def _first(text: str, pack: Pack, *, named: bool) -> tuple[str, str]:
    """Return the rule that tells of the first pseudonym or digest of a person in a text, and the signs of it."""
    for found in _WHOLE.finditer(text):
        if is_drawn(found[0]):
            return "pseudonym", found[0]
    for rule, pattern in (("pseudonym", _BITS), ("person-digest", _DIGEST)):
        for found in pattern.finditer(text):
            if named or pack.person.search(text[max(0, found.start() - _BEFORE) : found.start()]):
                return rule, found[0]
    return "", ""


def is_drawn(token: str) -> bool:
    """Tell whether signs are drawn at random, as all but a few in a thousand pseudonyms look.

    That is letters and digits in turn, a digit among capitals, or letters that nobody can say of which many are rare;
    small letters with one number among them are words.
    """
    if len(set(token)) == len(token):
        return False  # an alphabet
    digits = len(re.findall(r"[2-7]+", token))
    if digits > 1 or (digits == 1 and token.isupper()):
        return True
    unsayable = _CONSONANTS.search(token) is not None
    return unsayable and (digits == 1 or len(_RARE.findall(token)) >= _MANY)


def regrouped(text: str) -> str:
    """Return a text in which pseudonyms in groups of one size, the last one apart, stand together."""
    return _GROUPS.sub(_joined, text)


def _joined(found: re.Match[str]) -> str:
    groups = found[0].split(found[1] or found[2])
    signs = "".join(groups)
    alike = {len(group) for group in groups[:-1]}
    whole = len(signs) == SIGNS and len(alike) == 1 and len(groups[-1]) <= len(groups[0]) and is_drawn(signs)
    return signs if whole else found[0]
