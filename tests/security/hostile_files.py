"""Files that attack whoever reads them: bombs, loops, cuts, files of two kinds, lies about sizes and names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

from tests.planted import MAKERS
from tests.planted.archives import zipped

ZEROS = b"0" * 300_000_000
XLSX = "xl/worksheets/sheet1.xml"


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Return a grey PNG of any declared size with any pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def pdf(*objects: bytes, root: int = 1, tail: bytes = b"") -> bytes:
    """Return a PDF of objects, numbered from one, with a right index."""
    body, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    at = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, root, at) + tail


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"


def _page(more: bytes) -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]" + more + b">>"


def _stream(body: bytes, more: bytes = b"/Filter/FlateDecode") -> bytes:
    return b"<</Length %d%s>>stream\n" % (len(body), more) + body + b"\nendstream"


def _pdf_bomb() -> bytes:
    thrice = zlib.compress(zlib.compress(zlib.compress(b"0 0 m " * 50_000_000, 9), 9), 9)
    return pdf(_CATALOG, _PAGES, _page(b"/Contents 4 0 R"),
               _stream(thrice, b"/Filter[/FlateDecode/FlateDecode/FlateDecode]"))  # fmt: skip


def _entities(kind: str) -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    text = f"<?xml version='1.0'?><!DOCTYPE x [{levels}]><x>&a9;</x>"
    if kind == "xml":
        return text.encode()
    name = {"xlsx": XLSX, "docx": "word/document.xml", "opendocument": "content.xml"}[kind]
    return _changed({"xlsx": "xlsx", "docx": "docx", "opendocument": "ods"}[kind], name, text.encode("utf-16"))


def _changed(kind: str, name: str, body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(MAKERS[kind]({}))) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    return zipped({**members, name: body})


def _sheet(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def _duplicate() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "one")
        archive.writestr("b.txt", "two")
    return packed.getvalue().replace(b"b.txt", b"a.txt")


def _headers_differ(what: str) -> bytes:
    body = bytearray(zipped({"a.txt": "Results\n"}))
    place = {"name": 30, "method": 8, "size": 22, "packed": 18}[what]
    body[place] ^= 1
    return bytes(body)


def _overlapping() -> bytes:
    """Return a ZIP of a hundred members that share one body (Fifield, A better zip bomb, WOOT 2019)."""
    whole = zipped({"a": zlib.compress(ZEROS[:1_000_000])})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        start = archive.start_dir
    entry = whole[start : whole.rindex(b"PK\x05\x06")]
    entries = b"".join(entry.replace(b"a", bytes([65 + n % 26]), 1) for n in range(100))
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 100, 100, len(entries), start, 0)
    return whole[:start] + entries + end


def _hidden_between() -> bytes:
    whole = zipped({"a.txt": "Results\n"})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        start = archive.start_dir
    hidden = b"NHS number 999 000 0018"
    end = whole.rindex(b"PK\x05\x06")
    moved = struct.pack("<I", start + len(hidden))
    return whole[:start] + hidden + whole[start : end + 16] + moved + whole[end + 20 :]


def _nested(levels: int, wide: int = 1) -> bytes:
    body = b"Results\n"
    for _ in range(levels):
        body = zipped({f"{n}.zip": body for n in range(wide)})
    return body


def _quine() -> bytes:
    """Return a ZIP that holds a gzip stream which unpacks to many ZIPs in turn: as deep as any reader would go."""
    body = zipped({"a.txt": "Results\n"})
    for _ in range(4):
        body = gzip.compress(zipped({"r.zip": body, "s.zip": body}), mtime=0)
    return body


def _tar(**told: object) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("results.txt")
        for key, value in told.items():
            setattr(member, key, value)
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    return packed.getvalue()


def _lying_tar() -> bytes:
    body = bytearray(_tar(size=4))
    body[124:136] = b"77777777777\0"
    body[148:156] = b"%06o\0 " % (sum(body[:148]) + 256 + sum(body[156:512]))
    return bytes(body)


def _safetensors(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def _npy(shape: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64)


def _yaml_bomb() -> bytes:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


def _sqlite_loop() -> bytes:
    body = bytearray(MAKERS["sqlite"]({"dropped table": "x"}))
    trunk = int.from_bytes(body[32:36], "big")
    body[(trunk - 1) * 4096 : (trunk - 1) * 4096 + 4] = struct.pack(">I", trunk)
    return bytes(body)


def _tiff_loop() -> bytes:
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 3, 1, 1, 8)


def _gif(width: int, script: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, 0x2A, 0, 0, 0) + script


HOSTILE: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "zip bomb": (lambda: _deflated(ZEROS), {"too-big"}),
    "gzip bomb": (lambda: gzip.compress(ZEROS, 1), {"too-big"}),
    "gzip bomb of many streams": (lambda: gzip.compress(b"0" * 20_000_000) * 20, {"too-big"}),
    "bzip2 bomb": (lambda: bz2.compress(ZEROS), {"too-big"}),
    "xz bomb": (lambda: lzma.compress(ZEROS, preset=0), {"too-big"}),
    "xz of much memory": (lambda: _xz_memory(), {"unreadable"}),
    "zips that share one body": (_overlapping, {"unreadable", "too-big"}),
    "zip within zip within zip": (lambda: _nested(8), {"too-big"}),
    "zip of zips of zips": (lambda: _nested(4, 12), {"too-big"}),
    "quine-like nesting": (_quine, {"too-big"}),
    "png bomb": (lambda: png(10, 10, ZEROS), {"appended-bytes"}),
    "png of huge dimensions": (lambda: png(2**31 - 1, 2**31 - 1, b"0"), {"too-big"}),
    "png text bomb": (lambda: _text_bomb(), {"too-big"}),
    "gif of huge dimensions": (lambda: _gif(65535, b";").replace(b"\x2a\0", b"\xff\xff", 1), {"too-big"}),
    "pdf stream bomb": (_pdf_bomb, {"too-big"}),
    "xlsx bomb": (lambda: _deflated_member("xlsx", XLSX, _sheet("<row>" + "<c/>" * 30_000_000 + "</row>")), {"too-big"}),
    "xlsx of two far cells": (lambda: _changed("xlsx", XLSX, _sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')), {"hidden-content"}),
    "ods of repeated cells": (lambda: _changed("ods", "content.xml", _repeated()), {"too-big"}),
    "xml entities": (lambda: _entities("xml"), {"xml-entities"}),
    "xlsx entities in UTF-16": (lambda: _entities("xlsx"), {"xml-entities"}),
    "docx entities in UTF-16": (lambda: _entities("docx"), {"xml-entities"}),
    "ods entities in UTF-16": (lambda: _entities("opendocument"), {"xml-entities"}),
    "xml of great depth": (lambda: b"<?xml version='1.0'?>" + b"<a>" * 100_000 + b"</a>" * 100_000, {"unreadable"}),
    "yaml aliases": (_yaml_bomb, {"too-big"}),
    "yaml of itself": (lambda: b"a: &a\n  b: [*a, 1]\n  c: *a\n", {"unreadable"}),
    "yaml of great depth": (lambda: b"a:\n - " + b"[" * 500 + b"]" * 500, {"unreadable"}),
    "json of great depth": (lambda: b'{"a":' * 400 + b"1" + b"}" * 400, {"unreadable"}),
    "json of one key twice": (lambda: b'{"a": [1], "a": [2]}', {"unreadable"}),
    "pdf whose pages go in a circle": (lambda: pdf(_CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), {"unreadable"}),
    "pdf whose page is its parent": (lambda: pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 9/Parent 3 0 R>>", b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 9/Parent 2 0 R>>"), {"unreadable"}),
    "pdf whose length is itself": (lambda: pdf(_CATALOG, _PAGES, _page(b"/Contents 4 0 R"), b"<</Length 4 0 R>>stream\nx\nendstream"), {"unreadable", "too-big"}),
    "pdf that was saved again": (lambda: _saved_again(), {"hidden-content"}),
    "pdf that starts a program": (lambda: pdf(b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(calc)>>>>", _PAGES, _page(b"")), {"active-content"}),
    "tiff whose directories go in a circle": (lambda: _tiff_loop(), {"unreadable"}),
    "sqlite whose freed pages go in a circle": (_sqlite_loop, {"unreadable"}),
    "tar with a symbolic link": (lambda: _tar(type=tarfile.SYMTYPE, linkname="/etc/passwd"), {"unsafe-path"}),
    "tar with a hard link": (lambda: _tar(type=tarfile.LNKTYPE, linkname="results.txt"), {"unsafe-path"}),
    "tar with a device": (lambda: _tar(type=tarfile.CHRTYPE), {"unsafe-path"}),
    "tar out of its folder": (lambda: _tar(name="../../etc/cron.d/x"), {"unsafe-path"}),
    "tar that lies about a length": (_lying_tar, {"too-big", "unreadable"}),
    "zip out of its folder": (lambda: zipped({"../../x": "x"}), {"unsafe-path"}),
    "zip with a name of a drive": (lambda: zipped({"C:/x": "x"}), {"unsafe-path"}),
    "zip with an overlong name": (lambda: zipped({"a" * 60_000: "NHS number 999 000 0018"}), {"identifier"}),
    "zip with a NUL in a name": (lambda: zipped({"aXb.txt": "x"}).replace(b"aXb", b"a\0b"), {"unsafe-path", "unreadable"}),
    "zip with two members of one name": (_duplicate, {"unreadable"}),
    "zip whose names differ": (lambda: _headers_differ("name"), {"unreadable"}),
    "zip whose methods differ": (lambda: _headers_differ("method"), {"unreadable"}),
    "zip whose sizes differ": (lambda: _headers_differ("size"), {"unreadable"}),
    "zip whose packed sizes differ": (lambda: _headers_differ("packed"), {"unreadable"}),
    "zip with bytes between members": (_hidden_between, {"appended-bytes"}),
    "zip that is encrypted": (lambda: _flagged(1), {"unreadable"}),
    "pdf and zip": (lambda: MAKERS["pdf"]({}) + zipped({"a.txt": "NHS number 999 000 0018"}), {"polyglot", "appended-bytes"}),
    "png and zip": (lambda: MAKERS["png"]({}) + zipped({"a.txt": "NHS number 999 000 0018"}), {"polyglot"}),
    "png and pdf": (lambda: _png_and_pdf(), {"polyglot"}),
    "gif and script": (lambda: _gif(0x2A2F, b"*/=1;alert(1)//;"), {"unreadable"}),
    "jpeg and html": (lambda: MAKERS["jpeg"]({"comment": "<html><script>alert(1)</script>"}), {"polyglot"}),
    "tensors that lie": (lambda: _safetensors(b'{"w":{"dtype":"F32","shape":[9999999999],"data_offsets":[0,4]}}'), {"unreadable"}),
    "array that lies": (lambda: _npy("(1000000,)"), {"unreadable"}),
    "array of billions": (lambda: _npy("(1000000, 1000000)"), {"too-big"}),
    "array of nothing": (lambda: _npy("(-1,)"), {"unreadable"}),
    "ubjson that claims billions": (lambda: b"{L" + struct.pack(">q", 7) + b"learner[$Z#L" + struct.pack(">q", 2**40), {"too-big"}),
    "rdata that lies": (lambda: b"X\n\0\0\0\x03\0\4\2\0\0\3\5\0\0\0\0\5UTF-8" + struct.pack(">II", 14, 2**30), {"unreadable"}),
    "pickle that starts a program": (lambda: b"cos\nsystem\n(S'true'\ntR.", {"pickle"}),
    "pickle that repeats itself": (lambda: b"\x80\x04]\x94" + b"(h\x00h\x00h\x00h\x00t\x94" * 5 + b".", {"pickle"}),
    "EBCDIC": (lambda: "NHS NUMBER 999 000 0018%".encode("cp037") * 20, {"unreadable"}),
    "UTF-16 without a mark": (lambda: "NHS number 999 000 0018".encode("utf-16-le"), {"unreadable"}),
    "UTF-32 with a mark": (lambda: "NHS number 999 000 0018".encode("utf-32"), {"identifier"}),
    "rich text": (lambda: b"{\\rtf1 NHS number 999{\\b } 000 0018}", {"unreadable"}),
    "postscript": (lambda: b"%!PS\n(999) show (0000018) show\n", {"unreadable"}),
}  # fmt: skip


def _deflated(body: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros.txt", body)
    return packed.getvalue()


def _deflated_member(kind: str, name: str, body: bytes) -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(MAKERS[kind]({}))) as archive,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for each in archive.namelist():
            made.writestr(each, body if each == name else archive.read(each))
    return packed.getvalue()


def _repeated() -> bytes:
    with zipfile.ZipFile(io.BytesIO(MAKERS["ods"]({}))) as archive:
        return archive.read("content.xml").replace(
            b"<table:table-row>", b"<table:table-row table:number-rows-repeated='1000000'>"
        ).replace(b"<table:table-cell ", b"<table:table-cell table:number-columns-repeated='16000' ")  # fmt: skip


def _xz_memory() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    return lzma.compress(b"Results\n", format=lzma.FORMAT_XZ, filters=filters)


def _text_bomb() -> bytes:
    chunk = _chunk(b"zTXt", b"a\0\0" + zlib.compress(ZEROS[:50_000_000]))
    whole = png(1, 1, b"\0\0")
    return whole[:33] + chunk + whole[33:]


def _png_and_pdf() -> bytes:
    whole = png(1, 1, b"\0\0")
    return whole[:33] + _chunk(b"tEXt", b"a\0" + pdf(_CATALOG, _PAGES, _page(b""))) + whole[33:]


def _saved_again() -> bytes:
    first = pdf(_CATALOG, _PAGES, _page(b""))
    start = int(first.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    at = len(first)
    new = b"1 0 obj\n" + _CATALOG + b"\nendobj\n"
    index = b"xref\n1 1\n%010d 00000 n \ntrailer<</Size 4/Root 1 0 R/Prev %d>>\n" % (at, start)
    return first + new + index + b"startxref\n%d\n%%%%EOF\n" % (at + len(new))


def _flagged(bit: int) -> bytes:
    body = bytearray(zipped({"a.txt": "Results\n"}))
    body[6] |= bit
    body[body.index(b"PK\x01\x02") + 8] |= bit
    return bytes(body)
