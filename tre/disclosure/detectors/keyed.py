"""Text under a key that can be tried out: bytes that one byte was XORed into, letters that were all moved or mirrored.

The key is not guessed but told: by how often signs and letters stand in English.
"""

from __future__ import annotations

import numpy as np

from tre.disclosure.detectors.meaning import reads_as_words

_SIGNS = np.zeros(256, dtype=np.int64)
_SIGNS[[9, 10, 13, *range(32, 127)]] = 1
_WORDY = np.array([chr(code).isascii() and (chr(code).isalnum() or code == 32) for code in range(256)], dtype=np.int64)
_KEYS = np.arange(256)
# Whether a byte is a sign, and one of a word, under each key: shape (keys, bytes)
_UNDER, _WORDY_UNDER = (sort[_KEYS[:, None] ^ _KEYS[None, :]] for sort in (_SIGNS, _WORDY))
_LEAST = 24  # bytes, which are signs under a wrong key once in a thousand million times
_MOST = 65_536
# Letters in a thousand of English (Lewand 2000, Cryptological Mathematics)
_ENGLISH = np.array(
    [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1], dtype=float
)
_LETTERS = 20  # of a line, from which they can be counted
_BETTER = 1.25  # how much more a line must be like English when it is moved back
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_MOVED = [_ALPHABET[by:] + _ALPHABET[:by] for by in range(26)]
_TABLES = [
    str.maketrans(written + written.upper(), _ALPHABET + _ALPHABET.upper())
    for written in (*_MOVED, *(each[::-1] for each in _MOVED))
]
# How like English letters are that were counted, for each way to bring them back: shape (52, 26)
_LIKE = np.log(np.array([[_ENGLISH[table[ord(letter)] - 97] for letter in _ALPHABET] for table in _TABLES]) / 1000)


def without_byte(data: bytes) -> bytes | None:
    """Return bytes without the one byte that was XORed into each, when they then read as words; or None."""
    if not _LEAST <= len(data) <= _MOST:
        return None
    counts = np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256)
    wordy = np.where(_UNDER @ counts == len(data), _WORDY_UNDER @ counts, 0)
    key = int(wordy.argmax())
    plain = bytes(np.frombuffer(data, dtype=np.uint8) ^ np.uint8(key))
    return plain if key and wordy[key] and reads_as_words(plain.decode()) else None


def brought_back(line: str) -> str | None:
    """Return a line with its letters where they stand in English, when all were moved or mirrored; or None.

    ROT13 and the line as it is are left out: they are read in any case.
    """
    if len(line) < _LETTERS:
        return None
    letters = np.frombuffer(line.lower().encode("ascii", "ignore"), dtype=np.uint8)
    counts = np.bincount(letters[(letters >= 97) & (letters < 123)] - 97, minlength=26)
    if counts.sum() < _LETTERS:
        return None
    like = _LIKE @ counts / counts.sum()
    best = int(like.argmax())
    if best in (0, 13) or like[best] - like[0] < np.log(_BETTER):
        return None
    return line.translate(_TABLES[best])
