"""PDF documents, written by hand (ISO 32000-1) or by pypdf."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from random import Random

import matplotlib
import pandas as pd
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

from tests.corpus.formats.raster import encoded, written
from tests.corpus.hosts import paragraph
from tests.corpus.model import Carrier, TableCarrier


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def assembled(objects: list[bytes]) -> bytes:
    """Return a PDF file of these objects, the first its catalogue."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.6\n")
    for number, held in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, held))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def stream(data: bytes, more: bytes = b"") -> bytes:
    """Return a compressed stream object."""
    packed = zlib.compress(data)
    return b"<< /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream" % (len(packed), more, packed)


def document(
    content: str, *, catalogue: str = "", resources: str = "", page: str = "", more: tuple[bytes, ...] = ()
) -> bytes:
    """Return a document of one page; `more` are its objects from the sixth on."""
    font = "/Font << /F1 5 0 R >>"
    return assembled(
        [
            f"<< /Type /Catalog /Pages 2 0 R {catalogue}>>".encode(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                f"/Resources << {font} {resources}>> {page}>>"
            ).encode(),
            stream(content.encode("latin-1")),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            *more,
        ]
    )


def _shown(text: str, at: int, operators: str = "") -> str:
    lines = [text[place : place + 90] for place in range(0, len(text), 90)] or [""]
    shown = " T* ".join(f"({_quoted(line)}) Tj" for line in lines)
    return f"BT /F1 10 Tf 12 TL {operators} 1 0 0 1 50 {at} Tm {shown} ET\n"


def _content(random: Random) -> str:
    return _shown(paragraph(random), 780) + _shown("People 4120   Events 318   Rate 77.2", 740)


def _drawn(place: str, operators: str, fair: str | None = "review", *, shown: bool = False) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return document(_content(random) + "q\n" + _shown(text, 700, operators) + "Q\n")

    return Carrier("pdf", place, write, fair=fair, open=shown, ascii=True)


def _outside(text: str, random: Random) -> bytes:
    return document(_content(random) + _shown(text, -400))


def _covered(text: str, random: Random) -> bytes:
    return document(_content(random) + _shown(text, 700) + "0 g 40 660 520 60 re f\n")


def _layer(text: str, random: Random) -> bytes:
    content = _content(random) + "/OC /L1 BDC\n" + _shown(text, 700) + "EMC\n"
    group = b"<< /Type /OCG /Name (draft) >>"
    off = "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>"
    return document(content, catalogue=off, resources="/Properties << /L1 6 0 R >>", more=(group,))


def _unused_stream(text: str, random: Random) -> bytes:
    return document(_content(random), more=(stream(text.encode()),))


def _earlier_version(text: str, random: Random) -> bytes:
    first = document(_content(random) + _shown(text, 700))
    start = len(first)
    clean = stream(_content(random).encode())
    last = int(first.rsplit(b"startxref\n", 1)[1].split()[0])
    body = b"4 0 obj\n" + clean + b"\nendobj\n"
    table = b"xref\n4 1\n%010d 00000 n \n" % start
    end = b"trailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (last, start + len(body))
    return first + body + table + end


def _after(text: str, random: Random) -> bytes:
    return document(_content(random)) + text.encode() + b"\n"


def _script(text: str, random: Random) -> bytes:
    action = f'/OpenAction << /S /JavaScript /JS (var note = "{_quoted(text)}";) >>'
    return document(_content(random), catalogue=action)


def _changed(place: str, change: Callable[[PdfWriter, str], object], fair: str | None = "review") -> Carrier:
    def write(text: str, random: Random) -> bytes:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(document(_content(random)))))
        change(writer, text)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    return Carrier("pdf", place, write, fair=fair)


def _xmp(writer: PdfWriter, text: str) -> None:
    held = StreamObject()
    held.set_data(f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><note>{text}</note></x:xmpmeta>'.encode())
    held.update({NameObject("/Type"): NameObject("/Metadata"), NameObject("/Subtype"): NameObject("/XML")})
    writer.root_object[NameObject("/Metadata")] = writer._add_object(held)


def _field(writer: PdfWriter, text: str) -> None:
    field = DictionaryObject(
        {
            NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("note"),
            NameObject("/V"): TextStringObject(text),
        }
    )
    fields = ArrayObject([writer._add_object(field)])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): fields})


_BOX = (50, 600, 300, 660)


def _free_text(writer: PdfWriter, text: str) -> None:
    writer.add_annotation(0, FreeText(text=text, rect=_BOX))


def _sticky(writer: PdfWriter, text: str) -> None:
    writer.add_annotation(0, Text(text=text, rect=_BOX))


def _by_matplotlib(text: str, random: Random) -> bytes:
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure = Figure(figsize=(6, 4))
        FigureCanvasPdf(figure)
        axes = figure.add_subplot()
        axes.bar(["0-17", "18-64", "65+"], [random.randrange(90, 900) for _ in range(3)])
        axes.set_title(text.replace("$", r"\$"), fontsize=6)
        out = io.BytesIO()
        figure.savefig(out, format="pdf", metadata={"CreationDate": None})
    return out.getvalue()


def _scanned(text: str, random: Random) -> bytes:
    return encoded(written(random, text), "PDF")


CARRIERS = (
    _drawn("a line", "", shown=True),
    _drawn("white text", "1 g", None),
    _drawn("text that is not painted", "3 Tr", None),
    _drawn("tiny text", "0.01 Tz", None),
    Carrier("pdf", "text outside the page", _outside, fair=None, ascii=True),
    Carrier("pdf", "text under a black box", _covered, fair=None, ascii=True),
    Carrier("pdf", "a layer that is off", _layer, fair=None, ascii=True),
    Carrier("pdf", "a stream that nothing refers to", _unused_stream, fair=None),
    Carrier("pdf", "an earlier version of the page", _earlier_version, fair=None, ascii=True),
    Carrier("pdf", "bytes after the end", _after, fair=None),
    Carrier("pdf", "a script", _script, fair="review", ascii=True),
    _changed("the title", lambda writer, text: writer.add_metadata({"/Title": text})),
    _changed("a field of the properties", lambda writer, text: writer.add_metadata({"/Checked": text})),
    _changed("XMP", _xmp),
    _changed("an attachment", lambda writer, text: writer.add_attachment("notes.txt", text.encode()), None),
    _changed("a text annotation", _free_text),
    _changed("a sticky note", _sticky),
    _changed("a bookmark", lambda writer, text: writer.add_outline_item(text, 0)),
    _changed("a form's field", _field),
    Carrier("pdf", "a plot's title", _by_matplotlib, fair="review", open=True, limit=150, ascii=True),
    Carrier("pdf", "text in a page's pixels", _scanned, fair="review", limit=110, ascii=True),
)


def _table(table: pd.DataFrame, random: Random) -> bytes:
    lines = table.to_string(index=False).split("\n")
    shown = "".join(
        f"BT /F1 7 Tf 1 0 0 1 30 {820 - 9 * place} Tm ({_quoted(line)}) Tj ET\n" for place, line in enumerate(lines)
    )
    return document(shown)


TABLES = (TableCarrier("pdf", "a printed table", _table, fair="review", limit=8),)
