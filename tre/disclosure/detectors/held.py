"""Exact match: whether an identifier stands in a file that is held of a person here, however it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.recognise import matches
from tre.disclosure.exact_match import ExactFilters, name_words, normalise
from tre.disclosure.folding import DIGIT, LETTER
from tre.disclosure.model import Hit, mask

_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*")
_TOKENS = {
    "nhs_number": re.compile(r"(?<![0-9])[0-9]{3}[ ./-]{0,3}[0-9]{3}[ ./-]{0,3}[0-9]{4}(?![0-9])"),
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
_BARE = str.maketrans("", "", " ./-")  # what may stand between the digits of an NHS number
_WEIGHTS = np.arange(10, 1, -1)  # modulus 11: NHS Data Dictionary, "NHS NUMBER"
_DATE_LIKE = re.compile(r"\d{4}-\d{2}(-\d{2})?|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}")


def find_held(cells: Cells, filters: ExactFilters) -> Iterator[Hit]:
    """Yield a hit for each kind of identifier held that stands in a column or text, however it is written."""
    for kind in filter(filters.kinds.__contains__, _GATES):
        tokens_of, spelled_of = _READ[kind]
        owners, tokens = [], []
        for n in _passed(cells, kind):
            for token in tokens_of(cells.folded[n].as_py()):
                owners.append(n)
                tokens.append(token)
        held = filters.holds(kind, spelled_of(tokens))
        met = [at for at, each in enumerate(held) if each]
        if met:
            lines = np.unique([owners[at] for at in met])
            first = owners[met[0]]
            count = int(cells.counts[lines].sum())
            yield Hit("held-identifier", kind, cells.where, cells.place(first), count, mask(tokens[met[0]]), 1.0)


def _passed(cells: Cells, kind: str) -> list[int]:
    least, marks, pattern = _GATES[kind]
    may = np.flatnonzero((cells.lengths >= least) & ((cells.marks & marks) == marks))
    return may[matches(cells.folded.take(pa.array(may)), pattern)].tolist() if len(may) else []


def _numbers(tokens: list[str]) -> list[str | None]:
    """Return those of some NHS numbers whose check digit holds, all judged at once; none in place of the others."""
    if not tokens:
        return []
    digits = [token.translate(_BARE) for token in tokens]
    each = np.frombuffer("".join(digits).encode(), dtype=np.uint8).reshape(len(digits), 10).astype(np.int64) - ord("0")
    holds = (each[:, :9] @ _WEIGHTS + each[:, 9]) % 11 == 0
    return [number if held else None for number, held in zip(digits, holds.tolist(), strict=True)]


def _hospital_numbers(value: str) -> list[str]:
    return [token for token in _TOKENS["hospital_number"].findall(value) if not _DATE_LIKE.fullmatch(token)]


@lru_cache(maxsize=100_000)
def _name_words(word: str) -> tuple[str, ...]:
    return tuple(name_words(word))


def _names(value: str) -> Iterator[str]:
    """Yield each two, three or four words side by side, and one or two after a comma before the one ahead of it."""
    words = list(_WORD.finditer(value))
    plain = [_name_words(word[0]) for word in words]
    for at in range(len(words) - 1):
        for width in (2, 3, 4):
            if at + width <= len(words):
                yield " ".join(chain.from_iterable(plain[at : at + width]))
        if "," in value[words[at].end() : words[at + 1].start()]:
            for width in (1, 2):
                yield " ".join((*chain.from_iterable(plain[at + 1 : at + 1 + width]), *plain[at]))


def _spelled(kind: str) -> Callable[[list[str]], list[str | None]]:
    return lambda tokens: [normalise(kind, token) for token in tokens]


# How each kind's tokens are found in a value, and how they are brought into the one spelling that is hashed
_READ: dict[str, tuple[Callable[[str], Iterable[str]], Callable[[list[str]], Sequence[str | None]]]] = {
    "nhs_number": (_TOKENS["nhs_number"].findall, _numbers),
    "postcode": (_TOKENS["postcode"].findall, _spelled("postcode")),
    "hospital_number": (_hospital_numbers, _spelled("hospital_number")),
    "full_name": (_names, list),
}
