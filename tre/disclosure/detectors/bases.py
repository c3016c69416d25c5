"""Bytes written as digits of an unusual base: 36, 45, 58, 62, 85 as ZeroMQ has it, and the four bases of DNA.

Base45 is of RFC 9285, base58 of Bitcoin's addresses, Z85 of ZeroMQ RFC 32. Of DNA nothing says which base stands for
which two bits, so that all 24 ways are tried, and the one that makes the most letters is taken.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from itertools import permutations

import numpy as np

_DIGITS, _CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SMALL = _CAPITALS.lower()
_MOST = 512  # digits of one number, whose cost grows with their square
_OF_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OF_45 = _DIGITS + _CAPITALS + " $%*+-./:"
_OF_Z85 = _DIGITS + _SMALL + _CAPITALS + ".-:+=^!/*?&<>()[]{}@%$#"
_OF_85 = _DIGITS + _CAPITALS + _SMALL + "!#$%&()*+-;<=>?@^_`{|}~"
_TO_85 = str.maketrans(_OF_Z85, _OF_85)
_WORDY = np.array([code == 32 or (chr(code).isalnum() and code < 128) for code in range(256)])

# Which two bits each of four letters is, in each of the 24 ways; shape (24, 4)
_WAYS = np.array(list(permutations(range(4))), dtype=np.uint8)


def _of_base36(run: str) -> bytes:
    """Return the bytes of a number in base 36."""
    return _of_number(run.lower(), _DIGITS + _SMALL)


def _of_base58(run: str) -> bytes:
    """Return the bytes of a number in base 58."""
    return _of_number(run, _OF_58)


def _of_base62(run: str) -> bytes:
    """Return the bytes of a number in base 62, whose capitals stand before its small letters or after them."""
    orders = (_DIGITS + _CAPITALS + _SMALL, _DIGITS + _SMALL + _CAPITALS)
    return _likeliest(_of_number(run, order) for order in orders)


def _of_base45(run: str) -> bytes:
    """Return the bytes of a run of base45: two of three digits, and one of the last two.

    Raises
    ------
    ValueError
        It is none.
    """
    digits = [_OF_45.index(mark) for mark in run]
    made = bytearray()
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        made += sum(digit * 45**place for place, digit in enumerate(group)).to_bytes(len(group) - 1, "big")
    return bytes(made)


def _of_z85(run: str) -> bytes:
    """Return the bytes of a run of Z85.

    Raises
    ------
    ValueError
        It is none.
    """
    return base64.b85decode(run.translate(_TO_85))


def _of_dna(run: str) -> bytes:
    """Return the bytes of a run of bases, four to a byte, in the way that makes the most letters."""
    letters = run.upper().replace("U", "T")
    codes = np.frombuffer(letters[: len(letters) // 4 * 4].encode(), dtype=np.uint8)
    digits = np.searchsorted(np.frombuffer(b"ACGT", dtype=np.uint8), codes)
    fours = _WAYS[:, digits].reshape(len(_WAYS), -1, 4)
    made = (fours @ np.array([64, 16, 4, 1], dtype=np.int64)).astype(np.uint8)
    return bytes(made[int(_WORDY[made].sum(axis=1).argmax())].tobytes())


def _of_number(run: str, alphabet: str) -> bytes:
    number = 0
    for mark in run:
        number = number * len(alphabet) + alphabet.index(mark)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _likeliest(made: Iterable[bytes]) -> bytes:
    """Return those bytes that are letters, digits and blanks the most."""
    return max(made, key=lambda data: int(_WORDY[np.frombuffer(data, dtype=np.uint8)].sum()))


# by name: what it looks like, and what undoes it
BASES: dict[str, tuple[re.Pattern[str], Callable[[str], bytes]]] = {
    "base36": (re.compile(rf"\b(?:[0-9a-z]{{16,{_MOST}}}|[0-9A-Z]{{16,{_MOST}}})\b"), _of_base36),
    "base45": (re.compile(r"(?<![0-9A-Z$%*+./:-])[0-9A-Z$%*+./-][0-9A-Z $%*+./:-]{14,}"), _of_base45),
    "base58": (re.compile(rf"[1-9A-HJ-NP-Za-km-z]{{15,{_MOST}}}"), _of_base58),
    "base62": (re.compile(rf"[0-9A-Za-z]{{15,{_MOST}}}"), _of_base62),
    "Z85": (re.compile(r"[0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-]{15,}"), _of_z85),
    "bases of DNA": (re.compile(r"(?i)\b(?:[acgt]{32,}|[acgu]{32,})\b"), _of_dna),
}
