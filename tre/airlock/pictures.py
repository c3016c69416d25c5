"""Pictures of what is in a file, drawn anew from pixels alone, for the pages and the API."""

from __future__ import annotations

from django.http import HttpResponse

from tre.airlock.openings import openings
from tre.airlock.shown import shown_of
from tre.disclosure.showing import Ask, Shown
from tre.errors import Missing

# A picture is drawn anew from pixels alone. Were it taken for a page all the same, it could run and load nothing.
_INERT = "sandbox; default-src 'none'"


def drawn(sha256: str, ask: Ask, cell: int = 0, place: int = 0) -> bytes:
    """Return a picture of a page as PNG; that of a file's first part is kept.

    Raises
    ------
    Missing
        When the page has no such picture.
    """
    first = opening_picture(sha256, ask.name, cell, place) if ask == Ask(name=ask.name) else None
    found = first or picture_of(shown_of(sha256, ask), cell, place)
    if found is None:
        raise Missing("There is no such picture", where=sha256[:12])
    return found


def opening_picture(sha256: str, name: str, cell: int = 0, place: int = 0) -> bytes | None:
    """Return a picture of a file's first part, which is kept; None where that has no such picture."""
    shown = openings([(sha256, name)]).get(sha256)
    return picture_of(shown, cell, place) if shown else None


def picture_of(shown: Shown, cell: int = 0, place: int = 0) -> bytes | None:
    """Return a picture of a page: its own, or one of a cell of it; None where there is none."""
    page = shown.page
    pictures = [page.picture] if page and page.picture else []
    for each in page.cells if page else ():
        if each.number == cell:
            pictures = list(each.pictures)
    return pictures[place] if place < len(pictures) else None


def sent_picture(picture: bytes) -> HttpResponse:
    """Return the answer that sends a picture: it runs and loads nothing, and no cache keeps it."""
    response = HttpResponse(picture, content_type="image/png")
    response.headers["Content-Security-Policy"] = _INERT
    response.headers["Cache-Control"] = "no-store"
    return response
