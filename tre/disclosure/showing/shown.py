"""The values of showing: what is asked, and what a page is given. All of them are plain, so that they pass as JSON."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["table", "text", "code", "pictures", "notebook", "numbers", "file", "nothing"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# How many of a section are on one page
ROWS, LINES, CELLS, NUMBERS = 100, 300, 20, 100
COLUMNS = 60  # that are shown of a table
MOST_LETTERS = 600  # of one cell of a table, and of a line before it goes on below
_PNG = b"\x89PNG\r\n\x1a\n"  # W3C PNG, third edition, section 5.2
_CLASS = re.compile(r"[a-z]?")


class NotShown(Exception):
    """The worker's answer is not of the form that it may have."""


@dataclass(frozen=True)
class Ask:
    """What is to be shown.

    Parameters
    ----------
    inside : tuple of int
        The numbers of the sections that lead into files within the file; empty for the file itself.
    section, page : int
        Counted from 0.
    name : str
        The file's name, by which a language is chosen to colour code in; it decides nothing else.
    """

    inside: tuple[int, ...] = ()
    section: int = 0
    page: int = 0
    name: str = ""


@dataclass(frozen=True)
class Token:
    """Some text of one line; `sort` is a letter by which code is coloured, or empty."""

    sort: str
    text: str


@dataclass(frozen=True)
class Heading:
    """One section of a file; `size` is its rows, lines, pictures or bytes, None where nobody counted them."""

    title: str
    kind: Kind
    size: int | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: its source, and its outputs as text, as tables and as pictures (PNG)."""

    number: int
    sort: str
    source: tuple[tuple[Token, ...], ...]
    texts: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One page of one section.

    Parameters
    ----------
    first : int
        How many rows, lines, cells or pictures stand before it.
    more : bool
        Whether another page follows.
    cut : bool
        Whether columns, or the ends of long values, are left out.
    names, rows
        Of a table: shape (columns,) and (rows, columns).
    lines, numbers
        Of a text or of code, and the number of each line; 0 where a long line goes on.
    picture : bytes
        A PNG that was drawn anew; `scale` is its pixels for one of the file's.
    cells
        Of a notebook.
    """

    first: int = 0
    more: bool = False
    cut: bool = False
    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[tuple[Token, ...], ...] = ()
    numbers: tuple[int, ...] = ()
    picture: bytes = b""
    width: int = 0
    height: int = 0
    scale: float = 1.0
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A file's type, the sections that it has, and one page of one; `why` says why there is none."""

    type: str
    sections: tuple[Heading, ...] = ()
    page: Page | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return _plain(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Shown:
        """Return what :meth:`to_json` wrote, and trust it no further than its form.

        Raises
        ------
        NotShown
            It has another form, or a picture in it is no PNG.
        """
        try:
            page = value["page"]
            sections = tuple(map(_heading, value["sections"]))
            return cls(str(value["type"]), sections, None if page is None else _page(page), str(value["why"]))
        except (KeyError, TypeError, ValueError) as error:
            raise NotShown from error


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _heading(value: Mapping[str, Any]) -> Heading:
    size = value["size"]
    return Heading(str(value["title"]), _kind(value["kind"]), None if size is None else int(size))


def _page(value: Mapping[str, Any]) -> Page:
    return Page(
        int(value["first"]), bool(value["more"]), bool(value["cut"]), tuple(map(str, value["names"])),
        tuple(tuple(map(str, row)) for row in value["rows"]), _lines(value["lines"]), tuple(map(int, value["numbers"])),
        _png(value["picture"]) if value["picture"] else b"", int(value["width"]), int(value["height"]),
        float(value["scale"]), tuple(map(_cell, value["cells"])),
    )  # fmt: skip


def _cell(value: Mapping[str, Any]) -> Cell:
    return Cell(
        int(value["number"]), str(value["sort"]), _lines(value["source"]), tuple(map(str, value["texts"])),
        tuple(map(_png, value["pictures"])), tuple(map(str, value["left_out"])),
    )  # fmt: skip


def _lines(value: list[list[Mapping[str, Any]]]) -> tuple[tuple[Token, ...], ...]:
    return tuple(tuple(Token(_class(each["sort"]), str(each["text"])) for each in line) for line in value)


def _class(value: object) -> str:
    if not isinstance(value, str) or not _CLASS.fullmatch(value):
        raise ValueError("no sort of token")
    return value


def _kind(value: object) -> Kind:
    return KINDS[KINDS.index(value)]  # a ValueError where it is none of them


def _png(value: str) -> bytes:
    found = base64.b64decode(value, validate=True)
    if not found.startswith(_PNG):
        raise ValueError("no picture")
    return found
