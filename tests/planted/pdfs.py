"""PDF, by Matplotlib (pages) and pypdf (all that stands around them)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

Plant = Mapping[str, str]


def _page(text: str) -> io.BytesIO:
    from matplotlib.figure import Figure

    drawn, figure = io.BytesIO(), Figure(figsize=(6, 2))
    figure.text(0.1, 0.5, text)
    figure.savefig(drawn, format="pdf", metadata={"CreationDate": None})
    drawn.seek(0)
    return drawn


def pdf(plant: Plant) -> bytes:
    from pypdf import PdfReader, PdfWriter
    from pypdf.actions import JavaScript
    from pypdf.annotations import FreeText
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

    said = plant.get

    def made(value: dict[str, Any]) -> DictionaryObject:
        return DictionaryObject({NameObject(key): each for key, each in value.items()})

    writer = PdfWriter()
    writer.add_page(PdfReader(_page(said("page", "Counts of people"))).pages[0])
    writer.add_metadata({"/Title": said("title", "Counts"), "/Note": said("custom metadata", "x")})
    writer.xmp_metadata = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>{said("XMP", "x")}</a></x:xmpmeta>'.encode()
    note = FreeText(text=said("annotation", "x"), rect=(0, 0, 50, 50))
    if "hidden annotation" in plant:
        note[NameObject("/Contents")] = TextStringObject(plant["hidden annotation"])
        note[NameObject("/F")] = NumberObject(2)
    writer.add_annotation(0, note)
    writer.add_outline_item(said("bookmark", "Counts"), 0)
    if "attachment" in plant:
        writer.add_attachment("data.txt", plant["attachment"].encode())
    if "script" in plant:
        writer.add_open_action(JavaScript(f"app.alert('{plant['script']}')"))
    if "link" in plant:
        action = made({"/S": NameObject("/URI"), "/URI": TextStringObject("https://example.org/?" + plant["link"])})
        writer.root_object[NameObject("/OpenAction")] = action
    if "form field" in plant:
        field = made(
            {"/FT": NameObject("/Tx"), "/T": TextStringObject("a"), "/V": TextStringObject(plant["form field"])}
        )
        form = made({"/Fields": ArrayObject([writer._add_object(field)])})
        writer.root_object[NameObject("/AcroForm")] = form
    if "layer" in plant:
        layer = writer._add_object(made({"/Type": NameObject("/OCG"), "/Name": TextStringObject(plant["layer"])}))
        shown = made({"/OFF": ArrayObject([layer])})
        layers = made({"/OCGs": ArrayObject([layer]), "/D": shown})
        writer.root_object[NameObject("/OCProperties")] = layers
    if "unused object" in plant:
        writer._add_object(TextStringObject(plant["unused object"]))
    packed = io.BytesIO()
    writer.write(packed)
    body = packed.getvalue()
    if "between objects" in plant:
        body = body.replace(b"endobj", b"endobj\n%" + plant["between objects"].encode(), 1)
        place = body.index(b"\nxref") + 1
        body = body[: body.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % place
    return body + plant.get("appended", "").encode()


def drawn(plant: Plant) -> bytes:
    return _page(plant.get("page", "Counts of people")).getvalue()


KINDS = {
    "pdf": (
        pdf,
        ("page", "title", "custom metadata", "XMP", "annotation", "hidden annotation", "bookmark", "attachment", "script",
         "link", "form field", "layer", "unused object", "between objects", "appended"),
        (),
    ),
    "pdf of a figure": (drawn, ("page",), ()),
}  # fmt: skip
