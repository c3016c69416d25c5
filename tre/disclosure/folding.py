"""Text as the recognisers read it: every digit, space, dash and wide letter as ASCII has it, length for length.

A number written in Arabic-Indic digits or with a no-break space is the same number to a person. Folding keeps each
character's place, so that what is found in the folded text stands at the same place in the text itself.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Letters that case folding makes ASCII (Unicode, CaseFolding.txt): Kelvin sign, long s, dotted and dotless i; and
# marks between the digits of a telephone number (phonenumbers, _VALID_PUNCTUATION) that are of no category below.
_ALONE = {0x212A: "K", 0x17F: "s", 0x130: "I", 0x131: "i", 0x2053: "~", 0x223C: "~", 0x30FC: "-", 0x2212: "-"}
_WIDE = range(0xFF01, 0xFF5F)  # Unicode block Halfwidth and Fullwidth Forms: ASCII, moved by 0xFEE0
_SPACES = {"Zs", "Zl", "Zp", "Cf"}
_SEPARATORS = range(0x1C, 0x20)  # the four information separators: Python and Presidio read them as white space


LETTER, UPPER, DIGIT, AT, FOREIGN = 1, 2, 4, 8, 16  # a byte beyond ASCII may be any of them


def _sorts() -> np.ndarray:
    sorts = np.zeros(256, dtype=np.uint8)
    sorts[ord("a") : ord("z") + 1] = LETTER
    sorts[ord("A") : ord("Z") + 1] = LETTER | UPPER
    sorts[ord("0") : ord("9") + 1] = DIGIT
    sorts[ord("@")] = AT
    sorts[0x80:] = LETTER | UPPER | DIGIT | FOREIGN  # what it folds to is not known yet
    sorts[_SEPARATORS.start : _SEPARATORS.stop] = FOREIGN
    return sorts


_SORTS = _sorts()


class _Folded(dict[int, str]):
    """What each character becomes, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _folded(chr(code))
        return made


def _folded(mark: str) -> str:
    code, category = ord(mark), unicodedata.category(mark)
    if code in _SEPARATORS or code == 0x85 or category in _SPACES:
        return " "
    if code < 128:
        return mark
    if code in _ALONE:
        return _ALONE[code]
    if category == "Nd":
        return str(unicodedata.decimal(mark))
    if category == "Pd":
        return "-"
    return chr(code - 0xFEE0) if code in _WIDE else mark


_TABLE = _Folded()


def fold(text: str) -> str:
    """Return a text of the same length whose digits, spaces, dashes and wide letters are ASCII's."""
    return text.translate(_TABLE)


def marks_of(values: pa.Array) -> np.ndarray:
    """Return for each string which sorts of characters are in it: :data:`LETTER`, :data:`UPPER` and so on, or-ed.

    Parameters
    ----------
    values : pa.Array
        Strings without nulls, shape (k,).

    Returns
    -------
    np.ndarray
        uint8, shape (k,).
    """
    ends = _ends(values)
    marks = np.zeros(len(values), dtype=np.uint8)
    filled = np.flatnonzero(np.diff(ends))
    if len(filled):
        sorts = _SORTS[string_bytes(values)]
        marks[filled] = np.bitwise_or.reduceat(sorts, (ends[:-1] - ends[0])[filled])
    return marks


def fold_array(values: pa.Array, marks: np.ndarray) -> pa.Array:
    """Return strings folded; those of ASCII alone are not touched.

    Parameters
    ----------
    values : pa.Array
        Strings without nulls, shape (k,).
    marks : np.ndarray
        Their :func:`marks_of`.
    """
    foreign = (marks & FOREIGN) != 0
    if not foreign.any():
        return values
    mask = pa.array(foreign)
    folded = pa.array([fold(value) for value in values.filter(mask).to_pylist()], values.type)
    return pc.replace_with_mask(values, mask, folded)


def _ends(values: pa.Array) -> np.ndarray:
    """Return where each string begins in the array's bytes, and where the last one ends, shape (k + 1,)."""
    width = np.int64 if pa.types.is_large_string(values.type) else np.int32
    offsets = values.buffers()[1]
    if offsets is None or not len(values):
        return np.zeros(1, dtype=width)
    return np.frombuffer(offsets, dtype=width)[values.offset : values.offset + len(values) + 1]


def lengths_of(values: pa.Array) -> np.ndarray:
    """Return how many bytes each string has, shape (k,)."""
    return np.diff(_ends(values))


def string_bytes(values: pa.Array) -> np.ndarray:
    """Return the bytes of all strings of an array, one after the other, without a copy."""
    ends, data = _ends(values), values.buffers()[2]
    return np.empty(0, np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]


def first_bytes(values: pa.Array) -> np.ndarray:
    """Return the first byte of each string, 0 for an empty one, uint8, shape (k,)."""
    ends, data = _ends(values), string_bytes(values)
    first = np.zeros(len(values), dtype=np.uint8)
    filled = np.flatnonzero(np.diff(ends))
    first[filled] = data[(ends[:-1] - ends[0])[filled]]
    return first


def unaccented(text: str) -> str:
    """Return a text without accents, for comparing names; its length may differ."""
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
