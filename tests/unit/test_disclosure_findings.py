"""Findings a person can act on: their place, a stricter policy, mends, and old ones that are still read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.disclosing import OPEN, WHO, judged, rules
from tests.unit.test_disclosure_pixels import MESSAGES
from tre.disclosure import Context, DisclosureError, Inspection
from tre.disclosure.fixes import FIXES, apply, fixes_for
from tre.disclosure.model import Hit
from tre.disclosure.places import placed
from tre.disclosure.policy import load_policy

POLICY = load_policy()


def workbook(hide: Callable[[object], None] | None = None) -> bytes:
    import openpyxl
    from openpyxl.comments import Comment

    book, packed = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = "Admissions by age"
    for row in (["band", "count", "who"], ["20-29", 40, "a"], ["30-39", 50, "b"], ["40-49", 60, "c"]):
        sheet.append(row)
    sheet["A1"].comment = Comment(f"ask {WHO}", "me")
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[3].hidden = True
    sheet["D2"] = "=1+1"
    other = book.create_sheet("More")
    other.append([WHO])
    other.sheet_state = "hidden"
    book.save(packed)
    return packed.getvalue()


def notebook() -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": WHO}
    code = {"cell_type": "code", "source": "run()", "metadata": {"by": WHO}, "outputs": [output], "execution_count": 1}
    text = {"cell_type": "markdown", "source": "# Title", "metadata": {}, "attachments": {"x": {"text/plain": WHO}}}
    return json.dumps({"cells": [code, text], "metadata": {"who": WHO}, "nbformat": 4, "nbformat_minor": 5}).encode()


def parquet() -> bytes:
    packed = io.BytesIO()
    table = pa.table({"band": ["20-29", "30-39"], "count": [40, 50]}).replace_schema_metadata({"note": WHO})
    pq.write_table(table, packed)
    return packed.getvalue()


def tensors() -> bytes:
    from safetensors.numpy import save

    weights = np.random.default_rng(1).normal(size=(8, 4)).astype("f4")
    return save({"w": weights}, metadata={"note": WHO})


def noted() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    packed, text = io.BytesIO(), PngInfo()
    text.add_text("Comment", WHO)
    Image.new("RGB", (40, 40), "white").save(packed, "PNG", pnginfo=text)
    return packed.getvalue() + b"appended bytes"


TABLE = b"band,sex,count\n20-29,F,9\n20-29,M,33\n30-39,F,44\n30-39,M,57\n"
MENDED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a message in pixels": ("re-encode-image", MESSAGES["all samples"], "review"),
    "metadata of a picture": ("re-encode-image", noted, "review"),
    "outputs": ("strip-outputs", notebook, "pass"),
    "what is hidden": ("drop-hidden", workbook, "pass"),
    "metadata of a table": ("drop-metadata", parquet, "pass"),
    "metadata of tensors": ("drop-metadata", tensors, "review"),
    "small counts": ("suppress", lambda: TABLE, "pass"),
    "small counts, rounded": ("round", lambda: TABLE, "pass"),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_mend_is_offered_and_what_it_makes_is_found_clean(tmp_path: Path, name: str) -> None:
    fix, make, verdict = MENDED[name]
    found = judged(tmp_path, make())
    assert found.verdict == "block"
    assert fix in {each.name for each in fixes_for(found)}
    again = judged(tmp_path, apply(fix, make(), POLICY, "acro"))
    assert (again.verdict, again.type in {found.type, "png"}) == (verdict, True)


def test_no_mend_is_offered_where_none_is_called_for(tmp_path: Path) -> None:
    assert fixes_for(judged(tmp_path, "band,count\n20-29,40\n30-39,50\n")) == ()
    assert {rule for fix in FIXES for rule in fix.rules} <= set(POLICY.rules)


def test_a_single_suppressed_cell_takes_the_least_beside_it(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(apply("suppress", TABLE, POLICY, "acro").decode())))
    hidden = {(row[0], row[1]) for row in rows[1:] if row[2] == "[c]"}
    assert hidden == {("20-29", "F"), ("20-29", "M"), ("30-39", "F"), ("30-39", "M")}
    alone = b"band,count\n20-29,9\n30-39,44\n40-49,57\n"
    assert apply("suppress", alone, POLICY, "acro") == b"band,count\n20-29,[c]\n30-39,[c]\n40-49,57\n"
    assert apply("round", alone, POLICY, "acro") == b"band,count\n20-29,[c]\n30-39,[c]\n40-49,55\n"


@pytest.mark.parametrize(
    ("profile", "counts"),
    [("opensafely", ["0", "35", "45", "55"]), ("opensafely-midpoint", ["9", "33", "45", "57"])],
)
def test_counts_are_rounded_as_the_profile_asks(tmp_path: Path, profile: str, counts: list[str]) -> None:
    context = replace(OPEN, profile=profile)
    table = TABLE.replace(b",9\n", b",7\n")
    found = judged(tmp_path, table, context)
    assert "unrounded-count" in rules(found)
    assert "round" in {fix.name for fix in fixes_for(found)}
    made = apply("round", table, POLICY, profile)
    assert [row[2] for row in csv.reader(io.StringIO(made.decode()))][1:] == counts
    assert judged(tmp_path, made, context).verdict == "pass"


def test_what_is_no_whole_number_stays_when_counts_are_rounded() -> None:
    table = b'band,count\n20-29,[c]\n30-39,44\n40-49,"1,057"\n'
    assert apply("round", table, POLICY, "opensafely") == b"band,count\n20-29,[c]\n30-39,45\n40-49,1055\n"


@pytest.mark.parametrize("fix", [each.name for each in FIXES])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"{}", b"\x89PNG\r\n\x1a\ncut", b"a,b\n1\n", b"PK\x03\x04", b"\0" * 40])
def test_what_cannot_be_mended_is_refused_in_a_sentence(fix: str, data: bytes) -> None:
    with pytest.raises(DisclosureError, match="mended"):
        apply(fix, data, POLICY, "acro")


def test_an_unknown_mend_is_refused() -> None:
    with pytest.raises(DisclosureError, match="no fix"):
        apply("none", b"", POLICY, "acro")


def test_a_project_tightens_and_never_loosens(tmp_path: Path) -> None:
    overrides = {
        "profiles": {"acro": {"threshold": 60}},
        "shape": {"list_values": 20},
        "rules": {"value-list": "block"},
    }
    strict = Context(sandbox=False, overrides=overrides)
    table, values = "band,count\n20-29,40\n30-39,50\n", json.dumps({"w": [n * 1.5 for n in range(30)]})
    assert (judged(tmp_path, table).verdict, judged(tmp_path, table, strict).verdict) == ("pass", "block")
    assert (judged(tmp_path, values).verdict, judged(tmp_path, values, strict).verdict) == ("pass", "block")
    assert POLICY.tightened({}) == POLICY
    same = {"profiles": {"acro": {"threshold": 10, "nk_k": 0.9}}, "rules": {"pickle": "block"}}
    assert POLICY.tightened(same) == POLICY


@pytest.mark.parametrize(
    "overrides",
    [
        {"profiles": {"acro": {"threshold": 5}}}, {"profiles": {"acro": {"check_zeros": False}}},
        {"profiles": {"acro": {"nk_k": 0.95}}}, {"profiles": {"acro": {"none": 1}}}, {"profiles": {"none": {}}},
        {"profiles": {"acro": {"threshold": "20"}}}, {"shape": {"list_values": 200}}, {"shape": {"coincidences": 1}},
        {"shape": {"tensor_repeats": 0.1}}, {"shape": {"list_values": float("nan")}}, {"shape": {"none": 1}},
        {"rules": {"pickle": "review"}}, {"rules": {"none": "block"}}, {"rules": {"picture": "blocks"}},
        {"limits": {"seconds": 1}}, {"models": {}},
    ],
)  # fmt: skip
def test_what_would_loosen_or_is_not_there_is_refused(tmp_path: Path, overrides: dict[str, dict[str, object]]) -> None:
    with pytest.raises(DisclosureError):
        judged(tmp_path, "x", Context(sandbox=False, overrides=overrides))


@pytest.mark.parametrize(
    ("where", "place", "told"),
    [
        ("", "row 3, column age", ("", 3, "age")), ("member 2", "line 7", ("", 7, "")),
        ("sheet Admissions, 2024, comments", "line 1", ("Admissions, 2024", 1, "")),
        ("sheet One, decoded from base64", "row 1, column a, b", ("One", 1, "a, b")),
        ("tensor 1", "column x", ("", None, "x")), ("", "in row 3", ("", None, "")), ("a sheet", "", ("", None, "")),
    ],
)  # fmt: skip
def test_a_place_is_told_for_programs_too(where: str, place: str, told: tuple[str, int | None, str]) -> None:
    hit = placed(Hit("identifier", "x", where, place))
    assert (hit.sheet, hit.row, hit.column) == told
    kept = placed(Hit("identifier", "x", where, place, sheet="S", row=9, column="c"))
    assert (kept.sheet, kept.row, kept.column) == ("S", 9, "c")


def test_an_inspection_of_before_is_still_read(tmp_path: Path) -> None:
    found = judged(tmp_path, workbook(), OPEN)
    told = {(each.rule, each.sheet) for each in found.findings}
    assert {
        ("person-name", "Admissions by age"),
        ("hidden-content", "Admissions by age"),
        ("formula", "Admissions by age"),
    } <= told
    assert {("person-name", "More"), ("hidden-content", "More")} <= told
    kept = json.loads(json.dumps(found.to_json()))
    assert Inspection.from_json(kept) == found
    for finding in kept["findings"]:
        for name in ("sheet", "row", "column", "box"):
            del finding[name]
    assert rules(Inspection.from_json(kept)) == rules(found)
    kept["findings"][0]["box"] = [1, 2]
    with pytest.raises(ValueError, match=r"unpack|inspection"):
        Inspection.from_json(kept)
