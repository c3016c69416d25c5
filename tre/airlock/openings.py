"""The first part of each file as its reader would see it, for a page that shows many: read together once, then kept.

What is kept is found by the file's hash, and by the ending of its name, which says how code is coloured.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from tre.airlock.marks import MarkedPage, mark
from tre.airlock.storage import storage
from tre.config.options import load
from tre.disclosure.model import Finding
from tre.disclosure.showing import Ask, Heading, Page, Shown, show_together
from tre.disclosure.showing.shown import NotShown, Token
from tre.disclosure.together import MOST_FILES

ROWS, LINES, CELLS = 20, 30, 3  # that are shown of a table, of text or code, and of a notebook
SECONDS = 10.0  # that a page waits; what is not there by then is there the next time, or when it is looked through
_FORM = 1  # of what is kept: another where showing changes


@dataclass(frozen=True)
class Opening:
    """The first part of a file as a template writes it.

    Parameters
    ----------
    drawing : str
        The address of its pictures, to which a cell and a picture in it can be added.
    findings_at : str
        What the page's name of a finding begins with; its number follows.
    more : bool
        Whether there is more to look through.
    """

    shown: Shown
    drawing: str
    findings_at: str
    heading: Heading | None = None
    marked: MarkedPage = field(default_factory=MarkedPage)
    lines: tuple[tuple[int, tuple[Token, ...], tuple[int, ...]], ...] = ()
    more: bool = False


def openings(files: Sequence[tuple[str, str]]) -> dict[str, Shown]:
    """Return the first part of files by their hash, as many as there is time to read.

    Parameters
    ----------
    files : sequence of (str, str)
        SHA-256 and name.

    Raises
    ------
    StorageBroken
        A file is missing, or its bytes are no longer those of its hash.
    """
    found, until = {sha256: kept for sha256, name in files if (kept := _kept(sha256, name))}, time.monotonic() + SECONDS
    for some in _batches([each for each in files if each[0] not in found]):
        left = until - time.monotonic()
        if left <= 0:
            break
        found |= _read(dict(some), left)
    return found


def opening(shown: Shown, drawing: str, findings: Sequence[Finding] = (), findings_at: str = "") -> Opening:
    """Return what a template writes of a file's first part, with the findings that stand in it."""
    several = len(shown.sections) > 1
    if not shown.sections or shown.page is None:
        return Opening(shown, drawing, findings_at, more=several)
    heading, page = shown.sections[0], shown.page
    marked = mark(findings, heading, page)
    lines = tuple(zip(page.numbers, page.lines, marked.lines, strict=False))
    return Opening(shown, drawing, findings_at, heading, marked, lines, more=page.more or several)


def _read(files: dict[str, str], seconds: float) -> dict[str, Shown]:
    kept = storage()
    for sha256 in files:
        for _ in kept.chunks(sha256):  # raises where these are no longer the bytes that are voted on
            pass
    paths = {kept.path(sha256): sha256 for sha256 in files}
    shown = show_together({path: Ask(name=files[sha256]) for path, sha256 in paths.items()}, seconds)
    found = {paths[path]: _beginning(each) for path, each in shown.items()}
    for sha256, each in found.items():
        _keep(sha256, files[sha256], each)
    return found


def _beginning(shown: Shown) -> Shown:
    """Cut a page to what a page of many files has room for."""
    page = shown.page
    return shown if page is None else replace(shown, page=_cut(page))


def _cut(page: Page) -> Page:
    rows, lines, cells = page.rows[:ROWS], page.lines[:LINES], page.cells[:CELLS]
    held = (len(page.rows), len(page.lines), len(page.cells))
    more = page.more or held != (len(rows), len(lines), len(cells))
    return replace(page, rows=rows, lines=lines, numbers=page.numbers[:LINES], cells=cells, more=more)


def _kept(sha256: str, name: str) -> Shown | None:
    with suppress(FileNotFoundError, NotShown, ValueError):
        return Shown.from_json(json.loads(_place(sha256, name).read_bytes()))
    return None


def _keep(sha256: str, name: str, shown: Shown) -> None:
    """Keep what was read. Where the disk is full it is read again the next time."""
    place = _place(sha256, name)
    staged = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(8)}")
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            staged.write_text(json.dumps(shown.to_json()))
            staged.replace(place)
        finally:
            staged.unlink(missing_ok=True)


def _place(sha256: str, name: str) -> Path:
    ending = "".join(each for each in PurePosixPath(name).suffix.lower()[1:] if each.isalnum())[:12]
    return load().path("airlock", "openings", str(_FORM), sha256[:2], f"{sha256}.{ending}")


def _batches(files: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    left = iter(files)
    while some := list(islice(left, MOST_FILES)):
        yield some
