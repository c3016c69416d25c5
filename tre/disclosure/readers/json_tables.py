"""Tables in JSON's objects, in each of the ways that a frame is written: by columns, by rows, parted, as a series."""

from __future__ import annotations

import json
import re
from typing import Any

from tre.disclosure.contents import Contents, Series, Table
from tre.disclosure.detectors.counts import names_count

# alone it says that it counts people or events, where a model's settings have numbers of other things
_COUNTED = re.compile(
    r"(n |number of |total |all )?(people|patients|persons|participants|subjects|individuals|women|men|children|deaths|"
    r"births|cases|events|admissions|attendances)( \w+)?",
    re.IGNORECASE,
)
_GROUP = re.compile(  # what people are counted by
    r"(?:under |over |aged? )?\d{1,3}(?: ?(?:-|–|to) ?\d{1,3}|\+| and over| or over)?|[<>]=? ?\d+|f|m|(?:fe)?male|"
    r"wom[ae]n|m[ae]n|boys|girls|(?:not )?(?:known|stated)|quintile \d|q[1-5]|[1-5] .{0,20}deprived|"
    r"(?:19|20)\d\d[-/]\d{2,4}|white|black|asian|mixed",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(.{1,40}?)[\[(_.]?\d{1,7}[\])]?")  # one of many under one name
_SHARED = frozenset({"pie", "sunburst", "treemap", "icicle", "funnelarea"})  # what Plotly draws of labels and values


def keep_drawn(value: dict[str, Any], where: str, contents: Contents) -> None:
    """Keep what a figure draws as large as its counts are: a flow from one to another, a share of a whole."""
    if all(is_flat(value.get(key)) for key in ("source", "target", "value")):
        labels = [f"{one} to {two}" for one, two in zip(value["source"], value["target"], strict=False)]
        numbers = value["value"]
    elif value.get("type") in _SHARED and is_flat(value.get("labels")) and is_flat(value.get("values")):
        labels, numbers = value["labels"], value["values"]
    else:
        return
    if len(labels) == len(numbers) and all(type(each) is int for each in numbers):
        contents.tables.append(Table.of_rows(where, ["drawn", "count"], list(zip(labels, numbers, strict=True))))


def keep_numbered(value: dict[str, Any], where: str, contents: Contents, *, in_figure: bool) -> None:
    """Keep figures under one name and a number each (``theta[1]``, ``theta[2]``) as the array that they are."""
    if len(value) < 2 or not all(isinstance(each, (int, float)) for each in value.values()):
        return
    stems = {found[1] if (found := _NUMBERED.fullmatch(str(key))) else None for key in value}
    if len(stems) == 1 and None not in stems:
        contents.series.append(Series(where, str(stems.pop()), tuple(map(str, value.values())), in_figure))


def keep_indexed(value: dict[str, Any], where: str, contents: Contents) -> bool:
    """Keep an object of objects as a table, whichever of the two goes over the rows; tell whether these share names."""
    if not value or not all(isinstance(each, dict) for each in value.values()):
        return False
    heads = list(dict.fromkeys(str(key) for each in value.values() for key in each))
    if len(value) < 2 and not _number_rows(heads):
        return False
    if _number_rows(heads) or (len(heads) > len(value) and not _number_rows(list(value))):
        rows = [[scalar(each.get(head)) for each in value.values()] for head in heads]
        heads = list(map(str, value))
    else:
        rows = [[scalar(each.get(head)) for head in heads] for each in value.values()]
    if heads:
        contents.tables.append(Table.of_rows(where, heads, rows))
    return sum(map(len, value.values())) > 1.5 * len({key for each in value.values() for key in each})


def keep_parted(value: dict[str, Any], where: str, contents: Contents) -> set[str]:
    """Keep rows that stand beside their columns' names as a table, with the labels of the rows where these stand there.

    Returns
    -------
    set of str
        The keys of what is in the table.
    """
    for rows, body in value.items():
        if not (isinstance(body, list) and body and all(is_flat(row) and len(row) == len(body[0]) for row in body)):
            continue
        flat = {key: each for key, each in value.items() if is_flat(each)}
        last = sorted(
            flat, key=lambda key: "index" in str(key).lower()
        )  # a square frame's index would do for its heads
        heads = next((key for key in last if _are_heads(flat[key], len(body[0]))), None)
        if heads is None:
            continue
        labels = next((key for key, each in flat.items() if key != heads and len(each) == len(body)), None)
        named, lines = list(map(str, flat[heads])), body
        if labels is not None:
            named = [labels, *named]
            lines = [[label, *row] for label, row in zip(flat[labels], body, strict=True)]
        contents.tables.append(Table.of_rows(where, named, lines))
        return {rows, heads} | ({labels} if labels is not None else set())
    return set()


def _are_heads(value: list[Any], width: int) -> bool:
    return len(value) == width and all(isinstance(each, str) for each in value)


def scalar(value: Any) -> object:
    """Return a value as a cell: what is nested as its text."""
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def is_flat(value: Any) -> bool:
    """Tell whether a value is a list of single values."""
    return isinstance(value, list) and bool(value) and not any(isinstance(each, (dict, list)) for each in value)


def _number_rows(keys: list[Any]) -> bool:
    """Tell whether keys number rows in order, as those of a frame's index do."""
    if not all(str(key).isdecimal() for key in keys):
        return False
    numbers = [int(key) for key in keys]
    return len(keys) > 1 and numbers == sorted(set(numbers))


def keep_series(value: dict[str, Any], where: str, contents: Contents, name: str) -> None:
    """Keep whole numbers under the names of groups as a column, and those under names of counts as a row.

    Parameters
    ----------
    name : str
        The key that the object stands under.
    """
    whole = {str(key): each for key, each in value.items() if type(each) is int}
    grouped = sum(bool(_GROUP.fullmatch(key.replace("_", " "))) for key in whole) >= 0.5 * len(whole)
    coded = sorted(whole.values()) in (list(range(len(whole))), list(range(1, len(whole) + 1)))  # labels of a model
    if len(whole) == len(value) >= 2 and (names_count(name) or grouped) and not (coded or _number_rows(list(whole))):
        contents.tables.append(Table.of_rows(where, ["group", name or "of each"], list(whole.items())))
        return
    counts = {key: each for key, each in whole.items() if _COUNTED.fullmatch(key.replace("_", " "))}
    if counts:
        contents.tables.append(Table.of_rows(where, list(counts), [list(counts.values())]))
