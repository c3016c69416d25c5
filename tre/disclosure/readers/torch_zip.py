"""Files of torch.save: a ZIP of one pickle and the raw storages of its tensors, which are read without it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Tensor
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import keep_members, open_zip
from tre.disclosure.readers.pickle_machine import Call, Global
from tre.disclosure.readers.pickles import follow
from tre.disclosure.readers.raw_strings import strings_of

_STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1", "BoolStorage": "<u1",
}  # fmt: skip
_OWN = ("version", "byteorder", ".format_version", ".storage_alignment", "serialization_id")


def read_torch(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Follow the pickle, and keep each storage as a tensor of the type that the pickle says it has."""
    members = open_zip(data, where, contents, policy)
    name = next(each for each in members if each.rpartition("/")[2] == "data.pkl")
    base = name.removesuffix("data.pkl")
    contents.add_text(f"{where} member names".strip(), "\n".join(members))
    stream = io.BytesIO(members.pop(name))
    kinds = _storages(follow(stream, where, contents, policy))
    contents.hits.append(Hit("pickle", "pickle", where))
    for key in [each for each in members if each.startswith(f"{base}data/")]:
        _keep_storage(members.pop(key), key.rpartition("/")[2], kinds, where, contents)
    for key in [each for each in members if each.endswith(_OWN)]:
        contents.add_text(f"{where} {key.rpartition('/')[2]}".strip(), strings_of(members.pop(key)))
    keep_members(members, where, contents)


def _storages(value: Any) -> dict[str, str]:
    """Return the type of each storage that a pickle refers to, by its key."""
    made, waiting, seen = {}, [value], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Call):
            if each.name == "persistent" and isinstance(each.args[0], tuple) and len(each.args[0]) >= 3:
                _, kind, key = each.args[0][:3]
                if isinstance(kind, Global) and isinstance(key, str):
                    made[key] = kind.name.rpartition(".")[2]
            waiting += [each.what, each.args, each.state, each.items]
        elif isinstance(each, (list, tuple)):
            waiting += list(each)
    return made


def _keep_storage(body: bytes, key: str, kinds: dict[str, str], where: str, contents: Contents) -> None:
    dtype = np.dtype(_STORAGES.get(kinds.get(key, ""), "<u1"))
    values = np.frombuffer(body[: len(body) // dtype.itemsize * dtype.itemsize], dtype)
    contents.tensors.append(Tensor(f"{where} storage".strip(), key, values, dtype in (np.float32, np.float64)))
    contents.code.append((f"{where} strings of a storage".strip(), strings_of(body)))
