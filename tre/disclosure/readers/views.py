"""A picture as it may be looked at: as it shows, without its transparency, its faint marks alone, and turned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image
from scipy import ndimage, spatial

from tre.disclosure.model import Box

_FAINT = 64  # of 256 values: how far faint marks are from what they stand on; more than this is read as it shows
_NEAR = 5  # pixels across, in which nothing strong may stand beside a faint mark: else it is an edge's blur
_GROUNDS = 4  # colours that cover most of a chart
_GROUND = 0.02  # and the share of the picture that one covers at least
_DIFFERENT = 64  # pixels by which two views differ before the second is worth a look
_DARK = 160  # of 256: letters are darker
_LETTERS = 8  # marks as large as letters that are worth reading
_MANY = 4000  # beyond which they are a cloud of points
_LOWEST, _HIGHEST = 4, 80  # pixels of a letter's longer side
_THICKEST = 60  # and of its shorter side at most
_BIN = 6  # degrees within which letters of one line lie from one another
_SHARE = 0.3  # of all pairs of neighbours that lie along one direction
_LEVEL = 4  # degrees that a line may be off to be read as it stands
_COLOURS = 1 << 20  # pixels from which the usual colours are told


def views(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield the picture in grey as it shows, and what of its pixels does not show, where there is such."""
    drawn = picture.convert("RGBA")
    solid = Image.new("RGBA", picture.size, "white")
    solid.alpha_composite(drawn)
    shown = solid.convert("L")
    yield shown
    layers = [np.asarray(solid.convert("RGB"))]
    alpha = np.asarray(drawn.getchannel("A"))
    if alpha.min() < 255:
        bare = drawn.convert("RGB")
        grey = bare.convert("L")
        if np.count_nonzero(np.asarray(grey) != np.asarray(shown)) >= _DIFFERENT:
            yield grey
            layers.append(np.asarray(bare))
        layers.append(alpha[:, :, None])
    for layer in layers:
        faint = _faint(layer)
        if faint is not None:
            yield faint


def without(grey: Image.Image, boxes: Iterable[Box]) -> Image.Image:
    """Return the picture with what stands in some boxes made white."""
    left = grey.copy()
    for box in boxes:
        left.paste(255, box)
    return left


def slants(grey: Image.Image) -> list[float]:
    """Return by how many degrees to turn the picture, against the clock, so that lines of letters in it stand level.

    A line is told by the directions from each mark to the nearest one; which end of it is its beginning is not.
    """
    marks = _marks(np.asarray(grey) < _DARK)
    if not _LETTERS <= len(marks) <= _MANY:
        return []
    near = spatial.cKDTree(marks).query(marks, k=2)[1][:, 1]
    steps = marks[near] - marks
    angles = np.degrees(np.arctan2(steps[:, 0], steps[:, 1])) % 180
    counts = np.histogram(angles, bins=180 // _BIN, range=(0, 180))[0]
    both = counts + np.roll(counts, -1)  # lines at the border of two bins
    at = int(both.argmax())
    if both[at] < max(_LETTERS - 2, _SHARE * len(marks)):
        return []
    apart = (angles - (at + 1) * _BIN + 90) % 180 - 90
    angle = float((at + 1) * _BIN + np.median(apart[np.abs(apart) <= _BIN]))
    level = abs((angle + 90) % 180 - 90) <= _LEVEL
    return [180.0] if level else [angle % 360, (angle + 180) % 360]


def _marks(dark: np.ndarray) -> np.ndarray:
    """Return the middles of what is as large as a letter, rows before columns, shape (marks, 2)."""
    labels, _ = ndimage.label(dark, structure=np.ones((3, 3), dtype=int))
    found = [(each[0].start, each[0].stop, each[1].start, each[1].stop) for each in ndimage.find_objects(labels)]
    if not found:
        return np.empty((0, 2))
    edges = np.array(found, dtype=np.float64)
    sides = np.sort(np.stack([edges[:, 1] - edges[:, 0], edges[:, 3] - edges[:, 2]], axis=1), axis=1)
    letters = (sides[:, 1] >= _LOWEST) & (sides[:, 1] <= _HIGHEST) & (sides[:, 0] <= _THICKEST) & (sides[:, 0] >= 2)
    middles: np.ndarray = np.stack([edges[:, :2].mean(axis=1), edges[:, 2:].mean(axis=1)], axis=1)[letters]
    return middles


def _faint(pixels: np.ndarray) -> Image.Image | None:
    """Return what differs a little from the colours that cover the picture, black on white; None when it is no text.

    Parameters
    ----------
    pixels : ndarray
        Shape (rows, columns, samples), uint8.
    """
    grounds = _grounds(pixels)
    if not len(grounds):
        return None
    apart = np.min([np.abs(pixels.astype(np.int16) - each).max(axis=2) for each in grounds], axis=0)
    calm = np.ones(apart.shape, dtype=bool)
    for sample in range(pixels.shape[2]):
        values = pixels[:, :, sample].astype(np.int16)
        calm &= ndimage.maximum_filter(values, _NEAR) - ndimage.minimum_filter(values, _NEAR) <= _FAINT
    marked = (apart > 0) & (apart <= _FAINT) & calm
    if np.count_nonzero(marked) < _DIFFERENT or not _LETTERS <= len(_marks(marked)) <= _MANY:
        return None
    return Image.fromarray(np.where(marked, 0, 255).astype(np.uint8))


def _grounds(pixels: np.ndarray) -> np.ndarray:
    """Return the colours that cover much of a picture, shape (colours, samples)."""
    flat = pixels.reshape(-1, pixels.shape[2])
    some = flat[:: max(1, len(flat) // _COLOURS)]
    packed = some.astype(np.uint32) @ (1 << 8 * np.arange(some.shape[1], dtype=np.uint32))
    _, first, counts = np.unique(packed, return_index=True, return_counts=True)
    usual = np.argsort(counts)[::-1][:_GROUNDS]
    grounds: np.ndarray = some[first[usual[counts[usual] >= _GROUND * len(some)]]].astype(np.int16)
    return grounds
