"""Which of very many cells may hold a name that is not written as one: a forename and a surname side by side, any case.

All cells are searched as one text by a pattern (RE2) of all names that is compiled once, with room for its automaton:
some hundred megabytes a second, where reading each cell takes a hundred times as long.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.disguises import chosen
from tre.disclosure.folding import LETTER
from tre.disclosure.packs import Names, Pack

_BETWEEN = r"(?:[ _.+~-]{0,2}[a-z])?(?: {1,3}|[_.+~^-]{1,2}|%20|, ?|\.[*+]|\\s[*+]|%)"  # as in written_names
_LEAST = 7  # bytes of a forename and a surname
_MOST = 2000  # cells that are read after all
_MEMORY = 64 << 20  # bytes of the pattern's automaton


def likely_named(cells: Cells, pack: Pack) -> Cells | None:
    """Return those of very many cells in which two names stand side by side; None when there are none."""
    may = np.flatnonzero(((cells.marks & LETTER) != 0) & (cells.lengths >= _LEAST))
    if not len(may):
        return None
    values = cells.values.take(pa.array(may))
    text = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values), "\n")[0]
    ends = np.cumsum(cells.lengths[may] + 1)
    found: list[int] = []
    for match in _pattern(pack.names).finditer(text.as_buffer().to_pybytes()):
        at = int(np.searchsorted(ends, match.start() + 1, side="right"))
        if not found or found[-1] != at:
            found.append(at)
        if len(found) >= _MOST:
            break
    return chosen(cells, {int(may[at]): values[at].as_py() for at in found})


@cache
def _pattern(names: Names) -> Any:
    forename, surname = ("|".join(sorted(each)) for each in (names.forenames, names.surnames))
    options = re2.Options()
    options.max_mem, options.case_sensitive = _MEMORY, False
    pair = rf"(?:{forename})(?:{_BETWEEN})?(?:{surname})|(?:{surname}){_BETWEEN}(?:{forename})"
    return re2.compile(rf"(?:^|[^a-z])(?:{pair})(?:[^a-z]|$)".encode(), options)
