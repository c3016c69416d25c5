"""XLSX by openpyxl, XLS, DOCX and PPTX by hand: no library here writes those."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.planted.archives import zipped

Plant = Mapping[str, str]
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_DRAW = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_SHOW = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" {_DRAW}'
_CORE = 'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_OPENED = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
_LINK = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://x/hyperlink" Target="https://example.org/{}" TargetMode="External"/></Relationships>'


def xlsx(plant: Plant) -> bytes:
    import openpyxl
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation

    said = plant.get
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = said("sheet name", "Counts")[:31]
    for row in (["age_band", "count"], [said("cell", "20-29"), 120], ["30-39", 130]):
        sheet.append(row)
    if "comment" in plant:
        sheet["A1"].comment = Comment(plant["comment"], "team")
    if "hidden sheet" in plant:
        other = book.create_sheet("More")
        other.append([plant["hidden sheet"]])
        other.sheet_state = "veryHidden"
    if "formula" in plant:
        sheet["D1"] = f'=CONCATENATE("{plant["formula"]}")'
    if "number" in plant:
        sheet["D2"] = 9990000018
        sheet["D1"] = "NHS number"
    book.defined_names["Area"] = DefinedName("Area", attr_text="Counts!$A$1", comment=said("defined name", "x"))
    book.properties.title, book.properties.creator = said("title", "Counts"), said("creator", "team")
    book.custom_doc_props.append(StringProperty(name="Note", value=said("custom property", "x")))
    sheet.oddFooter.left.text = said("footer", "page")
    rule = DataValidation("list", formula1='"a,b"', promptTitle="Choose", prompt=said("prompt", "x"))
    sheet.add_data_validation(rule)
    rule.add("C5")
    sheet["A2"].hyperlink = "https://example.org/" + said("link", "x").replace(" ", "-")
    chart = BarChart()
    chart.title = said("chart title", "Counts")
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3))
    sheet.add_chart(chart, "F1")
    packed = io.BytesIO()
    book.save(packed)
    extra = {}
    if "embedded file" in plant:
        extra["xl/embeddings/a.txt"] = plant["embedded file"]
    if "pivot cache" in plant:
        extra["xl/pivotCache/pivotCacheRecords1.xml"] = f'<records><r><s v="{plant["pivot cache"]}"/></r></records>'
    if "order of computing" in plant:
        extra["xl/calcChain.xml"] = f'<calcChain><c r="{plant["order of computing"]}"/></calcChain>'
    if "name of a part" in plant:
        extra[f"xl/{plant['name of a part']}.xml"] = "<a/>"
    if "threaded comment" in plant:
        extra["xl/threadedComments/threadedComment1.xml"] = f"<t><text>{plant['threaded comment']}</text></t>"
    with zipfile.ZipFile(packed, "a") as archive:
        for name, body in extra.items():
            archive.writestr(name, body)
    return packed.getvalue()


def cached(plant: Plant) -> bytes:
    """Return a workbook whose formula has a value that was computed elsewhere, and a string of no cell."""
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="str"><f>1+1</f><v>{plant.get("cached value", "2")}</v></c><c r="B1" t="s"><v>0</v></c></row></sheetData></worksheet>'
    strings = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>count</t></si><si><r><t>{plant.get("string of no cell", "x")[:9]}</t></r><r><t>{plant.get("string of no cell", "x")[9:]}</t></r></si></sst>'
    book = '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{relation}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    return zipped(
        {"[Content_Types].xml": _TYPES, "_rels/.rels": _OPENED, "xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": links,
         "xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": strings}
    )  # fmt: skip


def docx(plant: Plant) -> bytes:
    said = plant.get

    def text(words: str) -> str:  # a program parts a text wherever its font changes
        return f"<w:r><w:t>{words[:7]}</w:t></w:r><w:r><w:t>{words[7:]}</w:t></w:r>"

    body = f"<w:p>{text(said('text', 'Counts of people'))}</w:p>"
    body += f"<w:tbl><w:tr><w:tc><w:p>{text('age band')}</w:p></w:tc></w:tr><w:tr><w:tc><w:p>{text(said('table', '20-29'))}</w:p></w:tc></w:tr></w:tbl>"
    body += f"<w:p><w:pPr/><w:r><w:instrText>{said('field', 'PAGE')}</w:instrText></w:r></w:p>"
    body += f'<w:drawing><docPr id="1" name="a" descr="{said("alternative text", "chart")}"/></w:drawing>'
    if "deleted text" in plant:
        body += f'<w:p><w:del w:author="team"><w:r><w:delText>{plant["deleted text"]}</w:delText></w:r></w:del></w:p>'
    if "hidden text" in plant:
        body += f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{plant['hidden text']}</w:t></w:r></w:p>"
    members = {
        "[Content_Types].xml": _TYPES,
        "word/document.xml": f"<w:document {_WORD}><w:body>{body}</w:body></w:document>",
        "word/comments.xml": f'<w:comments {_WORD}><w:comment w:author="{said("comment author", "team")}"><w:p>{text(said("comment", "fine"))}</w:p></w:comment></w:comments>',
        "word/footnotes.xml": f"<w:footnotes {_WORD}><w:p>{text(said('footnote', 'x'))}</w:p></w:footnotes>",
        "word/header1.xml": f"<w:hdr {_WORD}><w:p>{text(said('header', 'x'))}</w:p></w:hdr>",
        "docProps/core.xml": f"<cp:coreProperties {_CORE}><dc:creator>{said('creator', 'team')}</dc:creator></cp:coreProperties>",
        "docProps/custom.xml": f'<Properties><property name="Note"><v>{said("custom property", "x")}</v></property></Properties>',
        "customXml/item1.xml": f"<data>{said('custom XML', 'x')}</data>",
        "word/_rels/document.xml.rels": _LINK.format(said("link", "x").replace(" ", "-")),
    }  # fmt: skip
    if "embedded file" in plant:
        members["word/embeddings/data.txt"] = plant["embedded file"]
    return zipped(members)


def pptx(plant: Plant) -> bytes:
    said = plant.get

    def slide(kind: str, words: str, attributes: str = "") -> str:
        return f'<p:{kind} {_SHOW} {attributes}><p:sp><p:cNvPr id="1" name="Box" descr="{said("alternative text", "chart")}"/><a:p><a:r><a:t>{words[:6]}</a:t></a:r><a:r><a:t>{words[6:]}</a:t></a:r></a:p></p:sp></p:{kind}>'

    chart = f'<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:ser><c:cat><c:strCache><c:pt><c:v>{said("chart", "20-29")}</c:v></c:pt></c:strCache></c:cat></c:ser></c:chart>'
    members = {
        "[Content_Types].xml": _TYPES,
        "ppt/presentation.xml": f"<p:presentation {_SHOW}/>",
        "ppt/slides/slide1.xml": slide("sld", said("text", "Counts of people")),
        "ppt/notesSlides/notesSlide1.xml": slide("notes", said("notes", "Say this")),
        "ppt/comments/comment1.xml": f"<p:cmLst {_SHOW}><p:cm><p:text>{said('comment', 'x')}</p:text></p:cm></p:cmLst>",
        "ppt/commentAuthors.xml": f'<p:cmAuthorLst {_SHOW}><p:cmAuthor name="{said("comment author", "team")}"/></p:cmAuthorLst>',
        "ppt/charts/chart1.xml": chart,
        "docProps/app.xml": f"<Properties><Company>{said('company', 'x')}</Company></Properties>",
    }  # fmt: skip
    if "hidden slide" in plant:
        members["ppt/slides/slide2.xml"] = slide("sld", plant["hidden slide"], 'show="0"')
    return zipped(members)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def xls(plant: Plant) -> bytes:
    """Return a BIFF8 workbook ([MS-XLS]) in a compound file ([MS-CFB]) of one stream."""

    def label(row: int, words: str) -> bytes:
        return _record(0x0204, struct.pack("<HHHHB", row, 0, 0, len(words), 0) + words.encode("latin-1"))

    name = plant.get("sheet name", "Counts")[:31].encode()
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    writer = plant.get("user name", "team").encode()
    start += _record(0x005C, struct.pack("<HB", len(writer), 0) + writer.ljust(109))
    at = len(start) + 4 + 8 + len(name) + 4
    sheets = _record(0x0085, struct.pack("<IBBBB", at, 0, 0, len(name), 0) + name) + _record(0x000A, b"")
    cells = label(0, "age_band") + label(1, plant.get("cell", "20-29")) + label(2, "30-39")
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6)) + cells + _record(0x000A, b"")
    stream = (start + sheets + sheet).ljust(4096, b"\0")

    def entry(title: str, kind: int, first: int, size: int, child: int = -1) -> bytes:
        words = title.encode("utf-16-le")
        ends = struct.pack("<HBBiii", len(words) + 2, kind, 1, -1, -1, child)
        return words.ljust(64, b"\0") + ends + bytes(36) + struct.pack("<iQ", first, size)

    sectors = len(stream) // 512
    table = [-3, -2, *range(3, sectors + 2), -2]
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6xIIIIIiIiI", 62, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, -2, 0, -2, 0)
    )
    head += struct.pack("<i", 0) + struct.pack("<i", -1) * 108
    folders = entry("Root Entry", 5, -2, 0, 1) + entry("Workbook", 2, 2, len(stream)) + bytes(256)
    fat = struct.pack(f"<{len(table)}i", *table).ljust(512, b"\xff")
    return head[:512] + fat + folders + stream


KINDS = {
    "xlsx": (
        xlsx,
        ("sheet name", "cell", "comment", "hidden sheet", "formula", "number", "defined name", "title", "creator",
         "custom property", "footer", "prompt", "link", "chart title", "embedded file", "pivot cache", "threaded comment",
         "order of computing", "name of a part"),
        (),
    ),
    "xlsx with cached values": (cached, ("cached value", "string of no cell"), ("formula",)),
    "xls": (xls, ("sheet name", "cell", "user name"), ()),
    "docx": (
        docx,
        ("text", "table", "field", "alternative text", "deleted text", "hidden text", "comment author", "comment", "footnote",
         "header", "creator", "custom property", "custom XML", "link", "embedded file"),
        (),
    ),
    "pptx": (
        pptx,
        ("text", "notes", "alternative text", "comment", "comment author", "chart", "company", "hidden slide"),
        (),
    ),
}  # fmt: skip
