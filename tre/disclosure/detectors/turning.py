"""Which values are worth a look turned round, in ROT13 or ROT47: all of a few, of many those with a name in them."""

from __future__ import annotations

from functools import cache

import pyarrow.compute as pc

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.encodings import rot13
from tre.disclosure.detectors.patterns import matching
from tre.disclosure.packs import load_pack

_SHORTEST = 4  # letters of a name; shorter ones stand in many words
_WORDS = ("patient", "nhs", "birth", "mail", "postcode", "surname")


def turnable(cells: Cells, most: int) -> dict[int, str]:
    """Return the values to be read turned, by index.

    Parameters
    ----------
    most : int
        Bytes of cells up to which that is all of them.
    """
    size = int(pc.sum(pc.binary_length(cells.values)).as_py() or 0)
    chosen = range(len(cells.values)) if size <= most else matching(cells, _named())
    return {n: value for n in chosen for value in [cells.values[n].as_py()] if len(value) >= _SHORTEST}


@cache
def _named() -> str:
    """Return a pattern (RE2) of the usual names and of words that announce a person, turned each way."""
    plain = [*sorted(word for word in load_pack().names.usual if len(word) >= _SHORTEST), *_WORDS]
    turned = {each for word in plain for each in (word[::-1], rot13(word), rot13(word)[::-1])}
    # With ROT47's forms beside them, which have no word's bounds, the engine would not hold the pattern, and search ten
    # times as long: in ROT47 all of a few values are read alone.
    return r"(?i)\b(?:" + "|".join(sorted(turned)) + r")\b"
