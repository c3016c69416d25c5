"""What has changed in a file of a request since the turn before, part by part, for a page and for the API."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tre.airlock.differences import Difference, Side, difference, side_of
from tre.airlock.models import RequestFile
from tre.airlock.shown import shown_of
from tre.disclosure.showing import Ask, Heading, Shown
from tre.errors import Missing

PAGES = 4  # of each version that are compared at once


@dataclass(frozen=True)
class Changed:
    """How a part of a file differs from what it was.

    Parameters
    ----------
    sections : tuple of Heading
        The parts that the file has now, of which ``section`` was compared, counted from 0.
    before : int or None
        Which part of the file as it was this is; None where it had none such.
    gone : tuple of Heading
        The parts that it has no more.
    more : bool
        Whether one of the two goes on beyond what was compared.
    """

    difference: Difference
    sections: tuple[Heading, ...]
    section: int
    before: int | None
    gone: tuple[Heading, ...]
    more: bool


def version_before(now: RequestFile) -> RequestFile:
    """Return a file as it was in the turn before.

    Raises
    ------
    Missing
        When that turn had no file of this name.
    """
    found = now.request.files.filter(turn=now.turn - 1, name=now.name).first()
    if found is None:
        raise Missing("The turn before has no such file", where=f"request {now.request_id}")
    return found


def changed(before: RequestFile, now: RequestFile, section: int = 0, block: int = 0) -> Changed:
    """Return how a part of two versions of a file differs.

    Parameters
    ----------
    section : int
        Which part of the file as it is now, counted from 0.
    block : int
        Which pages of it: the first :data:`PAGES`, those after them, and so on, counted from 0.
    """
    was, is_now = _sections(before), _sections(now)
    named, wanted = _named(was), _named(is_now)
    there = named.index(wanted[section]) if section < len(wanted) and wanted[section] in named else None
    one, other = _pages(before, there, block), _pages(now, section, block)
    sides = [side_of(one, there or 0), side_of(other, section)]
    if there is None:  # a part that is new: all of it was added
        sides[0] = Side(sides[1].kind)
    more = any(pages and pages[-1].page is not None and pages[-1].page.more for pages in (one, other))
    gone = tuple(each for each, name in zip(was, named, strict=True) if name not in wanted)
    return Changed(difference(*sides), is_now, section, there, gone, more)


def _sections(file: RequestFile) -> tuple[Heading, ...]:
    return () if file.inspection is None else shown_of(file.sha256, Ask(name=file.name)).sections


def _named(sections: tuple[Heading, ...]) -> list[tuple[str, str, int]]:
    """Return what sections are known by in another version: title, kind, and which of those alike each is."""
    seen: Counter[tuple[str, str]] = Counter()
    found = list[tuple[str, str, int]]()
    for each in sections:
        seen[each.title, each.kind] += 1
        found.append((each.title, each.kind, seen[each.title, each.kind]))
    return found


def _pages(file: RequestFile, section: int | None, block: int) -> list[Shown]:
    """Return the pages of a block, those that there are."""
    found: list[Shown] = []
    if section is None or file.inspection is None:
        return found
    for number in range(block * PAGES, (block + 1) * PAGES):
        shown = shown_of(file.sha256, Ask(section=section, page=number, name=file.name))
        page, heading = shown.page, shown.sections[section] if section < len(shown.sections) else None
        if page is None or heading is None or (heading.kind == "pictures" and page.first != number):
            break  # after the last picture the last is drawn again
        found.append(shown)
        if not page.more:
            break
    return found
