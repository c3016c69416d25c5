"""Exact match: whether an identifier stands in a file that is held of a person here, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.recognise import matches
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.folding import DIGIT, LETTER
from tre.disclosure.model import Hit, mask

_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*")
_TOKENS = {
    "nhs_number": re.compile(r"(?<!\d)\d{3}[ ./-]{0,3}\d{3}[ ./-]{0,3}\d{4}(?!\d)"),
    "postcode": re.compile(r"\b[A-Z]{1,2}\d[A-Z0-9]?\s{0,2}\d[A-Z]{2}\b", re.IGNORECASE),
    "hospital_number": re.compile(r"\b(?=[A-Z0-9/-]*\d)[A-Z0-9][A-Z0-9/-]{4,14}\b", re.IGNORECASE),
}
# A pattern (RE2) wider than the token's, the least bytes of a value, and the sorts of characters that stand in it
_GATES = {
    "nhs_number": (10, DIGIT, r"[0-9]{3}[ ./-]{0,3}[0-9]{3}[ ./-]{0,3}[0-9]{4}"),
    "postcode": (5, DIGIT | LETTER, r"(?i)\b[a-z]{1,2}[0-9][a-z0-9]?\s{0,2}[0-9][a-z]{2}\b"),
    "hospital_number": (5, DIGIT, r"(?i)\b[a-z0-9][a-z0-9/-]{4}"),
    "full_name": (
        4,
        LETTER,
        r"(?i)[a-z\x{C0}-\x{24F}][a-z\x{C0}-\x{24F}'’.-]+[, ]+[a-z\x{C0}-\x{24F}][a-z\x{C0}-\x{24F}'’-]+",
    ),
}
_DATE_LIKE = re.compile(r"\d{4}-\d{2}(-\d{2})?|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}")


def find_held(cells: Cells, filters: ExactFilters) -> Iterator[Hit]:
    """Yield a hit for each kind of identifier held that stands in a column or text, however it is written."""
    for kind, pattern in _TOKENS.items():
        owners, tokens = [], []
        for n in _passed(cells, kind) if kind in filters.kinds else []:
            for token in pattern.findall(cells.folded[n].as_py()):
                if kind != "hospital_number" or not _DATE_LIKE.fullmatch(token):
                    owners.append(n)
                    tokens.append(token)
        yield from _held(cells, filters, kind, owners, tokens)
    if "full_name" in filters.kinds:
        owners, tokens = [], []
        for n in _passed(cells, "full_name"):
            for token in _windows(cells.folded[n].as_py()):
                owners.append(n)
                tokens.append(token)
        yield from _held(cells, filters, "full_name", owners, tokens)


def _passed(cells: Cells, kind: str) -> list[int]:
    least, marks, pattern = _GATES[kind]
    may = np.flatnonzero((cells.lengths >= least) & ((cells.marks & marks) == marks))
    return may[matches(cells.folded.take(pa.array(may)), pattern)].tolist() if len(may) else []


def _windows(value: str) -> Iterator[str]:
    """Yield each two, three or four words side by side, and two turned round a comma, as a name may be written."""
    words = list(_WORD.finditer(value))
    for at in range(len(words) - 1):
        for width in (2, 3, 4):
            if at + width <= len(words):
                yield value[words[at].start() : words[at + width - 1].end()]
        if "," in value[words[at].end() : words[at + 1].start()]:
            yield f"{words[at + 1][0]} {words[at][0]}"


def _held(cells: Cells, filters: ExactFilters, kind: str, owners: list[int], tokens: list[str]) -> Iterator[Hit]:
    met = [at for at, held in enumerate(filters.contains(kind, tokens)) if held]
    if met:
        lines = np.unique([owners[at] for at in met])
        first = owners[met[0]]
        count = int(cells.counts[lines].sum())
        yield Hit("held-identifier", kind, cells.where, cells.place(first), count, mask(tokens[met[0]]), 1.0)
