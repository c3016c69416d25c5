"""PDF (ISO 32000-2): what its pages show, what they hide, and every object that no page shows."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import LimitReachedError, PyPdfError

from tre.disclosure.budget import budget_of
from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pdf_objects import sweep_objects
from tre.disclosure.readers.pictures import keep_trailing
from tre.disclosure.readers.raw_strings import strings_of

_STREAM = re.compile(rb"\bstream\r?\n.*?\bendstream\b", re.DOTALL)
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_OBJECT = re.compile(rb"\s*(?:\d+\s+\d+\s+obj\b|xref\b)")
_GAP = re.compile(rb"\bendobj\b((?:(?!\bobj\b|\bxref\b|\btrailer\b|\bstartxref\b).)*?)(?=\d+\s+\d+\s+obj\b|\bxref\b|\bstartxref\b|\Z)", re.DOTALL)  # fmt: skip # noqa: E501
_LINEARIZED = b"/Linearized"
_DRAWN = re.compile(rb"/(\S+)\s+Do\b")  # a form or picture is placed
_PAINTED = re.compile(rb"(?<=\s)(?:S|s|f|F|f\*|B|B\*|b|b\*)(?=\s)")  # a path is painted (table 59)
_INVISIBLE = re.compile(rb"\b3\s+Tr\b")  # text rendering mode: neither fill nor stroke (table 104)
_INLINE = re.compile(rb"\bBI\s.{0,400}?\bID\s", re.DOTALL)
_HIDDEN, _NO_VIEW = 2, 32  # annotation flags (table 167)


def read_pdf(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read pages, annotations, forms, layers, metadata, attachments, pictures and scripts.

    Raises
    ------
    Unreadable
        It is damaged, cut short, encrypted, or larger than the policy's limits.
    """
    try:
        _check_ends(data, where, contents)
        document = PdfReader(io.BytesIO(data), strict=False)
        if document.is_encrypted:
            raise Unreadable("it is encrypted")
        pages = len(document.pages)
        if pages > policy.limits["pages"]:
            raise Unreadable("it has more pages than inspection reads", rule="too-big")
        for number, page in enumerate(document.pages, start=1):
            _read_page(page, f"{where} page {number}".strip(), contents, policy)
        _note_layers(document, where, contents)
        sweep_objects(document, where, contents, policy)
    except LimitReachedError as error:
        raise Unreadable("it unpacks to more than inspection reads", rule="too-big") from error
    except PyPdfError as error:
        raise Unreadable("the document is damaged or cut short") from error


def _check_ends(data: bytes, where: str, contents: Contents) -> None:
    """Find the end, what follows it, what stands between objects, and versions that were written over."""
    ends = list(_END.finditer(data))
    if not ends or not _OBJECT.match(data, int(ends[-1][1])):
        raise Unreadable("the document is cut short or its index is damaged")
    keep_trailing(data[ends[-1].end() :].strip(), where, contents)
    if len(ends) > (2 if _LINEARIZED in data[:2048] else 1):
        contents.hits.append(
            Hit("hidden-content", "earlier-version", where, "an earlier version is kept", len(ends) - 1)
        )
    plain = _STREAM.sub(b"", data)
    gaps = [gap for gap in _GAP.findall(plain) if gap.strip()]
    if gaps:
        contents.hits.append(Hit("hidden-content", "between-objects", where, "", len(gaps)))
    comments = re.findall(rb"(?m)^%(?!PDF-|%EOF).*$", plain)
    contents.add_text(f"{where} between objects".strip(), strings_of(b"\n".join([*gaps, *comments])))


def _read_page(page: PageObject, where: str, contents: Contents, policy: Policy) -> None:
    stream = page.get_contents()
    drawn = stream.get_data() if stream is not None else b""
    budget_of(policy).unpack(len(drawn))
    contents.add_text(where, page.extract_text())
    if _INVISIBLE.search(drawn):
        contents.hits.append(Hit("hidden-content", "invisible-text", where))
    if _INLINE.search(drawn):
        contents.hits.append(Hit("picture", "inline-picture", where))
    _note_drawing(drawn, where, contents, policy)
    for each in page.get("/Annots", []) or []:
        annotation = each.get_object()
        if isinstance(annotation, dict) and int(annotation.get("/F", 0)) & (_HIDDEN | _NO_VIEW):
            contents.hits.append(Hit("hidden-content", "hidden-annotation", where))


def _note_drawing(drawn: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Record marks that stand for single values, and drawings that no text tells of."""
    marks = max(Counter(_DRAWN.findall(drawn)).values(), default=0)
    if marks >= policy.shape["plot_points"]:
        rule = "figure-rows" if marks >= policy.shape["plot_line_points"] else "possible-figure-rows"
        contents.hits.append(Hit(rule, "marks", where, "", marks))
    paths = len(_PAINTED.findall(drawn))
    if paths >= policy.shape["plot_points"]:
        contents.hits.append(Hit("picture", "drawing", where, "", paths))


def _note_layers(document: PdfReader, where: str, contents: Contents) -> None:
    layers: Any = document.root_object.get("/OCProperties")
    shown: Any = layers.get_object().get("/D") if layers is not None else None
    if shown is None:
        return
    shown = shown.get_object()
    if shown.get("/OFF") or shown.get("/BaseState") == "/OFF":
        contents.hits.append(Hit("hidden-content", "hidden-layer", where))
