"""NumPy's .npy (numpy.lib.format, versions 1 to 3); an .npz is a ZIP of them."""

from __future__ import annotations

import ast
from math import prod
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Part, Table, Tensor, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.fitted_trees import is_fitted_tree, keep_tree

_MAGIC = 6
_HEADER_BYTES = 65536  # longer ones take the parser longer than they are worth; NumPy refuses over 10,000
_WIDEST = 1000  # columns of an array that is read as a table
_LATIN, _UTF8 = 1, 3


def read_npy(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read an array by its header: records and strings as a table, numbers as a tensor too; of objects, the pickle.

    Raises
    ------
    Unreadable
        It is damaged or cut short, or has more than the policy's ``cells``.
    """
    header, start = _header(data)
    dtype, shape = _type(header["descr"]), header["shape"]
    if not isinstance(shape, tuple) or any(not isinstance(side, int) or side < 0 for side in shape):
        raise Unreadable("the header of the array is damaged")
    if dtype.hasobject:
        contents.parts.append(Part(f"{where} pickle".strip(), data[start:]))
        return
    size = prod(shape)
    if size * max(len(dtype.fields or ()), 1) > policy.limits["cells"]:
        raise Unreadable("the array has more values than inspection reads", rule="too-big")
    end = start + size * dtype.itemsize
    if len(data) < end:
        raise Unreadable("the array is cut short")
    if len(data) > end:
        contents.hits.append(Hit("appended-bytes", "appended", where, "after the last value", 1))
        contents.parts.append(Part(f"{where} appended bytes".strip(), data[end:]))
    array = np.frombuffer(data[start:end], dtype).reshape(shape, order="F" if header["fortran_order"] else "C")
    try:
        _keep(array, where, contents)
    except (ValueError, SystemError) as error:  # NumPy's letters may be none that Unicode has
        raise Unreadable("a value of the array is damaged") from error


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """Return the header and where the values start; padding is blanks, or something stands there unseen."""
    if len(data) <= _MAGIC:
        raise Unreadable("the header of the array is cut short")
    version = data[_MAGIC]
    wide = 2 if version == _LATIN else 4
    start = _MAGIC + 2 + wide
    end = start + int.from_bytes(data[_MAGIC + 2 : start], "little")
    if not _LATIN <= version <= _UTF8 or end > min(len(data), _HEADER_BYTES):
        raise Unreadable("the header of the array is damaged or cut short")
    try:
        header = ast.literal_eval(data[start:end].decode("utf-8" if version == _UTF8 else "latin-1").strip())
    except (ValueError, SyntaxError, UnicodeDecodeError, MemoryError, RecursionError) as error:
        raise Unreadable("the header of the array is damaged") from error
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise Unreadable("the header of the array holds more than it may")
    if b"#" in data[start:end]:
        raise Unreadable("the header of the array holds more than it may")
    return header, end


def _type(descr: Any) -> np.dtype:
    """Return the type that a header describes; one whose values have no bytes tells nothing of their number."""
    try:
        dtype = np.dtype(_described(descr))
    except (TypeError, ValueError, SyntaxError, RecursionError, OverflowError) as error:
        raise Unreadable("the header of the array is damaged") from error
    if dtype.itemsize == 0:
        raise Unreadable("the values of the array have no bytes")
    return dtype


def _described(descr: Any) -> Any:
    """Return a description with tuples where JSON-like text has lists: NumPy's fields are tuples."""
    if not isinstance(descr, list):
        return descr
    return [tuple(_described(part) for part in each) if isinstance(each, tuple) else each for each in descr]


def _keep(array: np.ndarray, where: str, contents: Contents) -> None:
    if array.dtype.names and is_fitted_tree(array):
        keep_tree(array, where, contents)
        return
    if array.dtype.names:
        flat = array.ravel()
        contents.tables.append(Table.of_rows(where, array.dtype.names, flat.tolist()))
        return
    if array.dtype.kind in "fiubc":
        real = array.real if array.dtype.kind == "c" else array
        contents.tensors.append(Tensor(where, "array", real, array.dtype in (np.float32, np.float64)))
    if array.ndim == 2 and 1 < array.shape[1] <= _WIDEST:
        names = [f"column {n + 1}" for n in range(array.shape[1])]
        contents.tables.append(Table.of_rows(where, names, _plain(array)))
    else:
        contents.tables.append(Table.of_rows(where, ["value"], [[each] for each in _plain(array.ravel())]))


def _plain(array: np.ndarray) -> list[Any]:
    """Return values as Python's, bytes as text and whole numbers without a point."""
    if array.dtype.kind == "S":
        array = np.char.decode(array, "latin-1")
    if array.dtype.kind == "f" and array.size and bool(np.all(np.isfinite(array) & (array == np.round(array)))):
        array = array.astype(np.int64)
    made: list[Any] = array.tolist()
    return made
