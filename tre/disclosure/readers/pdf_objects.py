"""Every object of a PDF, whether a page leads to it or not: strings, metadata, attachments, pictures, scripts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ByteStringObject, DictionaryObject, IndirectObject, NameObject, StreamObject

from tre.disclosure.budget import budget_of
from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pictures import check_size
from tre.disclosure.readers.raw_strings import strings_of

_ACTIVE = {
    "/JS", "/JavaScript", "/Launch", "/RichMedia", "/AA", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE",
    "/Rendition", "/Movie", "/Sound", "/XFA", "/3D",
}  # fmt: skip
_TECHNICAL = {"/ID", "/O", "/U", "/OE", "/UE", "/Perms", "/CharSet", "/CheckSum"}  # strings of bytes, not of words
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
_OWN = {"/XRef", "/ObjStm"}
_DEPTH = 60


def sweep_objects(document: PdfReader, where: str, contents: Contents, policy: Policy) -> None:
    """Keep the strings and the streams of every object; tell of those that nothing leads to."""
    numbers = {(number, generation) for generation, table in document.xref.items() for number in table}
    numbers |= {(number, 0) for number in document.xref_objStm}
    if len(numbers) > policy.limits["objects"]:
        raise Unreadable("it has more objects than inspection reads", rule="too-big")
    shown, fonts = _reachable(document)
    said, names = [], []
    for number, generation in sorted(numbers):
        if number == 0:
            continue
        found: Any = document.get_object(IndirectObject(number, generation, document))
        strings, keys = _words(found)
        said += strings
        names += keys
        if isinstance(found, StreamObject) and number not in fonts:
            _keep_stream(found, number in shown, where, contents, policy)
    for trailer in (document.trailer,):
        said += _words(trailer)[0]
    contents.add_text(f"{where} strings of its objects".strip(), "\n".join(said))
    contents.code.append((f"{where} names of its objects".strip(), "\n".join(dict.fromkeys(names))))
    if _ACTIVE & set(names):
        contents.hits.append(Hit("active-content", "script", where))


def _reachable(document: Any) -> tuple[set[int], set[int]]:
    """Return the numbers of the objects that the trailer leads to, and those that are programs of fonts."""
    seen: set[int] = set()
    fonts: set[int] = set()
    waiting: list[Any] = [document.trailer]
    while waiting:
        each: Any = waiting.pop()
        if isinstance(each, IndirectObject):
            if each.idnum not in seen:
                seen.add(each.idnum)
                waiting.append(document.get_object(each))
        elif isinstance(each, DictionaryObject):
            fonts |= {each.raw_get(key).idnum for key in _FONT_FILES if key in each and _is_reference(each, key)}
            waiting += [each.raw_get(key) for key in each]
        elif isinstance(each, list):
            waiting += list(each)
    return seen, fonts


def _is_reference(value: Any, key: str) -> bool:
    return isinstance(value.raw_get(key), IndirectObject)


def _words(value: Any) -> tuple[list[str], list[str]]:
    """Return the strings within an object, and its names."""
    strings: list[str] = []
    names: list[str] = []
    for key, each in _leaves(value, "", 0):
        if isinstance(each, NameObject):
            names.append(str(each))
        elif isinstance(each, ByteStringObject):
            strings += [] if key in _TECHNICAL else [strings_of(bytes(each))]
        elif isinstance(each, str) and key not in _TECHNICAL:
            strings.append(each)
    return strings, names


def _leaves(value: Any, key: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEPTH:
        raise Unreadable("an object is nested too deeply")
    if isinstance(value, DictionaryObject):
        for name in value:
            yield name, NameObject(name)
            yield from _leaves(value.raw_get(name), name, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, key, depth + 1)
    elif not isinstance(value, IndirectObject):
        yield key, value


def _keep_stream(stream: StreamObject, shown: bool, where: str, contents: Contents, policy: Policy) -> None:
    kind, subtype = stream.get("/Type"), stream.get("/Subtype")
    if kind in _OWN:
        return
    if subtype == "/Image":
        _keep_picture(stream, where, contents, policy)
        return
    data = stream.get_data()
    budget_of(policy).unpack(len(data))
    if kind == "/EmbeddedFile":
        contents.parts.append(Part(f"{where} attachment".strip(), data))
    elif kind == "/Metadata" or data.lstrip()[:1] == b"<":
        contents.add_text(f"{where} metadata".strip(), strings_of(data))
    elif not shown and data.strip():
        contents.hits.append(Hit("hidden-content", "unused-object", where, "a stream that nothing leads to", 1))
        contents.add_text(f"{where} unused objects".strip(), strings_of(data))


def _keep_picture(stream: StreamObject, where: str, contents: Contents, policy: Policy) -> None:
    """Keep a picture as the file it is, or as a PNG of what it shows."""
    check_size(int(stream.get("/Width", 0)), int(stream.get("/Height", 0)), policy)
    filters = stream.get("/Filter")
    place = f"{where} picture".strip()
    if filters in ("/DCTDecode", ["/DCTDecode"]):
        contents.parts.append(Part(place, bytes(stream._data)))
        return
    packed = io.BytesIO()
    stream.decode_as_image().save(packed, format="PNG")
    contents.parts.append(Part(place, packed.getvalue()))
