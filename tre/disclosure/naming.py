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
    """Return the ways to read a name: as it is, its words parted by blanks, and its digits alone."""
    parted = _SEPARATORS.sub(" ", _CAMEL.sub(" ", name))
    return [name, name.rpartition(".")[0], _SEPARATORS.sub(" ", name), parted, "".join(_DIGITS.findall(name))]


def examine_names(where: str, names: Iterable[str], sight: Sight, again: Rereading) -> Iterator[Hit]:
    """Yield what stands in some names, however their words are parted; of a path each part is a name."""
    parts = dict.fromkeys(part for name in names for part in _FOLDERS.split(name) if part)
    cells = text_cells(where, "\n".join(dict.fromkeys(each for part in parts for each in spellings(part) if each)))
    for hit in (*sight.search(cells), *again.look(cells)):
        yield replace(hit, place="")


def examine_release_name(name: str, sight: Sight, again: Rereading) -> Iterator[Hit]:
    """Yield what stands in the name that a file is released under: ten digits that hold a check are no chance there."""
    for hit in examine_names("file name", [name], sight, again):
        rule = "identifier" if hit.kind == "nhs_number" and hit.rule == "possible-identifier" else hit.rule
        yield replace(hit, rule=rule)
