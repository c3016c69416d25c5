"""What has changed in a file since the turn before: in whichever sheet, page or cell of a notebook it has."""

from __future__ import annotations

import base64
import io
import json

import openpyxl
import pytest
from PIL import Image

from tests.airlock import open_study, quick_inspection, submit, vote, work
from tests.factories import as_seen_now
from tests.unit.test_pages import browser
from tre.airlock import drafts, submissions
from tre.airlock.changed import Changed, changed, version_before
from tre.airlock.drafts import Upload
from tre.airlock.models import Request, RequestFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


def book(**sheets: list[list[object]]) -> bytes:
    made, held = openpyxl.Workbook(), io.BytesIO()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(held)
    return held.getvalue()


def notebook(*colours: str) -> bytes:
    """Return a notebook whose one cell draws a picture of each colour."""
    outputs = []
    for colour in colours:
        held = io.BytesIO()
        Image.new("RGB", (8, 8), colour).save(held, "PNG")
        data = {"image/png": base64.b64encode(held.getvalue()).decode()}
        outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    cell = {
        "cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "outputs": outputs, "source": "plot()",
    }  # fmt: skip
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def twice(study, name: str, before: bytes, after: bytes) -> RequestFile:
    """Return a file as it is after its request was sent back for another."""
    made = submit(study, (name, before))
    work()
    for checker in ("cat", "dan"):
        vote(made, checker, "return", "Look again.")
    submissions.revise(made.pk, as_seen_now("ann"))
    drafts.add_files(made.pk, as_seen_now("ann"), "Files", [Upload(name, [after])])
    submissions.submit_draft(made.pk, as_seen_now("ann"), "Done.")
    work()
    return Request.objects.get(pk=made.pk).files.get(turn=2, name=name)


def page(file: RequestFile, query: str = "") -> str:
    answer = browser("cat").get(f"/airlock/{file.request_id}/files/{file.pk}/changes{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def compared(file: RequestFile, section: int = 0, block: int = 0) -> Changed:
    return changed(version_before(file), file, section, block)


def test_each_sheet_is_compared_with_the_one_of_its_name(study):
    one = [["year", "falls"], ["2024", "120"], ["2025", "140"]]
    other = [["area", "falls"], ["north", "90"]]
    was = book(Years=one, Areas=other, Old=one)
    now = twice(study, "falls.xlsx", was, book(Areas=[*other, ["south", "80"]], Years=one, New=other))
    assert [each.title for each in compared(now).sections][:3] == ["sheet Areas", "sheet Years", "sheet New"]
    assert "sheet Old" in [each.title for each in compared(now).gone]
    areas = compared(now)
    assert areas.before == 1
    assert [row.mark for row in areas.difference.rows] == ["same", "added"]
    assert compared(now, 1).difference.rows == ()
    assert compared(now, 2).before is None
    assert {row.mark for row in compared(now, 2).difference.rows} == {"added"}
    assert "<ins>south</ins>" in page(now)
    told = page(now, "?section=1")
    assert "What was compared here is the same in both. Their bytes differ all the same" in told
    assert "Sheet Old" in told.partition("Only in turn 1:")[2]
    assert compared(now, 999).difference.kind == "none"


def test_a_notebook_s_picture_that_changed_is_shown_beside_what_it_was(study):
    now = twice(study, "plots.ipynb", notebook("red", "blue"), notebook("red", "green"))
    ((was, is_now),) = compared(now).difference.pictures
    assert was is not None
    assert is_now is not None
    assert (was.cell, was.place) == (is_now.cell, is_now.place) == (1, 1)
    told = page(now)
    for file in (version_before(now), now):
        address = f"/airlock/{now.request_id}/files/{file.pk}/drawing?section=0&amp;page=0&amp;cell=1&amp;picture=1"
        assert f'src="{address}"' in told
        assert browser("cat").get(address.replace("&amp;", "&")).status_code == 200


def test_what_follows_is_compared_too(study):
    rows = [f"{n},{n * n}\n" for n in range(1000)]
    was, now = ("n,falls\n" + "".join(each) for each in (rows, [*rows[:700], "700,1\n", *rows[701:]]))
    file = twice(study, "long.csv", was.encode(), now.encode())
    first = compared(file)
    assert first.difference.rows == ()
    assert first.more
    second = compared(file, block=1)
    (row,) = [each for each in second.difference.rows if each.mark == "changed"]
    assert (row.before, row.after) == (702, 702)
    assert "Compare what follows" in page(file)
    assert "Compare what is before" in page(file, "?block=2")
    assert page(file, "?block=1").count("<del>490000</del> <ins>1</ins>") == 1


def test_pictures_are_compared_page_by_page(study):
    def pages(*colours: str) -> bytes:
        held, made = io.BytesIO(), [Image.new("RGB", (40, 40), colour) for colour in colours]
        made[0].save(held, "TIFF", save_all=True, append_images=made[1:])
        return held.getvalue()

    file = twice(study, "plots.tiff", pages("red", "blue", "red"), pages("red", "green"))
    found = compared(file).difference
    assert found.kind == "picture"
    assert [(was and was.page, now and now.page) for was, now in found.pictures] == [(1, 1), (2, None)]
    assert "There is none." in page(file)
