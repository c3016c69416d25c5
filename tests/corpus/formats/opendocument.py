"""OpenDocument spreadsheets (ODS), written by hand."""

from __future__ import annotations

from random import Random

import pandas as pd

from tests.corpus.formats.zipped import escaped, packed
from tests.corpus.hosts import counts
from tests.corpus.model import Carrier, TableCarrier

_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "meta", "style")
)
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_HIDDEN = (
    '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
)


def _cell(value: object, inside: str = "") -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        typed = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {typed}><text:p>{value}</text:p></table:table-cell>"
    shown = "".join(f"<text:p>{escaped(line)}</text:p>" for line in str(value).split("\n"))
    return f'<table:table-cell office:value-type="string">{inside}{shown}</table:table-cell>'


def _sheet(name: str, rows: list[list[object]], extra: str = "", style: str = "") -> str:
    body = "".join(f"<table:table-row>{''.join(_cell(value) for value in row)}</table:table-row>" for row in rows)
    named = f' table:style-name="{style}"' if style else ""
    return f'<table:table table:name="{escaped(name)}"{named}>{body}{extra}</table:table>'


def _rows(table: pd.DataFrame) -> list[list[object]]:
    return [[str(name) for name in table.columns], *table.to_numpy().tolist()]


def _document(sheets: str, meta: str = "") -> bytes:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} {_DC} office:version="1.3">{_HIDDEN}'
        f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"
    )
    about = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-meta {_SPACES} {_DC} office:version="1.3">'
        f"<office:meta>{meta}</office:meta></office:document-meta>"
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
    listed = "".join(
        entry.format(*each) for each in (("/", _TYPE), ("content.xml", "text/xml"), ("meta.xml", "text/xml"))
    )
    manifest = f'<manifest:manifest xmlns:manifest="{space}" manifest:version="1.3">{listed}</manifest:manifest>'
    return packed({"mimetype": _TYPE, "content.xml": content, "meta.xml": about, "META-INF/manifest.xml": manifest})


def _in_cell(text: str, random: Random) -> bytes:
    return _document(_sheet("Table 1", [*_rows(counts(random)), [], ["Note", text]]))


def _annotation(text: str, random: Random) -> bytes:
    note = f"<office:annotation><text:p>{escaped(text)}</text:p></office:annotation>"
    row = f"<table:table-row>{_cell('Total', note)}{_cell(5120)}</table:table-row>"
    return _document(_sheet("Table 1", _rows(counts(random)), row))


def _hidden(text: str, random: Random) -> bytes:
    return _document(_sheet("Table 1", _rows(counts(random))) + _sheet("work", [[text]], style="ta2"))


def _name(text: str, random: Random) -> bytes:
    return _document(_sheet(text, _rows(counts(random))))


def _meta(text: str, random: Random) -> bytes:
    return _document(_sheet("Table 1", _rows(counts(random))), f"<dc:title>{escaped(text)}</dc:title>")


def _user_field(text: str, random: Random) -> bytes:
    field = f'<meta:user-defined meta:name="checked">{escaped(text)}</meta:user-defined>'
    return _document(_sheet("Table 1", _rows(counts(random))), field)


CARRIERS = (
    Carrier("ods", "a cell", _in_cell, open=True, lines=True),
    Carrier("ods", "a comment", _annotation, fair="review"),
    Carrier("ods", "a hidden sheet", _hidden, fair=None),
    Carrier("ods", "a sheet's name", _name, limit=60),
    Carrier("ods", "the document's title", _meta),
    Carrier("ods", "a field of the document's properties", _user_field),
)


def _table(table: pd.DataFrame, random: Random) -> bytes:
    return _document(_sheet("Table 1", _rows(table)))


TABLES = (TableCarrier("ods", "a table", _table),)
