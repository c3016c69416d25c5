"""Numbers that are no measures: text as codes of characters or as bytes, and identifiers in digits or over columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Table
from tre.disclosure.detectors.hiding import stretch
from tre.disclosure.detectors.meaning import is_spelling, reads_as_words, says
from tre.disclosure.exact_match import nhs_number_is_valid
from tre.disclosure.model import Hit, mask

_MOST = 100_000  # numbers of one array that are read as text
_SAMPLE = 2000  # values of a column, and rows of a table, evenly spread
_FEWEST = 5  # values that make a share
_STRETCH = 24
_SHORTEST = 12  # signs
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+")
_MEAN_PIECE = 3  # letters or digits: ages and the ends of floats make pieces of one or two
_VARIED = 16  # different signs of bytes spelled in letters; the ends of floats are few over again
_SCALES = (1.0, 255.0, 256.0, 127.0, 128.0, 1000.0)
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
_DIGITS = 10
_LARGEST = 126  # of the codes of signs in ASCII


def texts_in(values: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield how some numbers spell a text, and the text.

    Parameters
    ----------
    values : ndarray
        Integers or floats of any shape, in the width they are kept in.
    """
    flat = values.reshape(-1)[:_MOST]
    if len(flat) < 2 or flat.dtype.kind not in "iuf":
        return
    numbers = flat.astype(np.float64)
    if np.all(np.isfinite(numbers)):
        yield from _codes(numbers)
        yield from _wide(numbers)
    for order in ("<", ">"):
        text = stretch(flat.astype(flat.dtype.newbyteorder(order)).tobytes(), _STRETCH)
        if text and reads(text):
            yield "the bytes of numbers", text
            return


def reads(text: str) -> bool:
    """Tell whether numbers that happen to be signs read as words, or as bytes spelled in letters."""
    letters = sum(mark.isalpha() for mark in text)
    if not says(text, _SHORTEST) or letters < 0.4 * len(text):
        return False
    pieces = _PIECE.findall(text)
    worded = reads_as_words(text) and sum(map(len, pieces)) >= _MEAN_PIECE * len(pieces)
    return worded or (is_spelling(text) and len(set(text)) >= min(_VARIED, len(text) / 2))


def _codes(numbers: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield the text that numbers spell as codes of characters, as they are or divided by a usual scale."""
    if np.abs(numbers).max() > _LARGEST:
        return
    for scale in _SCALES:
        codes = numbers * scale
        whole = np.round(codes)
        if np.abs(codes - whole).max() < 1e-3 * scale and whole.min() >= 9 and whole.max() <= 126:
            text = whole.astype(np.uint8).tobytes().decode("ascii")
            if reads(text):
                yield "codes of characters", text
                return


def _wide(numbers: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield the text that whole numbers spell, several characters in each."""
    if numbers.min() < 1 << 15 or numbers.max() >= 1 << 63 or np.any(numbers != np.floor(numbers)):
        return
    for order in ("big", "little"):
        raw = b"".join(int(each).to_bytes(8, "big").lstrip(b"\0") for each in numbers[:_SAMPLE])
        text = raw.decode("latin-1") if order == "big" else raw[::-1].decode("latin-1")
        if text.isascii() and text.isprintable() and reads(text):
            yield "numbers of several characters", text
            return


def numbers_of(strings: Sequence[str]) -> np.ndarray | None:
    """Return strings as float64, or None when not all of them are numbers."""
    if not all(_NUMBER.fullmatch(each.strip()) for each in strings):
        return None
    return np.array([float(each) for each in strings])


def find_digits(where: str, name: str, strings: Sequence[str]) -> Iterator[Hit]:
    """Yield a hit for decimals whose digits are NHS numbers, far more often than one in eleven, as by chance."""
    step = len(strings) // _SAMPLE + 1
    found = [(n, digits) for n in range(0, len(strings), step) if (digits := _significant(strings[n]))]
    valid = [(n, digits) for n, digits in found if nhs_number_is_valid(digits)]
    if len(valid) >= _FEWEST and len(valid) >= 0.5 * len(found):
        first, digits = valid[0]
        place = f"row {first + 1}, column {name}" if name else f"value {first + 1}"
        yield Hit("identifier", "nhs_number", where, place, len(valid), mask(digits), 0.9)


def _significant(value: str) -> str:
    """Return the ten digits of a decimal without its point, zeros at the end filled up; empty for other numbers."""
    if "." not in value or not _NUMBER.fullmatch(value.strip()):
        return ""
    digits = re.sub(r"[eE].*|[-+.\s]", "", value).lstrip("0")
    return digits.ljust(_DIGITS, "0") if _DIGITS - 2 <= len(digits) <= _DIGITS else ""


def find_split(table: Table) -> Iterator[Hit]:
    """Yield a hit for neighbouring columns of digits that make NHS numbers when they are put together."""
    rows = range(0, table.rows, table.rows // _SAMPLE + 1)
    columns = [_digits(column, rows) for column in table.columns]
    for start in range(len(columns)):
        joined = [""] * len(rows)
        for end in range(start, min(start + _DIGITS, len(columns))):
            column = columns[end]
            if column is None or any(len(each) > _DIGITS for each in joined[:1]):
                break
            joined = [head + tail for head, tail in zip(joined, column, strict=True)]
            valid = sum(nhs_number_is_valid(each) for each in joined)
            if end > start and valid >= _FEWEST and valid >= 0.5 * len(rows):
                first = next(each for each in joined if nhs_number_is_valid(each))
                place = f"columns {table.names[start]} to {table.names[end]}"
                yield Hit("identifier", "nhs_number", table.where, place, valid, mask(first), 0.9)
                return


def _digits(column: pa.Array, rows: range) -> list[str] | None:
    """Return the column's digits in those rows, filled up with zeros to one width, or None when it has others."""
    values = [column[n].as_py().strip().removesuffix(".0") for n in rows]
    widest = max(map(len, values), default=0)
    if not 0 < widest < _DIGITS or not all(value.isascii() and value.isdigit() for value in values):
        return None
    return [value.zfill(widest) for value in values]
