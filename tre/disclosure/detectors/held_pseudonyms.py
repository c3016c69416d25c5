"""Pseudonyms that are really held, whole or cut, in base32 or as the same bits in hexadecimal, base64 or digits."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.patterns import matching
from tre.disclosure.model import Hit, mask
from tre.disclosure.pseudonyms import LENGTH, WAREHOUSE, PseudonymFilters

_LIKELY = r"[A-Za-z0-9+/_-]{12,}"
_BITS = 128


def _of_bytes(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _of_number(digits: str) -> str:
    return _of_bytes(int(digits).to_bytes(_BITS // 8, "big"))


# How the bits of a pseudonym may be written, and what brings them back to base32.
_WRITTEN: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{12,26}(?![A-Za-z0-9])"), str.upper),
    (
        re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){2,3}[0-9a-fA-F]{0,12}(?![0-9a-fA-F])"),
        lambda token: _of_bytes(bytes.fromhex(token.replace("-", "")[:16])),
    ),
    (
        re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{22}(?![A-Za-z0-9+/_-])"),
        lambda token: _of_bytes(base64.urlsafe_b64decode(token.replace("+", "-").replace("/", "_") + "==")),
    ),
    (re.compile(r"(?<!\d)\d{30,39}(?!\d)"), _of_number),
)


def find_held_pseudonyms(cells: Cells, filters: PseudonymFilters, own: str) -> Iterator[Hit]:
    """Yield a hit for each sort of owner whose pseudonyms stand in a column or text.

    Parameters
    ----------
    own : str
        The project whose output this is; another one's name is not told.
    """
    owners, tokens, shown = [], [], []
    for n in matching(cells, _LIKELY) if filters.owners else []:
        value = cells.values[n].as_py()
        for pattern, back in _WRITTEN:
            for written in pattern.findall(value):
                with suppress(ValueError, OverflowError):
                    tokens.append(back(written)[: 2 * LENGTH])
                    owners.append(n)
                    shown.append(written)
    met: dict[str, list[int]] = defaultdict(list)
    for at, owner in enumerate(filters.owner_of(tokens)):
        if owner:
            met["this-project" if owner == own else owner if owner == WAREHOUSE else "another-project"].append(at)
    for kind, places in met.items():
        rule = "pseudonym" if kind == "this-project" else "foreign-pseudonym"
        first = places[0]
        count = int(cells.counts[np.unique([owners[at] for at in places])].sum())
        yield Hit(rule, kind, cells.where, cells.place(owners[first]), count, mask(shown[first]), 1.0)
