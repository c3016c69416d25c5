"""Pictures that are a matrix of values and no figure: a pixel, or a square of them, for each person and variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tre.disclosure.detectors.curves import is_disordered
from tre.disclosure.model import Hit

_NARROW = 32  # squares along the shorter side: the variables of each person
_SHADES = 16  # different values in a line, beyond a few categories


def find_values(pixels: np.ndarray, where: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a picture whose squares, in one direction, have shades in an order that says nothing.

    Parameters
    ----------
    pixels : np.ndarray
        Shape (rows, columns, samples). Lines like the one before, as an enlarged picture has, count once.
    shape : mapping
        ``plot_points``, the least squares in that direction.
    """
    grid = _squares(_squares(pixels).swapaxes(0, 1)).swapaxes(0, 1)
    if grid.shape[0] < grid.shape[1]:
        grid = grid.swapaxes(0, 1)
    high, wide = grid.shape[:2]
    if wide > _NARROW or high < shape["plot_points"]:
        return
    lines = grid.astype(np.float64).sum(axis=2).T
    told = sum(len(np.unique(line)) >= min(_SHADES, high // 3) and is_disordered(line) for line in lines)
    if told > wide / 2:
        yield Hit("possible-figure-rows", "pixels", where, f"{high} by {wide} shades", high * wide, "", 0.6)


def _squares(pixels: np.ndarray) -> np.ndarray:
    """Return the rows that differ from the one before."""
    differ = (pixels[1:] != pixels[:-1]).any(axis=(1, 2))
    return pixels[np.flatnonzero(np.concatenate([[True], differ]))]
