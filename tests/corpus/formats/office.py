"""Word documents and PowerPoint presentations (DOCX, PPTX), written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pandas as pd

from tests.corpus.formats.zipped import escaped, packed
from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, TableCarrier

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_SHOW = "application/vnd.openxmlformats-officedocument.presentationml"
_DRAWN = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" {_DRAWN} xmlns:r="{_RELATED}"'


def _related(targets: Mapping[str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="r{place}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for place, (target, kind) in enumerate(targets.items(), 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _package(
    main: str, parts: Mapping[str, tuple[str, str]], related: Mapping[str, str], properties: str = ""
) -> bytes:
    """Return a package: `parts` are contents and types by path, `related` the main part's targets and their kinds."""
    types = "".join(f'<Override PartName="/{path}" ContentType="{kind}"/>' for path, (_, kind) in parts.items() if kind)
    defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    defaults += '<Default Extension="xml" ContentType="application/xml"/>'
    folder, _, name = main.partition("/")
    core = (
        f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Report</dc:title>{properties}</cp:coreProperties>'
    )
    return packed(
        {
            "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">{defaults}{types}</Types>',
            "_rels/.rels": _related({main: "officeDocument", "docProps/core.xml": "core-properties"}),
            f"{folder}/_rels/{name}.rels": _related(related),
            "docProps/core.xml": core,
            **{path: f"{_XML}{content}" for path, (content, _) in parts.items()},
        }
    )


def _run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{escaped(text)}</w:t></w:r>'


def _grid(table: pd.DataFrame) -> str:
    rows = [[str(name) for name in table.columns], *table.astype(str).to_numpy().tolist()]
    cells = ("".join(f"<w:tc><w:p>{_run(value)}</w:p></w:tc>" for value in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def _word(body: str, random: Random, part: str = "", text: str = "", properties: str = "") -> bytes:
    grid = _grid(counts(random))
    document = f"<w:document {_W}><w:body><w:p>{_run(paragraph(random))}</w:p>{body}{grid}</w:body></w:document>"
    parts = {"word/document.xml": (document, f"{_WORD}.document.main+xml")}
    related = {}
    if part:
        holds = f"<w:{_TAGS[part]} {_W}>{text}</w:{_TAGS[part]}>"
        parts[f"word/{part}.xml"] = (holds, f"{_WORD}.{part.rstrip('1')}+xml")
        related[f"{part}.xml"] = part.rstrip("1")
    return _package("word/document.xml", parts, related, properties)


_TAGS = {"comments": "comments", "header1": "hdr", "footnotes": "footnotes"}


def _paragraph(text: str, random: Random) -> bytes:
    return _word("".join(f"<w:p>{_run(line)}</w:p>" for line in text.split("\n")), random)


def _split_runs(text: str, random: Random) -> bytes:
    runs = "".join(_run(text[place : place + 3], "<w:rPr><w:b/></w:rPr>") for place in range(0, len(text), 3))
    return _word(f"<w:p>{runs}</w:p>", random)


def _deleted(text: str, random: Random) -> bytes:
    gone = f'<w:del w:id="1" w:author="analyst"><w:r><w:delText>{escaped(text)}</w:delText></w:r></w:del>'
    return _word(f"<w:p>{gone}</w:p>", random)


def _vanished(text: str, random: Random) -> bytes:
    return _word(f"<w:p>{_run(text, '<w:rPr><w:vanish/></w:rPr>')}</w:p>", random)


def _comment(text: str, random: Random) -> bytes:
    inside = f'<w:comment w:id="0" w:author="analyst"><w:p>{_run(text)}</w:p></w:comment>'
    return _word("", random, "comments", inside)


def _header(text: str, random: Random) -> bytes:
    return _word("", random, "header1", f"<w:p>{_run(text)}</w:p>")


def _footnote(text: str, random: Random) -> bytes:
    return _word("", random, "footnotes", f'<w:footnote w:id="1"><w:p>{_run(text)}</w:p></w:footnote>')


def _keywords(text: str, random: Random) -> bytes:
    return _word("", random, properties=f"<cp:keywords>{escaped(text)}</cp:keywords>")


def _shape(text: str, at: str = "", described: str = "") -> str:
    named = f'<p:nvSpPr><p:cNvPr id="2" name="Box"{described}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
    shown = f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{escaped(text)}</a:t></a:r></a:p></p:txBody>"
    return f"<p:sp>{named}<p:spPr>{at}</p:spPr>{shown}</p:sp>"


def _slide(shapes: str, shown: str = "", tag: str = "sld") -> str:
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    tree = f"<p:spTree>{group}{shapes}</p:spTree>"
    return f"<p:{tag} {_P}{shown}><p:cSld>{tree}</p:cSld></p:{tag}>"


def _show(slide: str, notes: str = "") -> bytes:
    listed = '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/>'
    parts = {
        "ppt/presentation.xml": (f"<p:presentation {_P}>{listed}</p:presentation>", f"{_SHOW}.presentation.main+xml"),
        "ppt/slides/slide1.xml": (slide, f"{_SHOW}.slide+xml"),
    }
    if notes:
        parts["ppt/notesSlides/notesSlide1.xml"] = (notes, f"{_SHOW}.notesSlide+xml")
        parts["ppt/slides/_rels/slide1.xml.rels"] = (
            _related({"../notesSlides/notesSlide1.xml": "notesSlide"}).removeprefix(_XML),
            "",
        )
    return _package("ppt/presentation.xml", parts, {"slides/slide1.xml": "slide"})


def _slide_text(text: str, random: Random) -> bytes:
    return _show(_slide(_shape(paragraph(random)) + _shape(text)))


def _notes(text: str, random: Random) -> bytes:
    return _show(_slide(_shape(paragraph(random))), _slide(_shape(text), tag="notes"))


def _hidden_slide(text: str, random: Random) -> bytes:
    return _show(_slide(_shape(text), ' show="0"'))


def _off_slide(text: str, random: Random) -> bytes:
    away = '<a:xfrm><a:off x="-9000000" y="0"/><a:ext cx="90000" cy="90000"/></a:xfrm>'
    return _show(_slide(_shape(paragraph(random)) + _shape(text, away)))


def _alternative(text: str, random: Random) -> bytes:
    return _show(_slide(_shape(paragraph(random), described=f' descr="{escaped(text)}"')))


CARRIERS = (
    Carrier("docx", "a paragraph", _paragraph, open=True, lines=True),
    Carrier("docx", "a paragraph in many runs", _split_runs),
    Carrier("docx", "a tracked deletion", _deleted, fair=None),
    Carrier("docx", "hidden text", _vanished, fair=None),
    Carrier("docx", "a comment", _comment, fair="review"),
    Carrier("docx", "a page header", _header),
    Carrier("docx", "a footnote", _footnote),
    Carrier("docx", "the document's keywords", _keywords),
    Carrier("pptx", "a slide", _slide_text, open=True),
    Carrier("pptx", "a speaker's notes", _notes, fair="review"),
    Carrier("pptx", "a hidden slide", _hidden_slide, fair=None),
    Carrier("pptx", "beside the slide", _off_slide, fair=None),
    Carrier("pptx", "alternative text", _alternative),
)


def _word_table(table: pd.DataFrame, random: Random) -> bytes:
    document = f"<w:document {_W}><w:body><w:p>{_run('Table 1')}</w:p>{_grid(table)}</w:body></w:document>"
    return _package("word/document.xml", {"word/document.xml": (document, f"{_WORD}.document.main+xml")}, {})


TABLES = (TableCarrier("docx", "a table", _word_table, limit=40),)
