"""Zip files opened and closed again: many formats are one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

STAMP = (2026, 6, 1, 9, 0, 0)


def packed(members: Mapping[str, bytes | str], comment: bytes = b"") -> bytes:
    """Return a zip file of the members, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(name, STAMP)
            archive.writestr(info, data, stored)
        archive.comment = comment
    return out.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip file by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Return a zip file with one member's text changed."""
    held = members(data)
    return packed({**held, name: change(held[name].decode()).encode()})


def escaped(text: str) -> str:
    """Return a text as XML and HTML write it, quotes too."""
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(mark, entity)
    return text
