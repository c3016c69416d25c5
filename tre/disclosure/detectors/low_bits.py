"""What the lowest bits of numbers spell: a weight or a measure looks the same whatever stands there.

Song, Ristenpart and Shmatikov 2017 (Machine learning models that remember too much) write training data so, and lose no
accuracy. What is encrypted before is random, as lowest bits are, and is not found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tre.disclosure.detectors.hiding import stretch
from tre.disclosure.detectors.packed import reads

_BITS = (8, 1, 2, 4, 16)
_MOST = 100_000  # numbers of one array
_STRETCH = 24  # signs in a row
_WORDS = {2: np.uint16, 4: np.uint32, 8: np.uint64}


def texts_below(values: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield how the lowest bits of some floats spell a text, and the text.

    Parameters
    ----------
    values : np.ndarray
        float16, float32 or float64, any shape. Bits that are zero in all, as in floats that were widened, are left out.
    """
    flat = values.reshape(-1)[:_MOST]
    if flat.dtype.kind != "f" or flat.dtype.itemsize not in _WORDS or len(flat) < _STRETCH:
        return
    words = flat.astype(flat.dtype.newbyteorder("=")).view(_WORDS[flat.dtype.itemsize]).astype(np.uint64)
    some = int(np.bitwise_or.reduce(words))
    low = words >> np.uint64((some & -some).bit_length() - 1 if some else 0)
    for bits in _BITS:
        for raw in _packed(low, bits):
            text = stretch(raw, _STRETCH)
            if text and reads(text):
                yield f"the lowest {bits} bits of numbers" if bits > 1 else "the lowest bit of numbers", text
                return


def _packed(words: np.ndarray, bits: int) -> Iterator[bytes]:
    """Yield the lowest bits of all words in a row, the first of them as the highest of a byte and as the lowest."""
    spread = (words[:, None] >> np.arange(bits, dtype=np.uint64)) & np.uint64(1)  # the lowest first
    yield np.packbits(spread[:, ::-1].astype(np.uint8).reshape(-1)).tobytes()
    yield np.packbits(spread.astype(np.uint8).reshape(-1), bitorder="little").tobytes()
