"""A notebook as its reader sees it: sources in colour, outputs as text and as pictures drawn anew; nothing runs."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from lxml import html
from PIL import Image

from tre.disclosure.showing.colours import coloured, lexer_for, pieces
from tre.disclosure.showing.pictures import redrawn
from tre.disclosure.showing.shown import CELLS, Cell, Page

_MOST = 20_000  # letters of one output
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_BREAKS = ["tr", "p", "div", "li", "br", "h1", "h2", "h3", "h4", "h5", "h6"]


def notebook_page(data: bytes, page: int) -> tuple[int, Page]:
    """Return how many cells a notebook has, and one page of them."""
    book = json.loads(data)
    language = book.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    cells, first = book["cells"], page * CELLS
    wanted = cells[first : first + CELLS]
    shown = tuple(_cell(first + n + 1, cell, str(language)) for n, cell in enumerate(wanted))
    return len(cells), Page(first=first, more=first + CELLS < len(cells), cells=shown)


def _cell(number: int, cell: dict[str, Any], language: str) -> Cell:
    sort = str(cell.get("cell_type", ""))
    made = coloured(_joined(cell.get("source", "")), lexer_for(language if sort == "code" else "markdown"))
    source = tuple(line for _, line in pieces(made))
    texts: list[str] = []
    pictures: list[bytes] = []
    left_out: list[str] = []
    for output in cell.get("outputs", []):
        _take(output, texts, pictures, left_out)
    return Cell(number, sort, source, tuple(texts), tuple(pictures), tuple(dict.fromkeys(left_out)))


def _take(output: dict[str, Any], texts: list[str], pictures: list[bytes], left_out: list[str]) -> None:
    if "text" in output:
        texts.append(_joined(output["text"])[:_MOST])
    if output.get("output_type") == "error":
        texts.append("\n".join(map(str, output.get("traceback", [])))[:_MOST])
    bundle: dict[str, Any] = output.get("data", {})
    for kind in _PICTURES:
        if kind in bundle:
            picture = Image.open(io.BytesIO(base64.b64decode(_joined(bundle[kind]))))
            pictures.append(redrawn(picture).png)
    if "text/html" in bundle:  # a program shows this and not the plain text: what it shows is what may leave
        texts.append(_words(_joined(bundle["text/html"]))[:_MOST])
    elif "text/plain" in bundle and not any(kind in bundle for kind in _PICTURES):
        texts.append(_joined(bundle["text/plain"])[:_MOST])
    known = {*_PICTURES, "text/html", "text/plain"}
    left_out.extend(str(kind) for kind in bundle if kind not in known)


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _words(markup: str) -> str:
    """Return the words of some HTML, a row of a table or a paragraph to a line."""
    tree = html.fragment_fromstring(markup, create_parent="div")
    for unseen in list(tree.iter("script", "style")):
        unseen.drop_tree()
    for cell in tree.iter("td", "th"):
        cell.tail = "\t" + (cell.tail or "").strip()
    for block in tree.iter(*_BREAKS):
        block.tail = "\n" + (block.tail or "")
    lines = (line.strip() for line in str(tree.text_content()).splitlines())
    return "\n".join(line for line in lines if line)
