"""Showing: what is in a file of any kind, page by page; what a worker answers is trusted no further than its form."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.planted import MAKERS
from tre.disclosure.showing import Ask, Shown, show
from tre.disclosure.showing.shown import LINES, MOST_LETTERS, ROWS, NotShown

FIRST = Ask()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def shown(folder: Path, content: str | bytes, ask: Ask = FIRST) -> Shown:
    path = folder / "file.bin"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return show(path, ask, sandbox=False)


def text_of(found: Shown) -> str:
    assert found.page is not None
    return "\n".join("".join(token.text for token in line) for line in found.page.lines)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_every_kind_has_something_to_show(tmp_path: Path, kind: str) -> None:
    found = shown(tmp_path, MAKERS[kind]({}))
    assert found.sections
    assert found.page is not None or found.sections[0].kind == "file", found.why
    assert Shown.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("kind", ["csv", "parquet", "ndjson"])
def test_ten_thousand_rows_are_turned_page_by_page_and_none_is_missed(tmp_path: Path, kind: str) -> None:
    rows = [{"n": f"a{number}", "square": str(number**2)} for number in range(10_050)]
    if kind == "csv":
        content = ("n,square\n" + "".join(f"{row['n']},{row['square']}\n" for row in rows)).encode()
    elif kind == "ndjson":
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    else:
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=777)
        content = sink.getvalue()
    met: list[tuple[str, ...]] = []
    for page in range(200):
        found = shown(tmp_path, content, Ask(page=page))
        assert found.page is not None
        assert found.sections[0].size == 10_050
        assert found.page.first == page * ROWS
        met.extend(found.page.rows)
        if not found.page.more:
            break
    assert met == [(row["n"], row["square"]) for row in rows]


def test_a_long_text_is_turned_page_by_page_and_a_long_line_goes_on_below(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1, 900)]
    lines[3] = "x" * (3 * MOST_LETTERS + 1)
    found = [shown(tmp_path, "\n".join(lines) + "\n", Ask(page=page)) for page in range(4)]
    pages = [each.page for each in found]
    assert all(pages)
    assert [page.more for page in pages if page] == [True, True, True, False]
    numbers = [number for page in pages if page for number in page.numbers]
    assert numbers[:9] == [1, 2, 3, 4, 0, 0, 0, 5, 6]
    assert [number for number in numbers if number] == list(range(1, 900))
    assert "".join(token.text for page in pages if page for line in page.lines for token in line) == "".join(lines)
    assert len(pages[0].lines) == LINES if pages[0] else False


def test_code_is_coloured_by_its_name_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    code = 'def study(cohort):  # counts\n    """Return."""\n\n    return len(cohort) * 2\n'
    plain, python = shown(tmp_path, code), shown(tmp_path, code, Ask(name="study.py"))
    assert python.sections[0].kind == "code"
    assert text_of(plain) == text_of(python) == code.rstrip("\n")
    assert python.page is not None
    sorts = {token.text: token.sort for line in python.page.lines for token in line}
    assert (sorts["def"], sorts["study"], sorts["# counts"], sorts["2"]) == ("k", "f", "c", "n")
    assert {token.sort for line in plain.page.lines for token in line} == {""} if plain.page else False


def test_a_file_within_a_file_is_shown_too(tmp_path: Path) -> None:
    outer = shown(tmp_path, MAKERS["zip"]({}))
    number = next(n for n, each in enumerate(outer.sections) if each.kind == "file")
    inner = shown(tmp_path, MAKERS["zip"]({}), Ask(inside=(number,)))
    assert inner.page is not None
    assert inner.type != "zip"
    assert shown(tmp_path, MAKERS["zip"]({}), Ask(inside=(0,))).why
    assert shown(tmp_path, MAKERS["zip"]({}), Ask(inside=(number, 7))).why


def test_a_notebook_is_shown_as_its_reader_sees_it_and_nothing_of_it_runs(tmp_path: Path) -> None:
    output = {
        "output_type": "display_data", "metadata": {},
        "data": {
            "text/html": "<script>steal()</script><table><tr><th>age</th><td>12</td></tr></table>",
            "text/plain": "another text", "image/png": base64.b64encode(PIXEL).decode(),
            "application/javascript": "steal()",
        },
    }  # fmt: skip
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1 + 1"], "outputs": [output]}
    book = {"cells": [cell] * 25, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    found = shown(tmp_path, json.dumps(book))
    assert found.sections[0].kind == "notebook"
    assert found.page is not None
    assert found.page.more
    first = found.page.cells[0]
    assert first.texts == ("age\t12",)
    assert first.left_out == ("application/javascript",)
    assert Image.open(io.BytesIO(first.pictures[0])).size == (1, 1)
    second = shown(tmp_path, json.dumps(book), Ask(page=1)).page
    assert second is not None
    assert [each.number for each in second.cells] == [21, 22, 23, 24, 25]


def test_a_picture_is_drawn_anew_from_its_pixels_alone(tmp_path: Path) -> None:
    held = io.BytesIO()
    picture = Image.new("RGB", (3200, 40), "red")
    exif = Image.Exif()
    exif[0x010E] = "Margaret Hughes"
    picture.save(held, "JPEG", exif=exif)
    found = shown(tmp_path, held.getvalue() + b"appended")
    assert found.page is not None
    drawn = Image.open(io.BytesIO(found.page.picture))
    assert (drawn.format, drawn.size, found.page.scale) == ("PNG", (1600, 20), 0.5)
    assert b"Margaret" not in found.page.picture
    assert drawn.info == {}
    assert not drawn.getexif()


def test_a_drawing_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8), "blue").save(secret)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="8" height="8">'
        f'<script>steal()</script><image width="8" height="8" xlink:href="file://{secret}"/></svg>'
    )
    found = shown(tmp_path, svg)
    assert found.page is not None
    drawn = Image.open(io.BytesIO(found.page.picture)).convert("RGBA")
    assert {pixel for _, pixel in drawn.getcolors() or []} != {(0, 0, 255, 255)}


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"%PDF-1.4 broken", b"PK\x03\x04 broken"])
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    found = shown(tmp_path, content)
    assert found.page is None
    assert found.why.endswith(".")


def test_a_page_that_there_is_not_is_empty(tmp_path: Path) -> None:
    found = shown(tmp_path, "a,b\n1,2\n3,4\n", Ask(page=9))
    assert found.page is not None
    assert not found.page.rows
    assert not found.page.more
    assert shown(tmp_path, "a,b\n1,2\n3,4\n", Ask(section=9)).page is None


def test_a_wide_table_and_a_long_value_are_cut_and_told(tmp_path: Path) -> None:
    found = shown(tmp_path, ",".join(f"c{n}" for n in range(61)) + "\n" + (",".join(["v" * 620] * 61) + "\n") * 3)
    assert found.page is not None
    assert found.page.cut
    assert len(found.page.names) == 60
    assert len(found.page.rows[0][0]) == MOST_LETTERS + 1


GOOD = Shown.from_json({"type": "csv", "sections": [], "page": None, "why": ""}).to_json()


@pytest.mark.parametrize(
    "damage",
    [
        {"type": "csv"}, {**GOOD, "sections": [{"title": "x", "kind": "script", "size": 1}]},
        {**GOOD, "sections": [{"title": "x", "kind": "text", "size": "many"}]}, {**GOOD, "page": {"first": 0}}, [],
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused(damage: object) -> None:
    with pytest.raises(NotShown):
        Shown.from_json(damage)


def test_a_token_that_would_be_markup_and_a_picture_that_is_none_are_refused(tmp_path: Path) -> None:
    good = shown(tmp_path, MAKERS["png"]({})).to_json()
    with pytest.raises(NotShown):
        Shown.from_json({**good, "page": {**good["page"], "picture": base64.b64encode(b"<svg onload=x>").decode()}})
    text = shown(tmp_path, "one line\nand two\n").to_json()
    text["page"]["lines"][0][0]["sort"] = '"><script>'
    with pytest.raises(NotShown):
        Shown.from_json(text)


@pytest.mark.sandbox
def test_a_file_is_shown_from_within_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    for kind in ("csv", "pdf", "svg", "notebook", "xlsx", "png"):
        path.write_bytes(MAKERS[kind]({}))
        inside = show(path, Ask())
        assert inside == show(path, Ask(), sandbox=False), kind
