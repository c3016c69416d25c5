"""What has changed in a file of a request since the turn before, for a page and for the API."""

from __future__ import annotations

from tre.airlock.differences import Difference, Side, difference, side_of
from tre.airlock.models import RequestFile
from tre.airlock.shown import shown_of
from tre.disclosure.showing import Ask, Shown
from tre.errors import Missing

_PAGES = 4  # of each version that are compared


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


def changed(before: RequestFile, now: RequestFile) -> Difference:
    """Return how two versions of a file differ."""
    return difference(_side(before), _side(now))


def _side(file: RequestFile) -> Side:
    if file.inspection is None:
        return Side("none")
    pages: list[Shown] = []
    while not pages or (len(pages) < _PAGES and (page := pages[-1].page) is not None and page.more):
        pages.append(shown_of(file.sha256, Ask(page=len(pages), name=file.name)))
    return side_of(pages)
