"""Places in a file where somebody may write and few look."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from lxml import etree
from PIL import Image, ImageDraw, ImageFont

from tests.disclosing import WHO, judged, kinds, rules
from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import load_policy
from tre.disclosure.readers import ocr
from tre.disclosure.readers.lettering import lettered
from tre.disclosure.readers.ocr import tesseract
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.sheets import keep_far_cells, keep_sheet
from tre.disclosure.readers.views import slants

BANDS = ["20-29", "30-39", "40-49"]


def arrow(column: pa.Array) -> bytes:
    packed, table = io.BytesIO(), pa.table({"band": column, "n": [40] * len(column)})
    with pa.ipc.new_file(packed, table.schema) as writer:
        writer.write_table(table)
    return packed.getvalue()


def coded(values: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), pa.array(values))


@pytest.mark.parametrize("nested", [False, True])
def test_a_value_of_a_dictionary_that_no_row_has_is_read(tmp_path: Path, nested: bool) -> None:
    for values, found in ((BANDS, set()), ([*BANDS, "50-59"], set()), ([*BANDS, WHO], {"nhs_number", "name"})):
        column = coded(values)
        told = judged(tmp_path, arrow(pa.StructArray.from_arrays([column], ["of"]) if nested else column))
        assert kinds(told) == found
        assert all("that no row has" in each.location for each in told.findings if each.severity == "block")


def test_a_cell_far_from_the_others_is_read(tmp_path: Path) -> None:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["band", "n"])
    for band in BANDS:
        book.active.append([band, 40])
    book.active["XFA900000"] = WHO
    book.save(packed)
    found = judged(tmp_path, packed.getvalue())
    assert {"nhs_number", "name", "far-cells"} <= kinds(found)
    assert "too-big" not in rules(found)


def test_rows_beside_their_columns_names_are_a_table(tmp_path: Path) -> None:
    rows = [[f"{n}", f"19{n:02d}-03-12"] for n in range(30, 60)]
    split = {"columns": ["site", "date_of_birth"], "index": list(range(len(rows))), "data": rows}
    assert "date-of-birth" in rules(judged(tmp_path, json.dumps(split)))
    counts = {"columns": ["band", "n"], "index": [0, 1, 2], "data": [[band, 40] for band in BANDS]}
    assert judged(tmp_path, json.dumps(counts)).verdict == "pass"


def spaced(letters: str, *, shuffled: bool = False, step: float = 8) -> list[str]:
    placed = [f'<text x="{40 + step * n}" y="60">{mark}</text>' for n, mark in enumerate(letters) if mark != " "]
    return placed[::-1] if shuffled else placed


def drawing(elements: list[str]) -> str:
    return '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">' + "".join(elements) + "</svg>"


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_drawing_that_spells_a_letter_at_a_time_is_read(tmp_path: Path, shuffled: bool) -> None:
    assert {"nhs_number", "name"} <= kinds(judged(tmp_path, drawing(spaced(WHO, shuffled=shuffled))))
    moved = [
        f'<g transform="translate({9 * n},0)"><text y="9">{mark}</text></g>'
        for n, mark in enumerate(WHO)
        if mark != " "
    ]
    assert {"nhs_number", "name"} <= kinds(judged(tmp_path, drawing(moved)))
    down = [f'<text x="9" y="{16 * n}">{mark}</text>' for n, mark in enumerate("9434765919")]
    assert "nhs_number" in {each.kind for each in judged(tmp_path, drawing(down)).findings}


def test_the_ticks_of_an_axis_spell_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, drawing(spaced("0123456789", step=40))).verdict == "pass"


def test_a_page_with_an_element_a_letter_is_read(tmp_path: Path) -> None:
    spans = "".join(f"<span>{mark}</span>" for mark in WHO)
    assert {"nhs_number", "name"} <= kinds(judged(tmp_path, f"<!DOCTYPE html><html><body><p>{spans}</p></body></html>"))


def chart() -> Image.Image:
    picture = Image.new("RGB", (640, 420), "white")
    pen = ImageDraw.Draw(picture)
    pen.line([(50, 20), (50, 370), (620, 370)], fill="black", width=2)
    for n, band in enumerate(BANDS):
        pen.rectangle([80 + 105 * n, 150 + 30 * n, 150 + 105 * n, 369], fill=(0, 94, 184))
        pen.text((90 + 105 * n, 380), band, fill="black", font=ImageFont.load_default(size=18))
    return picture


def worded(angle: float = 0) -> Image.Image:
    """Return black words on white, turned against the clock."""
    words = Image.new("L", (460, 40), 255)
    ImageDraw.Draw(words).text((5, 8), WHO, fill=0, font=ImageFont.load_default(size=18))
    return words.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def turned(angle: float) -> Image.Image:
    picture = chart().resize((900, 900))
    picture.paste(worded(angle), (130, 40))
    return picture


def faint() -> Image.Image:
    picture = chart()
    ImageDraw.Draw(picture).text((120, 40), WHO, fill=(247, 247, 247), font=ImageFont.load_default(size=18))
    return picture


def see_through() -> Image.Image:
    picture = chart().convert("RGBA")
    words = Image.new("RGBA", (460, 40), (255, 255, 255, 0))
    pixels = np.array(words)
    pixels[:, :, :3] = np.array(worded().convert("RGB"))
    picture.paste(Image.fromarray(pixels), (120, 30))
    return picture


def saved(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()


PICTURES = {
    "faint": faint, "under transparency": see_through, "upwards": lambda: turned(90), "downwards": lambda: turned(270),
    "upside down": lambda: turned(180), "slanted": lambda: turned(30), "slanted the other way": lambda: turned(-50),
}  # fmt: skip


@pytest.mark.skipif(tesseract() is None, reason="Tesseract is not installed")
@pytest.mark.parametrize("name", PICTURES)
def test_words_in_pixels_are_read_however_they_stand(tmp_path: Path, name: str) -> None:
    assert {"identifier", "person-name"} & rules(judged(tmp_path, saved(PICTURES[name]())))


@pytest.mark.parametrize("angle", [0, 25, 90, 140, 180, 270, 300])
def test_the_slant_of_a_line_is_told_from_its_letters(angle: int) -> None:
    found = slants(worded(angle))
    assert any(abs((each + angle + 180) % 360 - 180) <= 4 for each in (*found, *([0.0] if angle == 0 else [])))


def test_a_cloud_of_points_has_no_slant() -> None:
    picture, random = Image.new("L", (400, 400), 255), np.random.default_rng(3)
    pen = ImageDraw.Draw(picture)
    for x, y in random.integers(10, 390, size=(120, 2)).tolist():
        pen.ellipse([x, y, x + 5, y + 5], fill=0)
    assert slants(picture) == []
    assert slants(Image.new("L", (400, 400), 255)) == []


def test_a_page_header_is_read_without_its_codes(tmp_path: Path) -> None:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["band", "n"])
    book.active.append(["20-29", 40])
    book.active.oddHeader.center.text = "Margaret Hughes"
    book.save(packed)
    assert "person-name" in rules(judged(tmp_path, packed.getvalue()))


def test_a_number_in_bytes_is_no_letter_of_another_script() -> None:
    assert strings_of(b"\x00FemaleC\xd1\x80\x01") == "FemaleC"
    assert strings_of("Имя \u0430".encode()) == "Имя \u0430"


SHEET = '<worksheet xmlns="http://x"><sheetData>{}</sheetData></worksheet>'


def test_far_cells_are_read_by_what_they_refer_to_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"/></row>'
        '<row r="900000"><c r="XFA900000" t="inlineStr"><is><t>far</t></is></c>'
        '<c r="XFB900000" t="s"><v>7</v></c></row>'
    )
    contents, body = Contents(), SHEET.format(rows).encode()
    assert keep_sheet(body, "", contents, load_policy())
    assert keep_far_cells(body, ["near"], "", contents) == {"near", "far", "7"}
    assert [each.kind for each in contents.hits] == ["far-cells"]
    empty = Contents()
    assert keep_far_cells(SHEET.format('<row r="900000"><c r="XFA900000"/></row>').encode(), [], "", empty) == set()
    assert not empty.hits
    monkeypatch.setitem(load_policy().limits, "nodes", 1)
    with pytest.raises(Unreadable, match="more cells"):
        keep_sheet(body, "", Contents(), load_policy())


def test_words_of_a_drawing_that_stand_far_apart_are_two(tmp_path: Path) -> None:
    apart = [*spaced("Margaret"), *(f'<text x="{400 + 8 * n}" y="60">{mark}</text>' for n, mark in enumerate("Hughes"))]
    shown = ["<!-- a note -->", "<text><tspan>Counts</tspan></text>", '<g transform="rotate(30)"/>', *apart]
    assert lettered(etree.fromstring(drawing(shown))) == ["Margaret", "Hughes"]


def test_a_list_of_values_has_a_dictionary_too(tmp_path: Path) -> None:
    listed = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), coded([*BANDS, WHO]))
    assert {"nhs_number", "name"} <= kinds(judged(tmp_path, arrow(listed)))


@pytest.mark.parametrize("why", ["no program", "no seconds", "stopped", "failed"])
def test_a_picture_whose_text_cannot_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    monkeypatch.setattr(ocr, "tesseract", lambda: None if why == "no program" else "tesseract")
    if why == "no seconds":
        monkeypatch.setitem(load_policy().limits, "ocr_seconds", 0)
    if why in ("stopped", "failed"):

        def run(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
            if why == "stopped":
                raise subprocess.TimeoutExpired("tesseract", 1)
            return subprocess.CompletedProcess([], 1, b"")

        monkeypatch.setattr(subprocess, "run", run)
    (told,) = [each for each in judged(tmp_path, saved(chart())).findings if each.rule == "picture"]
    assert "not read" in told.location


@pytest.mark.skipif(tesseract() is None, reason="Tesseract is not installed")
def test_a_large_picture_is_read_at_its_own_size(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1700, 200), "white")
    ImageDraw.Draw(picture).text((40, 60), WHO, fill="black", font=ImageFont.load_default(size=40))
    assert {"identifier", "person-name"} <= rules(judged(tmp_path, saved(picture)))
