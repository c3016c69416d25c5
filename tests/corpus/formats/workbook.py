"""Excel workbooks (XLSX): every place in them that can hold a text."""

from __future__ import annotations

import io
from random import Random

import openpyxl
import pandas as pd
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tests.corpus.formats.zipped import changed, escaped, members, packed
from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, TableCarrier


def sheet_of(table: pd.DataFrame, title: str = "Table 1") -> tuple[openpyxl.Workbook, Worksheet]:
    """Return a workbook whose only sheet holds a table."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append([str(name) for name in table.columns])
    for row in table.to_numpy().tolist():
        sheet.append(row)
    return book, sheet


def saved(book: openpyxl.Workbook) -> bytes:
    """Return a workbook's bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["A14"] = f"Note: {text}"
    return saved(book)


def _far_cell(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["XFD90000"] = text
    return saved(book)


def _second_sheet(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    notes = book.create_sheet("Notes")
    notes["B2"], notes["B3"] = paragraph(random), text
    return saved(book)


def _hidden_sheet(state: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        book, _ = sheet_of(counts(random))
        hidden = book.create_sheet("work")
        hidden["A1"], hidden.sheet_state = text, state
        return saved(book)

    return Carrier("xlsx", "a hidden sheet" if state == "hidden" else "a very hidden sheet", write, fair=None)


def _hidden_row(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["A9"] = text
    sheet.row_dimensions[9].hidden = True
    return saved(book)


def _hidden_column(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["H4"] = text
    sheet.column_dimensions["H"].hidden = True
    return saved(book)


def _white(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["G3"] = text
    sheet["G3"].font = Font(color="FFFFFF")
    return saved(book)


def _unshown(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["G3"] = text
    sheet["G3"].number_format = ";;;"
    return saved(book)


def _comment(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["D4"].comment = Comment(text, "analyst")
    return saved(book)


def _sheet_name(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random), "".join(mark for mark in text if mark not in "[]:*?/\\")[:31])
    return saved(book)


def _defined_name(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    book.defined_names["cutoff"] = DefinedName("cutoff", attr_text=f'"{text}"')
    return saved(book)


def _property(field: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        book, _ = sheet_of(counts(random))
        setattr(book.properties, field, text)
        return saved(book)

    return Carrier("xlsx", f"the document's {field}", write, limit=250)


def _header(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet.oddHeader.center.text = text
    return saved(book)


def _list(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    rule = DataValidation(type="list", formula1=f'"All,{text.replace(",", ";")}"')
    sheet.add_data_validation(rule)
    rule.add("J1")
    return saved(book)


def _hyperlink(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["A14"] = "Method"
    sheet["A14"].hyperlink = "https://example.org/?q=" + text.replace(" ", "+")
    sheet["A14"].hyperlink.tooltip = text
    return saved(book)


def _formula(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    sheet["G1"] = f'=IF(LEN("{text}")>0,SUM(D2:D11),0)'
    return saved(book)


def _orphan(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    part = "xl/sharedStrings.xml"
    link = f'<Relationship Id="rIdStrings" Type="{_RELATED}/sharedStrings" Target="/{part}"/></Relationships>'
    kind = f'<Override PartName="/{part}" ContentType="{_SHEETS}.sharedStrings+xml"/></Types>'
    data = changed(saved(book), "xl/_rels/workbook.xml.rels", lambda xml: xml.replace("</Relationships>", link))
    data = changed(data, "[Content_Types].xml", lambda xml: xml.replace("</Types>", kind))
    strings = f'<sst xmlns="{_MAIN}" count="0" uniqueCount="1"><si><t>{escaped(text)}</t></si></sst>'
    return packed({**members(data), part: strings})


def _member(name: str, place: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        book, _ = sheet_of(counts(random))
        return packed({**members(saved(book)), name: f"<data><v>{escaped(text)}</v></data>"})

    return Carrier("xlsx", place, write, fair=None)


def _chart_cache(text: str, random: Random) -> bytes:
    book, sheet = sheet_of(counts(random))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=4, min_row=1, max_row=11), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=11))
    sheet.add_chart(chart, "H2")
    point = f'<c:ptCount val="1"/><c:pt idx="0"><c:v>{escaped(text)}</c:v></c:pt>'
    cache = f'<c:strCache xmlns:c="{_CHART}">{point}</c:strCache>'

    def change(xml: str) -> str:
        place = xml.index("</f>") + len("</f>")
        return xml[:place] + cache + xml[place:]

    return changed(saved(book), "xl/charts/chart1.xml", change)


_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _pivot_cache(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    records = f'<pivotCacheRecords xmlns="{_MAIN}" count="1"><r><s v="{escaped(text)}"/></r></pivotCacheRecords>'
    fields = f'<cacheField name="who"><sharedItems><s v="{escaped(text)}"/></sharedItems></cacheField>'
    definition = (
        f'<pivotCacheDefinition xmlns="{_MAIN}"><cacheFields count="1">{fields}</cacheFields></pivotCacheDefinition>'
    )
    held = members(saved(book))
    held["xl/pivotCache/pivotCacheRecords1.xml"] = records.encode()
    held["xl/pivotCache/pivotCacheDefinition1.xml"] = definition.encode()
    return packed(held)


def _external(text: str, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    row = f'<row r="1"><cell r="A1" t="str"><v>{escaped(text)}</v></cell></row>'
    cached = f'<sheetDataSet><sheetData sheetId="0">{row}</sheetData></sheetDataSet>'
    link = f'<externalLink xmlns="{_MAIN}"><externalBook>{cached}</externalBook></externalLink>'
    return packed({**members(saved(book)), "xl/externalLinks/externalLink1.xml": link})


CARRIERS = (
    Carrier("xlsx", "a cell", _cell, open=True, lines=True),
    Carrier("xlsx", "a cell far away", _far_cell, fair=None),
    Carrier("xlsx", "a second sheet", _second_sheet, open=True),
    _hidden_sheet("hidden"),
    _hidden_sheet("veryHidden"),
    Carrier("xlsx", "a hidden row", _hidden_row, fair=None),
    Carrier("xlsx", "a hidden column", _hidden_column, fair=None),
    Carrier("xlsx", "white text", _white, fair=None),
    Carrier("xlsx", "a cell formatted to show nothing", _unshown, fair=None),
    Carrier("xlsx", "a comment", _comment, fair="review"),
    Carrier("xlsx", "a sheet's name", _sheet_name, limit=31),
    Carrier("xlsx", "a defined name", _defined_name, fair="review", limit=200),
    *(_property(field) for field in ("title", "creator", "keywords", "description")),
    Carrier("xlsx", "a page header", _header, limit=200),
    Carrier("xlsx", "a list of choices", _list, fair="review", limit=200),
    Carrier("xlsx", "a link", _hyperlink, fair="review", limit=200),
    Carrier("xlsx", "inside a formula", _formula, fair="review", limit=200),
    Carrier("xlsx", "a shared string that no cell shows", _orphan, fair=None),
    Carrier("xlsx", "a chart's cache", _chart_cache, fair="review"),
    Carrier("xlsx", "a pivot table's cache", _pivot_cache, fair=None),
    Carrier("xlsx", "an external workbook's cache", _external, fair=None),
    _member("customXml/item1.xml", "a custom XML part"),
    _member("xl/media/notes.xml", "a part that nothing refers to"),
)


def _table(table: pd.DataFrame, random: Random) -> bytes:
    return saved(sheet_of(table)[0])


TABLES = (TableCarrier("xlsx", "a table", _table),)
