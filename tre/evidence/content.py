"""A document as plain values, from which its page and its part of the PDF are made alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

PAGES = "documents"  # the folder of the generated documents in a pack


@dataclass(frozen=True)
class Table:
    """A table: its caption, the heads of its columns, and rows of as many cells."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table of whatever has a text; what is empty is told by a dash."""
    return Table(caption, tuple(heads), tuple(tuple(_text(cell) for cell in row) for row in rows))


def day(moment: date | datetime | None) -> str:
    """Return a day in words, such as 27 November 2026; "unknown" for none."""
    if moment is None:
        return "unknown"
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return f"{local.day} {local:%B %Y}"


def _text(cell: object) -> str:
    if isinstance(cell, (list, tuple, set, frozenset)):
        cell = ", ".join(sorted(map(str, cell)))
    return str(cell).strip() or "–"


@dataclass(frozen=True)
class Section:
    """A part of a document: its heading, paragraphs, and tables."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Document:
    """A generated document: the name of its file, its title, what it is about, and its parts."""

    name: str
    title: str
    about: str
    sections: tuple[Section, ...]

    @property
    def page(self) -> str:
        """Return where its page stands in a pack."""
        return f"{PAGES}/{self.name}.html"

    def to_json(self) -> dict[str, Any]:
        """Return the document as JSON values."""
        return asdict(self)
