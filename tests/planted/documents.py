"""OpenDocument spreadsheets and texts, by hand: no library here writes them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.planted.archives import zipped

Plant = Mapping[str, str]
_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"), ("meta", "meta"))
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


_STYLE = "<office:automatic-styles><style:style xmlns:style='urn:oasis:names:tc:opendocument:xmlns:style:1.0' style:name='off'><style:table-properties table:display='false'/></style:style></office:automatic-styles>"


def _packed(kind: str, body: str, plant: Plant, styles: str = "") -> bytes:
    said = plant.get
    meta = f"<office:document-meta {_NAMES}><office:meta><dc:creator>{said('creator', 'team')}</dc:creator><meta:user-defined meta:name='Note'>{said('custom property', 'x')}</meta:user-defined></office:meta></office:document-meta>"
    members = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content {_NAMES}>{styles}<office:body>{body}</office:body></office:document-content>",
        "meta.xml": meta,
        "META-INF/manifest.xml": "<manifest/>",
    }
    if "embedded file" in plant:
        members["Object 1/data.txt"] = plant["embedded file"]
    return zipped(members)


def ods(plant: Plant) -> bytes:
    said = plant.get

    def cell(words: str, inner: str = "") -> str:
        return f"<table:table-cell office:value-type='string'>{inner}<text:p>{words[:7]}<text:span>{words[7:]}</text:span></text:p></table:table-cell>"

    note = f"<office:annotation><dc:creator>{said('comment author', 'team')}</dc:creator><text:p>{said('comment', 'x')}</text:p></office:annotation>"
    rows = [cell("age_band"), cell(said("cell", "20-29"), note), cell("30-39")]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    if "hidden sheet" in plant:
        table += f"</table:table><table:table table:name='More' table:style-name='off'><table:table-row>{cell(plant['hidden sheet'])}</table:table-row>"
    if "hidden row" in plant:
        table += f"<table:table-row table:visibility='collapse'>{cell(plant['hidden row'])}</table:table-row>"
    name = f"<table:named-range table:name='{said('defined name', 'Area')}'/>"
    body = f"<office:spreadsheet><table:table table:name='{said('sheet name', 'Counts')}'>{table}</table:table><table:named-expressions>{name}</table:named-expressions></office:spreadsheet>"
    return _packed("spreadsheet", body, plant, _STYLE)


def odt(plant: Plant) -> bytes:
    said = plant.get
    words = said("text", "Counts of people")
    body = f"<office:text><text:p>{words[:6]}<text:span>{words[6:]}</text:span></text:p><text:h>{said('heading', 'Results')}</text:h><text:note><text:p>{said('footnote', 'x')}</text:p></text:note>"
    if "tracked change" in plant:
        body += f"<text:tracked-changes><text:p>{plant['tracked change']}</text:p></text:tracked-changes>"
    return _packed("text", body + "</office:text>", plant)


KINDS = {
    "ods": (
        ods,
        ("cell", "comment", "comment author", "hidden row", "hidden sheet", "defined name", "sheet name", "creator", "custom property",
         "embedded file"),
        (),
    ),
    "odt": (odt, ("text", "heading", "footnote", "tracked change", "creator", "custom property"), ()),
}  # fmt: skip
