"""What a file holds, section by section, and one page of the one that is wanted; the rest is counted and not kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pygments.lexer import Lexer

from tre.disclosure.contents import Contents, Part, Table, Tensor, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers import read
from tre.disclosure.showing.colours import coloured, lexer_for, pieces
from tre.disclosure.showing.notebooks import notebook_page
from tre.disclosure.showing.pictures import Album, album_of
from tre.disclosure.showing.shown import (
    COLUMNS,
    LINES,
    MOST_LETTERS,
    NUMBERS,
    ROWS,
    Ask,
    Heading,
    Kind,
    Page,
    Shown,
    Token,
)
from tre.disclosure.source import Source

# Kinds that are text, whatever else their reader makes of them, and the language that they are in
_WRITTEN = {
    "json": "json",
    "yaml": "yaml",
    "html": "html",
    "svg": "xml",
    "xml": "xml",
    "lightgbm": "text",
    "xgboost": "json",
}
_COUNTED = 32 * 1024 * 1024  # bytes: of a longer file nobody counts the rows, for that is to read it all
_SECTIONS = 500
_VALUES = 12  # of an array


def outline(source: Source, ask: Ask, policy: Policy) -> Shown:
    """Return the sections of a file, or of a file within it, and the page that is asked for."""
    inside = list(ask.inside)
    while True:
        found = _Outline(ask if not inside else Ask(section=inside[0]), policy, counts=source.size <= _COUNTED)
        try:
            kind, contents = read(source, "", policy)
        except Unreadable as error:
            return Shown("unreadable", why=f"It cannot be shown: {error.reason}.")
        found.take(kind, source, contents)
        if not inside:
            return found.shown(kind)
        if found.part is None:
            return Shown(kind, tuple(found.headings), why="There is no such file within it.")
        source, inside = Source.of(found.part.data), inside[1:]


class _Outline:
    """Sections in the order in which they are met; of the wanted one a page is kept."""

    def __init__(self, ask: Ask, policy: Policy, *, counts: bool) -> None:
        self.headings: list[Heading] = []
        self.part: Part | None = None
        self._ask, self._policy, self._counts = ask, policy, counts
        self._page: Page | None = None
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._why = ""
        self._laid = 0  # lines of the wanted section that were gone through, on this page or before it
        self._lexer = lexer_for(ask.name) if ask.name else None

    def shown(self, kind: str) -> Shown:
        """Return what was met."""
        why = self._why or ("" if self._page or self.part else "There is nothing to show.")
        return Shown(kind, tuple(self.headings), self._page, why)

    def take(self, kind: str, source: Source, contents: Contents) -> None:
        """Go through all that was read."""
        self._drawn(kind, source)
        if kind in _WRITTEN and source.size <= _COUNTED:
            text = source.whole().decode("utf-8", "replace")
            self._written("as it is written", text, lexer_for(_WRITTEN[kind]) if _WRITTEN[kind] else None)
        for table in contents.tables:
            self._table(table)
        for stream in contents.streams:
            self._through(Contents(tables=[table]) for table in stream.batches)
        for blocks in contents.blocks:
            self._through(blocks)
        seen: set[str] = set()
        for where, text in chain(contents.texts, contents.code):
            if kind in _WRITTEN and not where:
                continue  # it stands above
            seen.add(where)
            self._written(where, text, None)
        for where, text in contents.lines:
            if where not in seen and not (kind in _WRITTEN and not where):
                self._written(where, text, None)
        self._tensors(contents.tensors)
        for part in contents.parts:
            if self._begin("file", part.where, len(part.data)):
                self.part = part

    def _begin(self, kind: Kind, where: str, size: int | None = None) -> bool:
        """Note a section and return whether it is the wanted one."""
        if len(self.headings) >= _SECTIONS:
            return False
        self.headings.append(Heading(where, kind, size))
        return len(self.headings) - 1 == self._ask.section

    def _drawn(self, kind: str, source: Source) -> None:
        """Draw the pictures and pages of a file, or lay out a notebook: that is how its reader sees it."""
        if kind == "notebook":
            size, page = notebook_page(source.whole(), self._ask.page)
            if self._begin("notebook", "the notebook", size):
                self._page = page
            return
        try:
            album = _album(kind, source, self._policy)
            if album is None or not self._begin("pictures", "pages" if kind == "pdf" else "the picture", album.size):
                return
            number = min(self._ask.page, album.size - 1)
            made = album.draw(number)
        except Exception as error:  # a library's own; what else there is can be shown all the same
            self._why = f"It cannot be drawn ({type(error).__name__})."
            return
        more = number + 1 < album.size
        self._page = Page(
            first=number, more=more, picture=made.png, width=made.width, height=made.height, scale=made.scale
        )

    def _through(self, blocks: Iterator[Contents]) -> None:
        """Go through what is read block by block, to the end or until the page is full."""
        try:
            for block in blocks:
                for table in block.tables:
                    self._table(table, goes_on=True)
                for where, text in block.texts:
                    self._text_block(where, text, block.start)
                if not self._counts and self._page is not None and self._page.more:
                    return
        except Unreadable as error:
            self._why = f"It can be shown in part only: {error.reason}."

    def _known(self, kind: Kind, where: str, so_far: int) -> bool:
        """Begin a section or go on with it, and return whether it is the wanted one."""
        key = (kind, where)
        if key not in self._numbers:
            self._numbers[key] = len(self.headings)
            self._begin(kind, where)
        number = self._numbers[key]
        if number < len(self.headings) and self._counts:
            self.headings[number] = Heading(where, kind, so_far)
        return number == self._ask.section

    def _table(self, table: Table, *, goes_on: bool = False) -> None:
        if goes_on:
            wanted = self._known("table", table.where, table.start + table.rows)
        else:
            wanted = self._begin("table", table.where, table.rows)
        if not wanted:
            return
        first = self._ask.page * ROWS
        held = self._page or Page(first=first, names=tuple(map(_short, table.names[:COLUMNS])))
        at = max(first - table.start, 0)
        room = max(ROWS - len(held.rows), 0)
        columns = [column.slice(at, room).to_pylist() for column in table.columns[:COLUMNS]]
        values = [[str(each or "") for each in row] for row in zip(*columns, strict=True)]
        rows = held.rows + tuple(tuple(map(_short, row)) for row in values)
        long = any(len(each) > MOST_LETTERS for row in values for each in row)
        more = table.start + table.rows > first + ROWS
        cut = held.cut or long or len(table.names) > COLUMNS
        self._page = Page(first=first, more=more, cut=cut, names=held.names, rows=rows)

    def _text_block(self, where: str, text: str, start: int) -> None:
        lexer = self._lexer if not where else None
        kind: Kind = "code" if lexer else "text"
        wanted = self._known(kind, where, start + text.count("\n") + (not text.endswith("\n")))
        if wanted:
            # a program that is longer than one block is coloured no further than its first
            self._lay(pieces(coloured(text, lexer if start == 0 else None), start))

    def _written(self, where: str, text: str, lexer: Lexer | None) -> None:
        lines = text.count("\n") + (not text.endswith("\n"))
        if text.strip() and self._begin("code" if lexer else "text", where, lines):
            self._lay(pieces(coloured(text, lexer)))

    def _lay(self, lines: Iterator[tuple[int, tuple[Token, ...]]]) -> None:
        """Keep of some lines those that are on the page; they go on where those before them ended."""
        first = self._ask.page * LINES
        held = self._page or Page(first=first)
        numbers, shown = list(held.numbers), list(held.lines)
        for number, line in lines:
            if first <= self._laid < first + LINES:
                numbers.append(number)
                shown.append(line)
            self._laid += 1
        more = self._laid > first + LINES
        self._page = Page(first=first, more=more, lines=tuple(shown), numbers=tuple(numbers))

    def _tensors(self, tensors: list[Tensor]) -> None:
        if not tensors or not self._begin("numbers", "arrays", len(tensors)):
            return
        first = self._ask.page * NUMBERS
        rows = tuple(_array(each) for each in tensors[first : first + NUMBERS])
        names = ("Name", "Shape", "Type", f"First {_VALUES} values")
        self._page = Page(first=first, more=len(tensors) > first + NUMBERS, names=names, rows=rows)


def _album(kind: str, source: Source, policy: Policy) -> Album | None:
    if source.size > policy.limits["whole_bytes"]:
        return None
    return album_of(source.whole(), kind, policy)


def _array(tensor: Tensor) -> tuple[str, ...]:
    values = ", ".join(f"{value:.6g}" for value in tensor.values.reshape(-1)[:_VALUES])
    shape = " × ".join(map(str, tensor.values.shape))
    return _short(f"{tensor.where} {tensor.name}".strip()), shape, str(tensor.values.dtype), values


def _short(value: str) -> str:
    return value if len(value) <= MOST_LETTERS else f"{value[:MOST_LETTERS]}…"
