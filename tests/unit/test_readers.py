"""Every reader, corner by corner: an identity planted anywhere is found, and the file's clean twin is not blocked."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.planted import CALLED_FOR, CORNERS, MAKERS, examined
from tests.planted.archives import zipped
from tre.disclosure.contents import Table

NHS = "NHS number 999 000 0018"
REFUSED = {("tar", "after the end")}  # tarfile would stop there in silence, so such an archive is refused
# Files of XML, and the part of those that are archives of it
XML = {"svg": "", "xml": "", "docx": "word/document.xml", "xlsx": "xl/worksheets/sheet1.xml",
       "pptx": "ppt/slides/slide1.xml", "ods": "content.xml", "odt": "content.xml"}  # fmt: skip
PLANTED = [(kind, corner) for kind, corners in CORNERS.items() for corner in corners]


@pytest.mark.parametrize(("kind", "corner"), PLANTED)
def test_an_identity_in_any_corner_is_found(kind: str, corner: str) -> None:
    told, hits = examined(MAKERS[kind]({corner: NHS}))
    if (kind, corner) in REFUSED:
        assert told == "unreadable"
        return
    assert ("identifier", "nhs_number") in {(hit.rule, hit.kind) for hit in hits}, [
        (h.rule, h.kind, h.where) for h in hits
    ]


@pytest.mark.parametrize("kind", MAKERS)
def test_the_clean_twin_has_only_what_its_kind_calls_for(kind: str) -> None:
    told, hits = examined(MAKERS[kind]({}))
    assert told != "unreadable", hits
    assert {hit.rule for hit in hits} == CALLED_FOR[kind], hits


def test_letters_that_unicode_lacks_break_no_detector() -> None:
    """NumPy keeps letters as numbers, of any size."""
    body = MAKERS["npy"]({"cell": NHS})
    at = body.index(b"b\0\0\0", 128)
    told, hits = examined(body[:at] + b"\xff\xff\xff\xff" + body[at + 4 :])
    assert told == "unreadable" or ("identifier", "nhs_number") in {(hit.rule, hit.kind) for hit in hits}
    found = Table.of_rows("", ["a"], [["\ud800"], ["b"]])
    assert found.columns[0].to_pylist() == ["?", "b"]


def test_a_sheet_is_hidden_by_the_style_it_refers_to_and_by_no_other() -> None:
    _, hits = examined(MAKERS["ods"]({"hidden sheet": "20-29"}))
    assert {hit.rule for hit in hits} == {"hidden-content"}
    assert not examined(MAKERS["ods"]({}))[1]


@pytest.mark.parametrize("kind", XML)
@pytest.mark.parametrize("form", ["<!-- {} -->", "<?note {}?>"])
@pytest.mark.parametrize("before", [True, False])
def test_what_stands_around_the_root_of_xml_is_read(kind: str, form: str, before: bool) -> None:
    def around(body: bytes) -> bytes:
        start = body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0
        said = form.format(NHS).encode()
        return body[:start] + said + body[start:] if before else body + said

    body = MAKERS[kind]({})
    if XML[kind]:
        archive = zipfile.ZipFile(io.BytesIO(body))
        parts = {name: archive.read(name) for name in archive.namelist()}
        planted = zipped({**parts, XML[kind]: around(parts[XML[kind]])})
    else:
        planted = around(body)
    assert ("identifier", "nhs_number") in {(hit.rule, hit.kind) for hit in examined(planted)[1]}


def test_what_a_drawing_declares_as_its_type_is_read() -> None:
    declared = f'<!DOCTYPE svg [<!NOTATION a PUBLIC "{NHS}">]>'.encode()
    body = declared + MAKERS["svg"]({}).partition(b"?>")[2]
    assert ("identifier", "nhs_number") in {(hit.rule, hit.kind) for hit in examined(body)[1]}


def test_the_records_behind_a_pivot_table_are_hidden_content_in_every_form_of_workbook() -> None:
    new = MAKERS["xlsx"]({"pivot cache": "20-29"})
    archive = zipfile.ZipFile(io.BytesIO(new))
    parts = {name: archive.read(name) for name in archive.namelist() if "pivotCache" not in name}
    binary = zipped({**parts, "xl/pivotCache/pivotCacheRecords1.bin": b"\x20\x01"})
    old = MAKERS["xls"]({})
    entry, name = old.index("Workbook".encode("utf-16-le")), "_SX_DB_CUR".encode("utf-16-le")
    storage = name.ljust(64, b"\0") + struct.pack("<HBBiii", len(name) + 2, 1, 1, -1, -1, -1) + bytes(36)
    storage += struct.pack("<iQ", 0, 0)
    old = old[: entry + 128] + storage + old[entry + 128 + len(storage) :]
    for body in (new, binary, old):
        assert ("hidden-content", "pivot-cache") in {(hit.rule, hit.kind) for hit in examined(body)[1]}


def test_a_database_of_duckdb_that_keeps_deleted_rows_or_more_is_not_passed(tmp_path: Path) -> None:
    path = tmp_path / "base"
    with duckdb.connect(str(path)) as base:
        base.execute(f"CREATE TABLE people AS SELECT range AS n, '{NHS} ' || range AS note FROM range(5000)")
    with duckdb.connect(str(path)) as base:
        base.execute("DROP TABLE people")
        base.execute("CREATE TABLE counts AS SELECT '20-29' AS band, 120 AS count")
    told = {(hit.rule, hit.kind) for hit in examined(path.read_bytes())[1]}
    assert ("hidden-content", "free-blocks") in told
    told = {(hit.rule, hit.kind) for hit in examined(MAKERS["duckdb"]({}) + NHS.encode())[1]}
    assert {("appended-bytes", "appended"), ("identifier", "nhs_number")} <= told
