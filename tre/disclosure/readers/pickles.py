"""Pickles, joblib's and old torch files among them: analysed, never loaded (CWE-502)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Part, Series, Tensor, Unreadable
from tre.disclosure.detectors.models import find_kinds
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pickle_arrays import array_of, read_joblib_array
from tre.disclosure.readers.pickle_machine import Call, Global, Machine
from tre.disclosure.readers.raw_strings import strings_of

# Modules whose functions start programs, run text as code, reach the network or unpickle in turn
# (fickling's list of unsafe imports, docs.python.org/3/library/pickle.html).
_DANGEROUS = {
    "os", "posix", "nt", "subprocess", "sys", "socket", "shutil", "builtins", "__builtin__", "runpy", "pty", "code",
    "importlib", "webbrowser", "ctypes", "pickle", "_pickle", "types", "urllib", "requests", "http", "asyncio",
    "marshal",
}  # fmt: skip
_HARMLESS = {"builtins." + name for name in ("set", "frozenset", "list", "dict", "tuple", "bytearray", "slice", "range",
             "complex", "object", "int", "float", "str", "bytes", "bool")}  # fmt: skip
_SERIES = 10  # numbers or strings in one list from which it is kept as a series


def read_pickle(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Follow every pickle that stands one after the other: strings, imports, arrays, and what comes behind them.

    Raises
    ------
    Unreadable
        A program is damaged or holds more than the policy's ``nodes``; the rule is ``pickle`` all the same.
    """
    stream = io.BytesIO(data)
    number = 0
    while data[stream.tell() : stream.tell() + 1] == b"\x80" or number == 0:
        number += 1
        if number > policy.limits["members"]:
            raise Unreadable("too many pickles in one file", rule="pickle")
        follow(stream, where, contents, policy)
    contents.hits.append(Hit("pickle", "pickle", where, "", number))
    rest = data[stream.tell() :]
    if rest:
        contents.parts.append(Part(f"{where} behind the pickle".strip(), rest))


def follow(stream: io.BytesIO, where: str, contents: Contents, policy: Policy) -> Any:
    """Follow one pickle, keep what it would build, and return it as calls and plain values."""
    arrays: list[np.ndarray] = []

    def built(made: Any, at: io.BytesIO) -> None:
        if isinstance(made, Call) and made.name.endswith(".NumpyArrayWrapper"):
            found = read_joblib_array(made.state, at)
            if found is None:  # objects: a pickle of its own follows
                made.items = [follow(at, where, contents, policy)]
            else:
                arrays.append(found)

    machine = Machine(stream, built)
    value = machine.run()
    contents.add_text(f"{where} strings of the pickle".strip(), "\n".join(machine.strings))
    names = list(dict.fromkeys(machine.globals))
    contents.code.append((f"{where} names it imports".strip(), "\n".join(names)))
    risky = [name for name in names if name.partition(".")[0] in _DANGEROUS and name not in _HARMLESS]
    if risky:
        modules = sorted({name.partition(".")[0] for name in risky})
        contents.hits.append(Hit("pickle", "unsafe-import", where, "it calls into " + ", ".join(modules), len(risky)))
    contents.hits.extend(find_kinds(where, names, policy.models["keep_rows"]))
    arrays += keep_values(value, where, contents, policy)
    for number, array in enumerate(arrays, start=1):
        keep_array(array, f"array {number}", where, contents)
    return value


def keep_array(array: np.ndarray, name: str, where: str, contents: Contents) -> None:
    """Keep an array: numbers as a tensor, strings as a series."""
    place = f"{where} {name}".strip()
    if array.dtype.kind in "fiub":
        contents.tensors.append(Tensor(place, name, array, array.dtype in (np.float32, np.float64)))
        return
    try:
        values = [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in array.ravel()]
    except (ValueError, SystemError) as error:  # NumPy's letters may be none that Unicode has
        raise Unreadable("a value of a pickle is damaged", rule="pickle") from error
    contents.series.append(Series(place, name, tuple(values), False))
    contents.add_text(place, "\n".join(values))


def keep_values(value: Any, where: str, contents: Contents, policy: Policy) -> Iterator[np.ndarray]:
    """Yield the arrays within a value; keep long lists as series and bytes by their strings."""
    waiting, seen, count = [value], set(), 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, (str, int, float, bool, type(None), Global)) or id(each) in seen:
            continue
        seen.add(id(each))
        count += 1
        if count > policy.limits["nodes"]:
            raise Unreadable("a pickle holds more than inspection reads", rule="pickle")
        array = array_of(each)
        if array is not None:
            yield array
        elif isinstance(each, (bytes, bytearray)):
            contents.add_text(f"{where} bytes of the pickle".strip(), strings_of(bytes(each)))
        elif isinstance(each, Call):
            waiting += [each.what, each.args, each.state, each.items]
        elif isinstance(each, (list, tuple)):
            if len(each) >= _SERIES and all(isinstance(part, (str, int, float)) for part in each):
                contents.series.append(Series(where, "list", tuple(map(str, each)), False))
            waiting += list(each)
