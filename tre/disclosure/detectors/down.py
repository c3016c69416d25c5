"""Digits that a column spells from row to row: one in each cell, or some behind the digits that its numbers need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

LENGTH = 10  # digits of an NHS number
ONE = "a digit a cell"
_DIGIT = re.compile(r"\d(?:\.0+)?")
_DECIMAL = re.compile(r"-?(\d{1,9})\.?(\d{0,12})")
_ZEROS = 2  # decimal places without anything in them, before those that are behind them
_FEWEST = 5  # rows
_MOST = 2000


def digits_down(strings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield how a column spells digits, and the digits.

    Parameters
    ----------
    strings : sequence of str
        Its cells, and its name where that is a single digit.
    """
    filled = [each.strip() for each in strings[:_MOST] if each.strip()]
    if len(filled) < _FEWEST:
        return
    if all(_DIGIT.fullmatch(each) for each in filled):
        yield ONE, "".join(each[0] for each in filled)
    else:
        behind = _behind(filled)
        if behind:
            yield "digits behind rounded numbers", behind


def tens(digits: str) -> list[str]:
    """Return digits in tens; the first and the last ten where they are no whole number of tens."""
    if len(digits) < LENGTH:
        return []
    if len(digits) % LENGTH:
        return [digits[:LENGTH], digits[-LENGTH:]]
    return [digits[at : at + LENGTH] for at in range(0, len(digits), LENGTH)]


def _behind(filled: Sequence[str]) -> str:
    """Return the digits that stand behind empty decimal places, of numbers that differ before those; or nothing.

    Numbers that were kept in single precision have such digits too, by which each is the nearest one of 24 bits.
    """
    parts = [_DECIMAL.fullmatch(each) for each in filled]
    if any(part is None for part in parts):
        return ""
    whole, decimals = [part[1] for part in parts if part], [part[2] for part in parts if part]
    places = np.array([list(each.ljust(12, "0")) for each in decimals], dtype="U1").astype(np.int8)
    used: np.ndarray = np.any(places > 0, axis=0)
    width = int(np.flatnonzero(used).max(initial=-1)) + 1
    for start in range(width):
        gap = int(used[start:width].argmax())
        heads = {(one, two[:start]) for one, two in zip(whole, decimals, strict=True)}
        if not used[start] and gap >= _ZEROS and len(heads) >= 0.5 * len(filled):
            tails = ["".join(map(str, row)) for row in places[:, start + gap : width].tolist()]
            return "" if len(set(tails)) < 3 or _is_single(whole, decimals, start, width) else "".join(tails)
    return ""


def _is_single(whole: Sequence[str], decimals: Sequence[str], start: int, width: int) -> bool:
    """Tell whether most numbers are what single precision makes of their first digits."""
    value = np.array([float(f"{one}.{two}0") for one, two in zip(whole, decimals, strict=True)])
    head = np.array([float(f"{one}.{two[:start]}0") for one, two in zip(whole, decimals, strict=True)])
    return bool(np.mean(np.abs(head.astype(np.float32).astype(float) - value) < 10.0**-width) > 0.5)
