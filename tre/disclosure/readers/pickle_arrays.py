"""NumPy arrays as pickles and joblib write them, read from their raw bytes."""

from __future__ import annotations

import io
from math import prod
from typing import Any

import numpy as np

from tre.disclosure.contents import Unreadable
from tre.disclosure.readers.pickle_machine import Call, Pairs

_KINDS = "fiubcSU"  # whose bytes are values; objects are pickles, times and records are left to their strings
_RECONSTRUCT = ("._reconstruct", "._frombuffer", "multiarray.scalar")


def dtype_of(value: Any) -> np.dtype | None:
    """Return the type that a call to ``numpy.dtype`` would make, or None where its bytes are no plain values."""
    if not isinstance(value, Call) or not value.name.endswith(".dtype") or not value.args:
        return None
    code = value.args[0]
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "="
    if not isinstance(code, str) or code[:1] not in _KINDS or order not in ("<", ">", "|", "="):
        return None
    try:
        return np.dtype(order + code)
    except TypeError:
        return None


def array_of(value: Any) -> np.ndarray | None:
    """Return the array or scalar that a call would make of raw bytes, or None where it would make none."""
    if not isinstance(value, Call) or not value.name.endswith(_RECONSTRUCT):
        return None
    if value.name.endswith("._reconstruct"):
        state = value.state if isinstance(value.state, tuple) and len(value.state) == 5 else (1, (), None, False, b"")
        _, shape, kind, _, raw = state
    elif value.name.endswith("._frombuffer") and len(value.args) >= 3:
        raw, kind, shape = value.args[:3]
    else:
        kind, raw, shape = (*[*value.args, None, None][:2], ())
    dtype = dtype_of(kind)
    if isinstance(raw, Call):  # a bytearray that is made of bytes
        raw = next((each for each in raw.args if isinstance(each, (bytes, bytearray))), None)
    if dtype is None or not isinstance(raw, (bytes, bytearray)) or dtype.itemsize == 0:
        return None
    flat = np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype=dtype)
    return flat.reshape(shape) if _fits(shape, flat.size) else flat


def _fits(shape: Any, size: int) -> bool:
    return (
        isinstance(shape, tuple) and all(isinstance(side, int) and side >= 0 for side in shape) and prod(shape) == size
    )


def read_joblib_array(state: Any, stream: io.BytesIO) -> np.ndarray | None:
    """Read the array that joblib wrote behind its wrapper, or return None where a pickle of objects follows.

    The layout is ``joblib.numpy_pickle.NumpyArrayWrapper.write_array``'s: one byte that counts the padding where the
    wrapper has an alignment, the padding, the values.
    """
    if not isinstance(state, Pairs):
        raise Unreadable("an array of the pickle is damaged", rule="pickle")
    dtype, shape = dtype_of(state.get("dtype")), state.get("shape")
    if dtype is None:
        return None
    if state.get("numpy_array_alignment_bytes") is not None:
        stream.seek(stream.read(1)[0], io.SEEK_CUR)
    if not isinstance(shape, tuple) or not _fits(shape, prod(shape)):
        raise Unreadable("an array of the pickle is damaged", rule="pickle")
    raw = stream.read(prod(shape) * dtype.itemsize)
    if len(raw) < prod(shape) * dtype.itemsize:
        raise Unreadable("an array of the pickle is cut short", rule="pickle")
    return np.frombuffer(raw, dtype=dtype).reshape(shape)
