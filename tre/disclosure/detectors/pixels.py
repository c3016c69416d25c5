"""What a picture's pixels hold that nobody sees: messages in their lowest bits, faint marks, hidden colours, noise.

A chart is flat areas and lines: between neighbours there is no difference or a large one. A difference of one step,
here and there, is what writing in the least significant bits leaves behind (the pairs of values of Westfeld and
Pfitzmann 1999), whatever was written; what is written without encryption is read as well. What steganography leaves at
a lower rate in photographs is not found, and the documentation says so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageSequence
from scipy import ndimage

from tre.disclosure.detectors.hiding import stretch
from tre.disclosure.detectors.matrices import find_values
from tre.disclosure.detectors.meaning import is_file, is_spelling, reads_as_words
from tre.disclosure.model import Box, Hit
from tre.disclosure.policy import Policy

KINDS = {"png": "PNG", "gif": "GIF", "tiff": "TIFF", "bmp": "BMP", "webp": "WEBP", "jpeg": "JPEG"}
_LOSSY = {"jpeg", "webp"}
_NEAR = 9  # pixels across, around an edge
_MESSAGE = 24  # signs in a row; among a million random bytes such a row stands once in ten million pictures
_OPENING = 12  # signs in a row, where a message would begin or where there are few bytes: there chance has one try
_UNLIKE = 10  # between one sign and the next, on average 20 in text; shades of colour pass into one another
_LOWEST = {1: "the lowest bit", 2: "the lowest two bits"}
_PLANE = 1 << 18  # bytes of each plane that are read for a message
_STEPS = 3  # of a sample's 256 values: less than an eye tells apart
_BLOCK = 32  # side of the squares that are tested for noise
_DAMAGED = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True)
class Message:
    """Bytes that stand in a picture's pixels, and how."""

    how: str
    data: bytes


def find_in_picture(data: bytes, kind: str, where: str, policy: Policy) -> Iterator[Hit | Message]:
    """Yield what the pixels of each frame of a picture give away; nothing where they cannot be decoded.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`, as told from the bytes; no other decoder is tried.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[KINDS[kind]]) as picture:
            for number, frame in enumerate(ImageSequence.Iterator(picture)):
                if number >= policy.limits["frames"] or frame.width * frame.height > policy.limits["pixels"]:
                    return  # the reader says so
                frame.load()
                yield from _find_in_frame(frame, where, policy, lossless=kind not in _LOSSY)
    except _DAMAGED:
        return  # the reader says so


def _find_in_frame(frame: Image.Image, where: str, policy: Policy, *, lossless: bool) -> Iterator[Hit | Message]:
    if frame.mode == "P":
        yield from _find_in_palette(frame, where)
    elif frame.mode not in ("L", "LA", "RGB", "RGBA", "1", "CMYK", "I;16"):
        return
    pixels = _array(frame)
    yield from _messages(pixels)
    shown = _array(frame.convert("RGBA")) if frame.mode in ("P", "LA") else pixels
    if shown.shape[2] == 4 and frame.mode != "CMYK":
        yield from _find_under(shown, where)
    if lossless:
        calm, shape = _calm(shown), policy.shape
        least = max(shape["lone_pixels"], shape["lone_pixels_share"] * calm.size)
        yield from _find_steps(shown, calm, where, least)
        yield from _find_faint(shown[:, :, :3], calm, where, least)
    yield from _find_noise(shown[:, :, :3], where, policy)
    yield from find_values(shown[:, :, :3], where, policy.shape)


def _array(frame: Image.Image) -> np.ndarray:
    """Return the pixels as bytes, shape (rows, columns, samples)."""
    if frame.mode == "1":
        frame = frame.convert("L")
    values = np.asarray(frame)
    if values.dtype != np.uint8:
        values = values.astype("<u2").view(np.uint8).reshape(*values.shape, 2)
    return values[:, :, None] if values.ndim == 2 else values


def _messages(pixels: np.ndarray) -> Iterator[Message]:
    """Yield what the pixels spell: by their lowest bits, one or two of a sample, along rows and columns, or whole."""
    for way, turned in (("", pixels), (" down the columns", pixels.swapaxes(0, 1))):
        for name, samples in _samples(turned):
            flat = samples[: _PLANE * 8 // (samples.shape[1] * samples[0, 0].size) + 1].reshape(-1)
            for bits, label in _LOWEST.items():
                lowest = flat[: _PLANE * 8 // bits] & (2**bits - 1)
                if lowest.size and lowest.min() != lowest.max():
                    spread = np.unpackbits(lowest[:, None], axis=1)[:, 8 - bits :].reshape(-1)
                    for raw in (np.packbits(spread), np.packbits(spread, bitorder="little")):
                        yield from _message(raw.tobytes(), f"{label} of {name}{way}", _OPENING)
            yield from _message(flat[:_PLANE].tobytes(), f"the values of {name}{way}", _MESSAGE)


def _samples(pixels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    count = pixels.shape[2]
    names = ("red", "green", "blue", "alpha") if count >= 3 else ("the pixels", "alpha")
    yield "all samples", pixels
    if count == 4:
        yield "the colours", pixels[:, :, :3]
    if count > 1:
        yield from ((names[each], pixels[:, :, each]) for each in range(count))


def _message(raw: bytes, how: str, least: int) -> Iterator[Message]:
    """Yield a text in some bytes, or a file that they begin with, after its length where that stands first.

    `least` are the signs of a text that the bytes begin with; shades are signs more often than lowest bits are.
    """
    for start in (0, 4):
        if is_file(raw[start : start + 64]) and raw[start : start + 1] != b"x":
            yield Message(how, raw[start:])
            return
    for text in (_opening(raw, least), stretch(raw, _MESSAGE)):
        if _is_meant(text):
            yield Message(how, text.encode())
            return


def _opening(raw: bytes, least: int) -> str:
    """Return the text that some bytes begin with, after its length where that stands first."""
    for start in (0, 2, 4):
        text = stretch(raw[start : start + _MESSAGE], least)
        if text and raw[start:].startswith(text.encode()):
            return stretch(raw[start:], len(text))
    return ""


def _is_meant(text: str) -> bool:
    """Tell whether signs are words, or bytes spelled in letters, and no shades that happen to be signs.

    A shade is near the same sample's of the next pixel, which is up to four samples on.
    """
    if not text or not (reads_as_words(text) or is_spelling(text)):
        return False
    signs = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int16)
    return min(float(np.abs(signs[lag:] - signs[:-lag]).mean()) for lag in range(1, 5)) > _UNLIKE


def _find_in_palette(frame: Image.Image, where: str) -> Iterator[Hit | Message]:
    """Yield a hit for colours of a palette that no pixel has and that say or vary more than a program's own do."""
    palette = np.asarray(frame.getpalette("RGB") or [], dtype=np.uint8)
    used = {int(n) for n in np.unique(np.asarray(frame))}
    unused = [n for n in range(len(palette) // 3) if n not in used]
    text = stretch(palette.tobytes(), _OPENING)
    if _is_meant(text):
        yield Hit("hidden-in-pixels", "palette", where, "the palette", len(unused), "", 0.9)
        yield Message("the palette", text.encode())
    colours = [tuple(palette[3 * n : 3 * n + 3]) for n in used if 3 * n + 3 <= len(palette)]
    twins = len(colours) - len({tuple(int(each) >> 1 for each in colour) for colour in colours})
    if twins > len(colours) / 4 and len(colours) >= 16:  # each colour doubled, so that its number's bit is free
        yield Hit("possible-hidden-in-pixels", "palette-twins", where, "the palette", twins, "", 0.6)


def _find_under(pixels: np.ndarray, where: str) -> Iterator[Hit]:
    """Yield a hit for colours under full transparency, which no viewer shows, when they are a picture of their own."""
    clear = pixels[:, :, 3] == 0
    colours = pixels[:, :, :3][clear]
    if len(colours) >= 64 and len(np.unique(colours[: 1 << 20], axis=0)) > 16:
        kind, box = "under-transparency", _box(clear)
        yield Hit("hidden-in-pixels", kind, where, "fully transparent pixels", int(clear.sum()), "", 0.9, box=box)


def _calm(pixels: np.ndarray) -> np.ndarray:
    """Return where nothing visible is near, shape (rows, columns): no edge, which smoothing and scaling blur."""
    calm = np.ones(pixels.shape[:2], dtype=bool)
    for sample in range(pixels.shape[2]):
        highest = ndimage.maximum_filter(pixels[:, :, sample], size=_NEAR)
        calm &= highest - ndimage.minimum_filter(pixels[:, :, sample], size=_NEAR) <= 2 * _STEPS
    return calm


def _find_steps(pixels: np.ndarray, calm: np.ndarray, where: str, least: float) -> Iterator[Hit]:
    """Yield a hit for pixels that alone differ by a step or so from the four around them, which are all the same."""
    lone = np.zeros(pixels.shape[:2], dtype=bool)
    ones = flips = 0
    for sample in range(pixels.shape[2]):
        values = pixels[:, :, sample]
        inner, left = values[1:-1, 1:-1], values[1:-1, :-2]
        level = (left == values[1:-1, 2:]) & (left == values[:-2, 1:-1]) & (left == values[2:, 1:-1]) & (left != inner)
        level &= calm[1:-1, 1:-1]
        here, around = inner[level].astype(np.int16), left[level].astype(np.int16)
        lone[1:-1, 1:-1][level] |= np.abs(here - around) <= _STEPS
        ones += int((np.abs(here - around) == 1).sum())
        flips += int(((here ^ 1) == around).sum())
    count = int(lone.sum())
    if count < least:
        return
    # replacing the lowest bit only moves a value to its partner in a pair; any other cause moves it either way
    sure = flips >= 0.9 * ones and ones >= 0.9 * count
    rule, kind = ("hidden-in-pixels", "lowest-bits") if sure else ("possible-hidden-in-pixels", "lone-pixels")
    yield Hit(rule, kind, where, "pixels a step from those around", count, "", 0.8 if sure else 0.5, box=_box(lone))


def _find_faint(pixels: np.ndarray, calm: np.ndarray, where: str, least: float) -> Iterator[Hit]:
    """Yield a hit for what is drawn in a colour that no eye tells from the background's."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1][-pixels.shape[2] :], dtype=np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    background = pixels.reshape(-1, pixels.shape[2])[np.flatnonzero(packed == colours[counts.argmax()])[0]]
    apart = np.abs(pixels.astype(np.int16) - background.astype(np.int16)).max(axis=2)
    faint = (apart > 0) & (apart <= _STEPS) & calm
    if faint.sum() >= least:
        place = "marks in the background's colour, nearly"
        yield Hit("possible-hidden-in-pixels", "faint", where, place, int(faint.sum()), "", 0.5, box=_box(faint))


def _find_noise(pixels: np.ndarray, where: str, policy: Policy) -> Iterator[Hit]:
    """Yield a hit for squares in which a pixel says nothing of its neighbour: packed or encrypted bytes look so."""
    grey = pixels.astype(np.int16).sum(axis=2)
    high, wide = (side // _BLOCK * _BLOCK for side in grey.shape)
    if not high or not wide:
        return
    squares = grey[:high, :wide].reshape(high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK).swapaxes(1, 2)
    near = np.abs(np.diff(squares, axis=3)).mean(axis=(2, 3)) + np.abs(np.diff(squares, axis=2)).mean(axis=(2, 3))
    ordered = np.sort(squares.reshape(*squares.shape[:2], -1), axis=2)
    size = ordered.shape[2]
    weights = 2 * np.arange(size) - size + 1
    far = 4 * (ordered * weights).sum(axis=2) / (size * (size - 1))  # twice the mean difference of any two (Gini)
    noisy = (near > 0.85 * far) & (far > 16) & ((np.diff(ordered, axis=2) > 0).sum(axis=2) > _BLOCK)
    if noisy.sum() >= policy.shape["noise_squares"]:
        box = _box(np.kron(noisy, np.ones((_BLOCK, _BLOCK), dtype=bool)))
        yield Hit("possible-hidden-in-pixels", "noise", where, "pixels at random", int(noisy.sum()), "", 0.5, box=box)


def _box(marked: np.ndarray) -> Box:
    """Return the smallest box around the marked pixels: left, top, right and bottom, the last two just outside."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
