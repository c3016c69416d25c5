"""Names that are written as they sound: Khloe Fompson.

Two spellings sound alike when they are the same by rules after Metaphone (Philips 1990): the sounds of consonants in
their order, with a mark for any vowels after the first. As people write what they hear, th is f as well (Wells 1982,
TH-fronting), and c and ch may be a k.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache

from tre.disclosure.detectors.names import plain
from tre.disclosure.detectors.paper_ciphers import paired
from tre.disclosure.packs import Names

PAIR = r"\b[A-Z][a-z'’]{2,}[ ]{1,2}[A-Z][a-z'’]{2,}"
_PAIR = re.compile(r"(?=\b([A-Z][a-z'’]{2,}) {1,2}([A-Z][a-z'’]{2,})\b)")
# What is written, and what it sounds like, one after the other; vowels that sound alike are one letter
_SOUNDS = (
    ("^kn", "n"), ("^wr", "r"), ("^ps", "s"), ("^x", "z"), ("^gh", "g"), ("mb$", "m"), ("tch", "C"), ("sch|sh", "S"),
    ("ch(?=[lr])|kh|ck|q|ch(?=[aou]s)", "k"), ("ph|t?th|tf", "f"), ("wh", "w"), ("gh", ""), ("dge?|j", "j"),
    ("c(?=[eiy])|z", "s"), ("ch", "C"), ("c", "k"), ("x", "ks"), ("ie|ee|ea|y", "i"), ("ou|oo|ew", "u"),
    ("(?<=[^aeiou])e$", ""), (r"(.)\1+", r"\1"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(written), heard) for written, heard in _SOUNDS)
_STRESSED = re.compile("^[^aeiou]*[aeiou]*")  # up to the first vowels, which are stressed in most names
_VOWELS = re.compile("[aeiouw]+|h(?![aeiou])")
_HARD = re.compile("ch|c")
_AGAIN = re.compile(r"(.)\1+")
_PLACES = frozenset({"ward", "unit", "wing", "suite", "hall", "house"})  # of a hospital, called after somebody
_LEAST, _SOUNDED = 4, 4  # letters of a word that is told by its sound, and marks from which vowels are left alone


@lru_cache(maxsize=50_000)
def sound_of(word: str) -> str:
    """Return what a word, in lower case and without accents, sounds like: of a short one the vowels count as well."""
    word = _AGAIN.sub(r"\1", word)
    for written, heard in _PATTERNS:
        word = written.sub(heard, word)
    rest = _STRESSED.sub("", word, count=1)
    bare = _AGAIN.sub(r"\1", word.removesuffix(rest) + _VOWELS.sub("-", rest)).rstrip("-")
    return bare if len(bare) >= _SOUNDED else word


def sounds_of(word: str) -> set[str]:
    """Return what a name may sound like: each c may be a k."""
    return {sound_of(word), sound_of(_HARD.sub("k", word))}


@cache
def _by_sound(words: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        for sound in sounds_of(word):
            found[sound].append(word)
    return found


def as_heard(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname that two words with capital letters sound like.

    The first is in no list as it is spelled: what stands beside a forename that is spelled well is found in any case.
    """
    for found in _PAIR.finditer(text):
        one, two = plain(found[1]), plain(found[2])
        forenames = _alike(one, names.forenames) if _is_new(one, names) and two not in _PLACES else []
        if forenames:
            surnames = _alike(two, names.surnames) if _is_new(two, names) else []
            yield from paired(forenames, [two, *surnames], names)


def _is_new(word: str, names: Names) -> bool:
    """Tell whether a word is in no list."""
    return len(word) >= _LEAST and not any(word in each for each in (names.lexicon, names.forenames, names.surnames))


def _alike(word: str, words: frozenset[str]) -> list[str]:
    return _by_sound(words).get(sound_of(word), [])
