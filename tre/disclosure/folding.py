"""Text as the recognisers read it: every digit, space, dash and wide letter as ASCII has it, length for length.

A number written in Arabic-Indic digits or with a no-break space is the same number to a person. Folding keeps each
character's place, so that what is found in the folded text stands at the same place in the text itself.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa

# Letters that case folding makes ASCII (Unicode, CaseFolding.txt): Kelvin sign, long s, dotted and dotless i; and
# marks between the digits of a telephone number (phonenumbers, _VALID_PUNCTUATION) that are of no category below.
_ALONE = {0x212A: "K", 0x17F: "s", 0x130: "I", 0x131: "i", 0x2053: "~", 0x223C: "~", 0x30FC: "-", 0x2212: "-"}
_WIDE = range(0xFF01, 0xFF5F)  # Unicode block Halfwidth and Fullwidth Forms: ASCII, moved by 0xFEE0
_SPACES = {"Zs", "Zl", "Zp", "Cf"}
_SEPARATORS = range(0x1C, 0x20)  # the four information separators: Python and Presidio read them as white space


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


def needs_folding(values: pa.Array) -> bool:
    """Tell whether any of the strings may hold a character that folding changes."""
    data = string_bytes(values)
    return bool(len(data)) and bool(np.any((data >= 0x80) | ((data >= 0x1C) & (data < 0x20))))


def fold_array(values: pa.Array) -> pa.Array:
    """Return strings folded; those of ASCII alone are not touched one by one.

    Parameters
    ----------
    values : pa.Array
        Strings without nulls, shape (k,).
    """
    if not needs_folding(values):
        return values
    return pa.array([fold(value) for value in values.to_pylist()], pa.string())


def string_bytes(values: pa.Array) -> np.ndarray:
    """Return the bytes of all strings of an array, without a copy."""
    _, offsets, data = values.buffers()
    if data is None or not len(values):
        return np.empty(0, np.uint8)
    width = np.int64 if pa.types.is_large_string(values.type) else np.int32
    ends = np.frombuffer(offsets, dtype=width)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]


def unaccented(text: str) -> str:
    """Return a text without accents, for comparing names; its length may differ."""
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
