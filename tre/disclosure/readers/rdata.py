"""RDS and RData (R Internals, section 1.8, XDR form): data frames as tables, every other vector, name and string."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from rdata.parser import RObject, RObjectType
from rdata.parser._parser import DEFAULT_ALTREP_MAP
from rdata.parser._xdr import ParserXDR

from tre.disclosure.contents import Contents, Series, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

_NUMBERS = {RObjectType.INT, RObjectType.REAL, RObjectType.LGL, RObjectType.CPLX}
_CODE = {RObjectType.CLO, RObjectType.LANG, RObjectType.BCODE, RObjectType.PROM}


class _WholeReads(io.BytesIO):
    """A file that never gives less than it was asked for: the parser would take a cut vector for a short one."""

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        if size is not None and size > 1 and len(got) < size:
            raise EOFError("cut short")
        return got


def read_rdata(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every object without building any of R's; nothing in it is run.

    Raises
    ------
    Unreadable
        It is damaged, cut short, or has more than the policy's ``nodes`` objects.
    """
    start = 7 if data.startswith(b"RDX") else 2
    parser = ParserXDR(memoryview(b""), expand_altrep=True, altrep_constructor_dict=DEFAULT_ALTREP_MAP)
    parser.file = _WholeReads(data[start:])
    try:
        root = parser.parse_all().object
        parser.check_complete()
    except (EOFError, ValueError, KeyError, IndexError, AssertionError, NotImplementedError, RecursionError) as error:
        raise Unreadable("the R objects are damaged, cut short or of an unknown kind") from error
    said: list[str] = []
    framed: set[int] = set()
    for count, (name, each) in enumerate(_objects(root)):
        if count > policy.limits["nodes"]:
            raise Unreadable("it holds more objects than inspection reads", rule="too-big")
        said += _said(each)
        _keep(each, name, where, contents, framed)
    contents.add_text(f"{where} strings of its objects".strip(), "\n".join(said))


def _objects(root: RObject) -> Iterator[tuple[str, RObject]]:
    """Yield every object once, with the name that it stands under."""
    waiting: list[tuple[str, Any]] = [("", root)]
    seen: set[int] = set()
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, (list, tuple)):
            waiting += [(name, inner) for inner in reversed(each)]
        elif isinstance(each, RObject) and id(each) not in seen:
            seen.add(id(each))
            yield name, each
            tag = _text(each.tag) if each.tag is not None else name
            waiting += [(name, each.attributes), (name, each.tag), (name, each.referenced_object)]
            if each.info.type is not RObjectType.CHAR:
                value = each.value
                inner = value if isinstance(value, (list, tuple, RObject)) else getattr(value, "__dict__", {}).values()
                waiting.append((tag, list(inner) if not isinstance(inner, RObject) else inner))


def _said(each: RObject) -> list[str]:
    return [_bytes(each.value)] if each.info.type is RObjectType.CHAR and each.value is not None else []


def _bytes(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _text(each: RObject | None) -> str:
    """Return what a symbol or a string says."""
    while each is not None and each.info.type is not RObjectType.CHAR:
        each = each.referenced_object if each.info.type is RObjectType.REF else each.value
        if not isinstance(each, RObject):
            return ""
    return "" if each is None or each.value is None else _bytes(each.value)


def _attributes(each: RObject) -> dict[str, RObject]:
    """Return an object's attributes by name, from the pairs that they are kept as."""
    made: dict[str, RObject] = {}
    pairs = each.attributes
    while pairs is not None and pairs.info.type is RObjectType.LIST:
        made[_text(pairs.tag)] = pairs.value[0]
        pairs = pairs.value[1]
    return made


def _keep(each: RObject, name: str, where: str, contents: Contents, framed: set[int]) -> None:
    """Keep a data frame as a table and other vectors as series; `framed` has what is part of a frame already."""
    kind = each.info.type
    if kind in _CODE:
        contents.hits.append(Hit("active-content", "function", where))
    if kind is RObjectType.RAW:
        contents.hits.append(Hit("hidden-content", "raw-bytes", where))
    elif kind is RObjectType.VEC and (columns := _frame(each)):
        contents.tables.append(Table.of_rows(where, list(columns), list(zip(*columns.values(), strict=True))))
        framed.update(map(id, [*each.value, *_attributes(each).values()]))
    elif id(each) in framed:
        return
    elif kind in _NUMBERS or kind is RObjectType.STR:
        values = _values(each)
        if len(values) > 1:
            contents.series.append(Series(where, name, tuple(values), False))


def _frame(each: RObject) -> dict[str, list[str]]:
    """Return the columns of a list whose vectors are all of one length, by name: a data frame."""
    parts = [_values(column) for column in each.value]
    if len(parts) < 2 or not parts[0] or len({len(part) for part in parts}) != 1 or len(parts[0]) < 2:
        return {}
    names = _attributes(each).get("names")
    heads = _values(names) if names is not None else []
    heads += [f"column {n + 1}" for n in range(len(heads), len(parts))]
    return {f"{head}": part for head, part in zip(heads, parts, strict=False)}


def _values(each: RObject) -> list[str]:
    """Return a vector as strings; a factor by its labels."""
    kind = each.info.type
    if kind is RObjectType.STR:
        return [_text(part) for part in each.value]
    if kind not in _NUMBERS:
        return []
    numbers = np.ma.asarray(each.value).tolist()
    levels = _attributes(each).get("levels")
    if levels is not None:
        labels = _values(levels)
        return [labels[n - 1] if isinstance(n, int) and 0 < n <= len(labels) else "" for n in numbers]
    return ["" if n is None else _number(n) for n in numbers]


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
