"""Exact match against the identifiers that are really held, without holding them here.

The landing zone writes, for each kind of identifier, the sorted 64-bit keyed digests of its normalised values.
With the key and those files one can ask whether a value is held, and learn nothing else. 64 bits of HMAC-SHA-256
over ten million identifiers answer wrongly for about one strange value in 10 ** 12.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tre.disclosure.keyed import heads

KINDS = ("nhs_number", "name_dob", "full_name", "postcode", "hospital_number")
KEY_PURPOSE = "exact-match"

_NOT_LETTERS = re.compile(r"[^a-z ]+")
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
_ISSUED = re.compile(r"[34679]|(?:0[1-9]|[12]\d)(?:0[1-9]|1[0-2])")
_COUNTED = "01234567890123456789"
_DIFFERENT = 3  # digits
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def nhs_number_is_valid(digits: str) -> bool:
    """Tell whether ten digits end in the check digit of an NHS number.

    The rule is modulus 11 with weights 10 to 2 (NHS Data Dictionary, "NHS NUMBER").
    """
    if len(digits) != 10 or not digits.isascii() or not digits.isdigit():
        return False
    check = -sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check == int(digits[9])


def nhs_number_is_issued(digits: str) -> bool:
    """Tell whether ten digits are a valid NHS number of a range that numbers are given from.

    Those of England, Wales and the Isle of Man begin with 3, 4, 6 or 7, Northern Ireland's with 32 to 39, Scotland's
    with a day and a month of birth, and numbers for tests and examples with 9 (NHS Data Dictionary, NHS NUMBER). Of ten
    digits at random that is one in twenty. Digits that count up or down or are but two over again are no number.
    """
    counted = digits in _COUNTED or digits[::-1] in _COUNTED or len(set(digits)) < _DIFFERENT
    return not counted and nhs_number_is_valid(digits) and _ISSUED.match(digits) is not None


def name_words(value: str) -> list[str]:
    """Return the words of a name without accents, case or punctuation; what a hyphen joins is two of them."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return _NOT_LETTERS.sub("", plain.replace("-", " ")).split()


def _person_name(value: str) -> str | None:
    """Return a name's words with a blank between them; None unless there are two."""
    words = name_words(value)
    return " ".join(words) if len(words) >= 2 else None


def normalise(kind: str, value: str) -> str | None:
    """Return the one spelling of a value that is hashed, or None when it cannot be of that kind.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    value : str
        As written. `name_dob` is written ``forenames surname|YYYY-MM-DD``.

    Raises
    ------
    ValueError
        The kind is not known. The value is never in the message.
    """
    if kind == "nhs_number":
        digits = re.sub(r"[\s-]", "", value)
        return digits if nhs_number_is_valid(digits) else None
    if kind == "name_dob":
        name, _, born = value.rpartition("|")
        person = _person_name(name)
        return f"{person}|{born.strip()}" if person and _DATE.fullmatch(born.strip()) else None
    if kind == "full_name":
        return _person_name(value)
    if kind == "postcode":
        squeezed = "".join(value.split()).upper()
        return squeezed if POSTCODE.fullmatch(squeezed) else None
    if kind == "hospital_number":
        squeezed = re.sub(r"[^A-Z0-9]", "", value.upper())
        return squeezed if len(squeezed) >= 5 and any(mark.isdigit() for mark in squeezed) else None
    raise ValueError("unknown kind of identifier")


def message(kind: str, normalised: str) -> str:
    """Return what is hashed of a normalised value: its kind, a zero byte and the value."""
    return f"{kind}\0{normalised}"


def digest(key: bytes, kind: str, normalised: str) -> int:
    """Return the first 8 bytes, big endian, of HMAC-SHA-256 over the value's message."""
    return int(heads(key, [message(kind, normalised).encode()])[0])


def digests(key: bytes, kind: str, values: Iterable[str]) -> np.ndarray:
    """Return the sorted, unique digests (uint64) of those values that can be of that kind."""
    spelled = {each for value in values if (each := normalise(kind, value)) is not None}
    return np.unique(heads(key, (message(kind, each).encode() for each in spelled)))


def write_filter(folder: Path, kind: str, sorted_unique_uint64: np.ndarray) -> Path:
    """Write one filter as ``<kind>.npy``, in place of the one before in one step.

    Raises
    ------
    ValueError
        The kind is not known, or the digests are not sorted, unique uint64.
    """
    held = np.asarray(sorted_unique_uint64)
    return write_filter_of(folder, kind, [held], held.size)


def write_filter_of(folder: Path, kind: str, parts: Iterable[np.ndarray], count: int) -> Path:
    """Write one filter part by part, so that no more than a part is in memory.

    Parameters
    ----------
    parts : iterable of ndarray
        Digests (uint64), sorted and unique, from part to part as well.
    count : int
        How many there are in all.

    Raises
    ------
    ValueError
        The kind is not known, or the digests are not sorted, unique uint64, or not as many as told.
    """
    if kind not in KINDS:
        raise ValueError("unknown kind of identifier")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{kind}.npy"
    write_digests(target, parts, count)
    return target


def write_digests(target: Path, parts: Iterable[np.ndarray], count: int) -> None:
    """Write digests part by part into one file, in place of the one before in one step.

    Raises
    ------
    ValueError
        They are not sorted, unique uint64, or not as many as told.
    """
    draft = target.with_name(f".{target.stem}.{os.getpid()}.part")
    wrong, written, last = "a filter holds sorted, unique, unsigned 64-bit digests", 0, -1
    try:
        with draft.open("wb") as out:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint64)), "fortran_order": False}
            np.lib.format.write_array_header_1_0(out, {**header, "shape": (count,)})
            for part in parts:
                if part.dtype != np.uint64 or part.ndim != 1 or bool(np.any(part[1:] <= part[:-1])):
                    raise ValueError(wrong)
                if part.size and int(part[0]) <= last:
                    raise ValueError(wrong)
                last = int(part[-1]) if part.size else last
                written += part.size
                out.write(part.tobytes())
            out.flush()
            os.fsync(out.fileno())
        if written != count:
            raise ValueError(wrong)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def false_positive_rate(held: int) -> float:
    """Return the chance that a value that is not held is said to be: one digest in 2 ** 64 for each that is."""
    return held / 2.0**64


class ExactFilters:
    """The filters of one folder, mapped into memory, with the key to ask them."""

    def __init__(self, held: dict[str, np.ndarray], key: bytes) -> None:
        self._held, self._key = held, key

    @classmethod
    def load(cls, folder: Path, key: bytes) -> ExactFilters:
        """Return the filters that the folder holds; a kind without a file matches nothing."""
        held = {
            kind: np.load(folder / f"{kind}.npy", mmap_mode="r", allow_pickle=False)
            for kind in KINDS
            if (folder / f"{kind}.npy").is_file()
        }
        return cls(held, key)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there is a filter for."""
        return tuple(self._held)

    def contains(self, kind: str, values: Sequence[str]) -> list[bool]:
        """Tell for each value, as written, whether it is held; False where it cannot be of that kind."""
        if kind not in self._held:
            return [False] * len(values)
        return self.holds(kind, [normalise(kind, value) for value in values])

    def holds(self, kind: str, spelled: Sequence[str | None]) -> list[bool]:
        """Tell for each value in the one spelling that is hashed (:func:`normalise`) whether it is held.

        Each is hashed once, however often it is asked for.
        """
        held = self._held.get(kind)
        asked = list(dict.fromkeys(each for each in spelled if each is not None))
        if held is None or len(held) == 0 or not asked:
            return [False] * len(spelled)
        hashed = heads(self._key, (message(kind, each).encode() for each in asked))
        at = np.minimum(np.searchsorted(held, hashed), len(held) - 1)
        hits = {asked[n] for n in np.flatnonzero(held[at] == hashed).tolist()}
        return [each in hits for each in spelled]
