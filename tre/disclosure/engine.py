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
from tre.disclosure.detectors import pixels
from tre.disclosure.detectors.digests import find_digests, find_lines_of_digests, find_listed_digests
from tre.disclosure.detectors.sentences import find_in_cells, find_in_text, texts_in
from tre.disclosure.detectors.shape import find_lines, find_series, find_shape
from tre.disclosure.detectors.watch import Sight, Watch
from tre.disclosure.model import Hit
from tre.disclosure.naming import examine_names, examine_release_name
from tre.disclosure.numbers import Numbers
from tre.disclosure.readers import read
from tre.disclosure.readers.runs import find_joined, find_tables
from tre.disclosure.readers.statements import read_inserted
from tre.disclosure.rereading import TOP, Depth, Rereading
from tre.disclosure.shapes import Shapes
from tre.disclosure.source import Source
from tre.disclosure.spelled import Spelled, lines_of, rejoined
from tre.disclosure.statistics.published import Published
from tre.disclosure.tally import Tally
from tre.disclosure.veil import veiled, veiled_counts

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_CERTAIN = "record-level"  # once the lines of a text are known to be records, no more rows are looked for in it
# What a hostile file makes of a reader, in ways that no list foretells
_BROKEN = (RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)

_SHARED = 20_000  # cells of a table from which its columns share the cores
Key = tuple[str, str, int]  # where, which table or text of the block, which column


def examine(
    source: Source, sight: Sight, *, name: str = "", published: Published | None = None
) -> tuple[str, list[Hit]]:
    """Return the type of a file and all that was met in it and in the name it is released under, grouped.

    Parameters
    ----------
    published : Published, optional
        Takes the counts that the file's tables tell.
    """
    found = Tally(published)
    again = Rereading(sight.policy, sight.pack, sight.search, lambda *told: _decoded(sight, again, *told))
    with one_budget(sight.policy):
        kind = _examine(source, "", sight, found, again, depth=TOP) if source.size else "empty"
        if name:
            found.extend(examine_release_name(name, sight, again))
    if published is not None:
        found.extend(published.hits())
        published.tables = veiled_counts(published.tables, sight)
    return kind, veiled(found.shortened(), sight)


def grouped(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits with those of one rule, kind and part joined, and a long tail of parts told as one."""
    found = Tally()
    found.extend(hits)
    return found.shortened()


def _examine(source: Source, where: str, sight: Sight, found: Tally, again: Rereading, *, depth: Depth) -> str:
    if depth.files > sight.policy.limits["depth"]:
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
    _Document(sight, found, again, where, depth).take(contents)
    if kind in pixels.KINDS:
        found.extend(_pixels(source.whole(), kind, where, sight, again, depth))
    return kind


def _decoded(sight: Sight, again: Rereading, data: bytes, where: str, depth: Depth) -> list[Hit]:
    """Return what was met in bytes that a decoding made; where nothing can read them they are bytes of any sort."""
    found = Tally()
    kind = _examine(Source.of(data), where, sight, found, again, depth=depth)
    return [Hit("encoded-text", "bytes", where)] if kind == "unreadable" else list(found.hits())


def _pixels(data: bytes, kind: str, where: str, sight: Sight, again: Rereading, depth: Depth) -> Iterator[Hit]:
    for found in pixels.find_in_picture(data, kind, where, sight.policy):
        if isinstance(found, Hit):
            yield found
        else:
            yield Hit("hidden-in-pixels", "message", where, found.how, 1, "", 0.95)
            if again.once(found.data):
                yield from _decoded(sight, again, found.data, f"{where} {found.how}".strip(), depth.decoded())


def _stopped(where: str, error: Exception) -> Hit:
    """Return what is told of a reader that broke: the class of the error alone, never a value."""
    return Hit("unreadable", "unreadable", where, f"the reader stopped ({type(error).__name__})")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


class _Document:
    """The detectors at work on what was read of one file or part of one."""

    def __init__(self, sight: Sight, found: Tally, again: Rereading, where: str, depth: Depth) -> None:
        self._sight, self._found, self._again, self._where, self._depth = sight, found, again, where, depth
        self._numbers, self._spelled = Numbers(sight, again), Spelled(sight)

    def take(self, contents: Contents) -> None:
        """Look at all of it, its long tables and texts batch by batch."""
        self._one(contents)
        for stream in contents.streams:
            self._many(Contents(tables=[table]) for table in stream.batches)
        for blocks in contents.blocks:
            self._many(blocks)

    def _many(self, blocks: Iterator[Contents]) -> None:
        watches: dict[Key, Watch] = {}
        shapes = Shapes(self._sight.policy, self._sight.profile, self._found.published)
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
        for part in contents.parts:
            self._again.know(part.data)
        for number, table in enumerate(contents.tables):
            self._found.extend(shapes.add(table, number))
            self._columns(table, number, watches)
            if table.start == 0:
                self._found.extend(self._numbers.in_table(table, self._depth))
                for where, lines in (*find_joined(table), *texts_in(table)):
                    self._rows(where, lines, certain)
                self._found.extend(self._spelled.in_table(table))
                self._found.extend(find_digests(table, self._sight.policy.shape, self._sight.pack))
                self._found.extend(find_in_cells(table, self._sight.policy, self._sight.profile))
                if listed := rejoined(table):
                    again = text_cells(table.where, listed)
                    self._found.extend((*self._sight.search(again), *self._again.look(again, self._depth)))
                for where, text in lines_of(table):
                    self._found.extend(self._again.between(where, text, self._depth))
        self._found.extend(find_lines(contents.series, self._sight.policy.shape))
        for series in contents.series:
            self._found.extend(find_series(series, self._sight.policy.shape))
            self._found.extend(find_listed_digests(series, self._sight.policy.shape))
            self._found.extend(self._numbers.in_values(series.where, series.name, series.values, self._depth))
        for tensor in contents.tensors:
            self._found.extend(self._numbers.in_tensor(tensor, self._depth))
        for where, text in contents.lines:
            self._rows(where, text, certain)
        for number, (where, text) in enumerate(contents.texts):
            if text.strip():
                plain, hits = self._again.unrolled(where, text, self._depth)
                self._found.extend(hits)
                cells = text_cells(where, plain, contents.start)
                self._watch(watches, (where, "text", number), cells.header, in_table=False).feed(cells)
                self._found.extend(self._again.look(cells, self._depth))
                self._found.extend(self._again.between(where, text, self._depth, contents.start))
                self._found.extend(self._spelled.in_text(where, text))
                self._found.extend(self._spelled.in_program(where, text))
                self._found.extend(find_lines_of_digests(where, text, self._sight.policy.shape))
                self._found.extend(find_in_text(where, text, self._sight.policy, self._sight.profile))
                for place, table in enumerate(read_inserted(where, plain)[0]):  # its columns have names to go by
                    self._columns(table, place, watches)
        for where, text in contents.code:
            self._code(where, text)
        for where, names in contents.names:
            self._found.extend(examine_names(where, names, self._sight, self._again))
        for part in contents.parts:
            if part.data:
                source = Source.of(part.data)
                _examine(source, part.where, self._sight, self._found, self._again, depth=self._depth.within())

    def _watch(self, watches: dict[Key, Watch], key: Key, header: str, *, in_table: bool) -> Watch:
        if key not in watches:
            watches[key] = Watch(self._sight, header, in_table=in_table)
        return watches[key]

    def _columns(self, table: Table, number: int, watches: dict[Key, Watch]) -> None:
        """Look at each column; Arrow's kernels do not hold Python's lock, so that the columns share the cores."""
        if table.start == 0:
            heads = table.heads()
            self._watch(watches, (heads.where, "heads", number), "", in_table=False).feed(heads)
            self._found.extend(self._again.look(heads, self._depth))
        keys = [(f"{table.where}\0{name}", f"column {number}", n) for n, name in enumerate(table.names)]
        seen = [self._watch(watches, key, table.names[key[2]], in_table=True) for key in keys]
        share = _pool().map if table.rows * len(keys) >= _SHARED else map
        columns = [table.column(n) for n in range(len(keys))]
        list(share(lambda n: seen[n].feed(columns[n]), range(len(keys))))
        for column in columns:
            self._found.extend(self._again.look(column, self._depth))

    def _rows(self, where: str, text: str, certain: set[str], *, within: bool = False) -> None:
        """Look for rows of people in the lines of a text, and in its tables' cells, until some were found."""
        if where in certain:
            return
        sight = self._sight
        for table in find_tables(where, text, sight.policy.shape):
            hits = list(find_shape(table, sight.policy.shape, sight.policy.profile(sight.profile)))
            self._found.extend(hits)
            if any(hit.rule == _CERTAIN for hit in hits):
                certain.add(where)
            elif self._found.published is not None:
                self._found.published.add(table, sight.policy.shape)
            for place, lines in () if within else find_joined(table):
                self._rows(place, lines, certain, within=True)

    def _code(self, where: str, text: str) -> None:
        if not text.strip():
            return
        self._found.extend(self._spelled.in_program(where, text))
        self._found.extend(self._again.carried(where, text, self._depth))
        sure = {entity.kind for entity in self._sight.pack.entities if entity.sure}
        cells = text_cells(where, _COLOUR.sub("", text))
        for hit in (*self._sight.search(cells), *self._again.look(cells, self._depth)):
            rule = hit.rule
            if rule == "identifier" and hit.kind not in sure:
                rule = "possible-identifier"
            self._found.extend([replace(hit, rule="possible-name" if rule == "person-name" else rule)])
