"""DOCX and PPTX (ECMA-376): text, comments, notes, tracked changes, hidden text and slides, charts, properties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tre.disclosure.contents import Contents
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import open_zip
from tre.disclosure.readers.office_parts import keep_member, keep_tables, keep_words
from tre.disclosure.readers.xml_tree import attribute, local

_CHANGES = {"ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange"}  # 17.13.5, revisions
_OFF = ("0", "false", "off")


def read_docx(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every part of a document; what is tracked as changed or formatted as hidden is told."""
    for name, place, root in _parts(data, where, contents, policy):
        if name.startswith("word/"):
            keep_tables(root, "tr", "tc", place, contents)
            _note_hidden(root, place, contents)


def _parts(data: bytes, where: str, contents: Contents, policy: Policy) -> Iterator[tuple[str, str, Any]]:
    """Yield the name, the place and the root of each part that is XML, once its words are kept."""
    for name, body in open_zip(data, where, contents, policy).items():
        root = keep_member(name, body, where, contents)
        if root is None:
            continue
        place = f"{where} {_title(name)}".strip()
        keep_words(root, place, contents)
        yield name, place, root


def _note_hidden(root: Any, where: str, contents: Contents) -> None:
    names = [local(each) for each in root.iter()]
    changes = sum(name in _CHANGES for name in names)
    if changes:
        contents.hits.append(Hit("hidden-content", "tracked-changes", where, "", changes))
    hidden = [each for each in root.iter() if local(each) in ("vanish", "webHidden", "specVanish") and _is_on(each)]
    if any(local(each) != "webHidden" for each in hidden) and not where.endswith(("styles", "settings")):
        contents.hits.append(Hit("hidden-content", "hidden-text", where, "", len(hidden)))


def _is_on(element: Any) -> bool:
    return attribute(element, "val") not in _OFF


def read_pptx(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every part of a presentation: slides, notes, comments, layouts; hidden slides are told."""
    for _, place, root in _parts(data, where, contents, policy):
        keep_tables(root, "tr", "tc", place, contents)
        if local(root) == "sld" and attribute(root, "show") in _OFF:
            contents.hits.append(Hit("hidden-content", "hidden-slide", place))
        hidden = [each for each in root.iter() if local(each) == "cNvPr" and attribute(each, "hidden") in ("1", "true")]
        if hidden:
            contents.hits.append(Hit("hidden-content", "hidden-shape", place, "", len(hidden)))


def _title(name: str) -> str:
    """Return what a part is called: the last of its name, without the ending."""
    return name.rpartition("/")[2].partition(".")[0] or "properties"
