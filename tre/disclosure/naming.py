"""What stands in a name that something is kept under: a file's, an archive member's, a sheet's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tre.disclosure.contents import text_cells
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.model import Hit
from tre.disclosure.rereading import Rereading

_SEPARATORS = re.compile(r"[^A-Za-z0-9'-]+|_|(?<=[A-Za-z])-|-(?=[A-Za-z])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_DIGITS = re.compile(r"\d+")
_FOLDERS = re.compile(r"[/\\]+")


def spellings(name: str) -> list[str]:
    """Return the ways to read a name: as it is, without its ending, and its words parted by blanks."""
    return [name, name.rpartition(".")[0], _SEPARATORS.sub(" ", name), _SEPARATORS.sub(" ", _CAMEL.sub(" ", name))]


def examine_names(where: str, names: Iterable[str], sight: Sight, again: Rereading) -> Iterator[Hit]:
    """Yield what stands in some names, however their words are parted; of a path each part is a name."""
    parts = dict.fromkeys(part for name in names for part in _FOLDERS.split(name) if part)
    yield from _examined(where, (each for part in parts for each in spellings(part)), sight, again)


def examine_release_name(name: str, sight: Sight, again: Rereading) -> Iterator[Hit]:
    """Yield what stands in the name that a file is released under, its digits put together as well.

    There ten digits that hold a check are no chance.
    """
    for hit in _examined("file name", [*spellings(name), "".join(_DIGITS.findall(name))], sight, again):
        rule = "identifier" if hit.kind == "nhs_number" and hit.rule == "possible-identifier" else hit.rule
        yield replace(hit, rule=rule)


def _examined(where: str, readings: Iterable[str], sight: Sight, again: Rereading) -> Iterator[Hit]:
    cells = text_cells(where, "\n".join(dict.fromkeys(each for each in readings if each)))
    for hit in (*sight.search(cells), *again.look(cells)):
        yield replace(hit, place="")
