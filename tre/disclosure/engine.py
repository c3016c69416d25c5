"""Read one file to its depths and run every detector over it: the part that works inside the sandbox."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

from tre.disclosure.budget import one_budget
from tre.disclosure.contents import Contents, Table, Unreadable, text_cells
from tre.disclosure.detectors.names import find_names
from tre.disclosure.detectors.shape import find_series, find_shape
from tre.disclosure.detectors.tensors import find_tensor_rows
from tre.disclosure.detectors.watch import Sight, Watch
from tre.disclosure.model import Hit
from tre.disclosure.readers import read
from tre.disclosure.readers.runs import find_tables
from tre.disclosure.shapes import Shapes
from tre.disclosure.source import Source
from tre.disclosure.tally import Tally

_SEPARATORS = re.compile(r"[^A-Za-z0-9'-]+|_|(?<=[A-Za-z])-|-(?=[A-Za-z])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_DIGITS_ALONE = re.compile(r"\d+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_CERTAIN = "record-level"  # once the lines of a text are known to be records, no more rows are looked for in it
# What a hostile file makes of a reader, in ways that no list foretells
_BROKEN = (RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)

_SHARED = 20_000  # cells of a table from which its columns share the cores
Key = tuple[str, str, int]  # where, which table or text of the block, which column


def examine(source: Source, sight: Sight, *, name: str = "") -> tuple[str, list[Hit]]:
    """Return the type of a file and all that was met in it and in the name it is released under, grouped."""
    found = Tally()
    with one_budget(sight.policy):
        kind = _examine(source, "", sight, found, depth=0) if source.size else "empty"
    if name:
        found.extend(_examine_name(name, sight))
    return kind, found.shortened()


def grouped(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits with those of one rule, kind and part joined, and a long tail of parts told as one."""
    found = Tally()
    found.extend(hits)
    return found.shortened()


def _examine_name(name: str, sight: Sight) -> Iterator[Hit]:
    """Yield what stands in a file's name, which is released too, however its words are parted.

    In a name written small, two words that happen to be names may be a title; ten digits with a check digit have no
    other use in a name.
    """
    parted = _SEPARATORS.sub(" ", _CAMEL.sub(" ", name))
    tokens = [name, name.rpartition(".")[0], _SEPARATORS.sub(" ", name), parted, "".join(_DIGITS_ALONE.findall(name))]
    watch = Watch(sight, "", in_table=False)
    watch.feed(text_cells("file name", "\n".join(tokens)))
    for hit in watch.hits():
        rule = "identifier" if hit.kind == "nhs_number" and hit.rule == "possible-identifier" else hit.rule
        yield replace(hit, rule=rule, place="")
    for hit in find_names(text_cells("file name", parted.title()), sight.pack):
        yield replace(hit, rule="possible-name", place="", sample="")


def _examine(source: Source, where: str, sight: Sight, found: Tally, *, depth: int) -> str:
    if depth > sight.policy.limits["depth"]:
        found.extend([Hit("too-big", "depth", where, "files within files")])
        return "unknown"
    try:
        kind, contents = read(source, where, sight.policy)
    except Unreadable as error:
        found.extend([Hit(error.rule, error.rule, where, error.reason)])
        return "unreadable"
    except _BROKEN as error:
        found.extend([_stopped(where, error)])
        return "unreadable"
    _Document(sight, found, where, depth).take(contents)
    return kind


def _stopped(where: str, error: Exception) -> Hit:
    """Return what is told of a reader that broke: the class of the error alone, never a value."""
    return Hit("unreadable", "unreadable", where, f"the reader stopped ({type(error).__name__})")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


class _Document:
    """The detectors at work on what was read of one file or part of one."""

    def __init__(self, sight: Sight, found: Tally, where: str, depth: int) -> None:
        self._sight, self._found, self._where, self._depth = sight, found, where, depth

    def take(self, contents: Contents) -> None:
        """Look at all of it, its long tables and texts batch by batch."""
        self._one(contents)
        for stream in contents.streams:
            self._many(Contents(tables=[table]) for table in stream.batches)
        for blocks in contents.blocks:
            self._many(blocks)

    def _many(self, blocks: Iterator[Contents]) -> None:
        watches: dict[Key, Watch] = {}
        shapes = Shapes(self._sight.policy, self._sight.profile)
        certain: set[str] = set()
        while (block := self._next(blocks)) is not None:
            self._block(block, watches, shapes, certain)
        # what was met before the file turned out to be cut short counts all the same
        self._found.extend(shapes.end())
        for watch in watches.values():
            self._found.extend(watch.hits())

    def _next(self, blocks: Iterator[Contents]) -> Contents | None:
        """Return the next block; None at the end, or where the file turns out to be cut short, which is told."""
        try:
            return next(blocks, None)
        except Unreadable as error:
            self._found.extend([Hit(error.rule, error.rule, self._where, error.reason)])
        except _BROKEN as error:
            self._found.extend([_stopped(self._where, error)])
        return None

    def _one(self, contents: Contents) -> None:
        """Look at what is read as a whole: every table and text stands for itself."""
        for table in contents.tables:
            self._many(iter([Contents(tables=[table])]))
        for where, text in contents.lines:
            self._rows(where, text, set())
        self._many(iter([replace(contents, tables=[], lines=[])]))

    def _block(self, contents: Contents, watches: dict[Key, Watch], shapes: Shapes, certain: set[str]) -> None:
        """Look at one block; what it holds of a table or a text goes on in the next."""
        self._found.extend(contents.hits)
        for number, table in enumerate(contents.tables):
            self._found.extend(shapes.add(table, number))
            self._columns(table, number, watches)
        for series in contents.series:
            self._found.extend(find_series(series, self._sight.policy.shape))
        for tensor in contents.tensors:
            self._found.extend(find_tensor_rows(tensor, self._sight.policy.shape))
        for where, text in contents.lines:
            self._rows(where, text, certain)
        for number, (where, text) in enumerate(contents.texts):
            if text.strip():
                cells = text_cells(where, text, contents.start)
                self._watch(watches, (where, "text", number), cells.header, in_table=False).feed(cells)
        for where, text in contents.code:
            self._code(where, text)
        for part in contents.parts:
            if part.data:
                _examine(Source.of(part.data), part.where, self._sight, self._found, depth=self._depth + 1)

    def _watch(self, watches: dict[Key, Watch], key: Key, header: str, *, in_table: bool) -> Watch:
        if key not in watches:
            watches[key] = Watch(self._sight, header, in_table=in_table)
        return watches[key]

    def _columns(self, table: Table, number: int, watches: dict[Key, Watch]) -> None:
        """Look at each column; Arrow's kernels do not hold Python's lock, so that the columns share the cores."""
        if table.start == 0:
            heads = table.heads()
            self._watch(watches, (heads.where, "heads", number), "", in_table=False).feed(heads)
        keys = [(f"{table.where}\0{name}", f"column {number}", n) for n, name in enumerate(table.names)]
        seen = [self._watch(watches, key, table.names[key[2]], in_table=True) for key in keys]
        share = _pool().map if table.rows * len(keys) >= _SHARED else map
        list(share(lambda n: seen[n].feed(table.column(n)), range(len(keys))))

    def _rows(self, where: str, text: str, certain: set[str]) -> None:
        """Look for rows of people in the lines of a text, until some were found."""
        if where in certain:
            return
        sight = self._sight
        for table in find_tables(where, text, sight.policy.shape):
            hits = list(find_shape(table, sight.policy.shape, sight.policy.profile(sight.profile)))
            self._found.extend(hits)
            if any(hit.rule == _CERTAIN for hit in hits):
                certain.add(where)

    def _code(self, where: str, text: str) -> None:
        if not text.strip():
            return
        sure = {entity.kind for entity in self._sight.pack.entities if entity.sure}
        watch = Watch(self._sight, "", in_table=False)
        watch.feed(text_cells(where, _COLOUR.sub("", text)))
        for hit in watch.hits():
            rule = hit.rule
            if rule == "identifier" and hit.kind not in sure:
                rule = "possible-identifier"
            self._found.extend([replace(hit, rule="possible-name" if rule == "person-name" else rule)])
