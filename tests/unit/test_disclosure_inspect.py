from __future__ import annotations

import base64
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest

from tre.disclosure import Context, DisclosureError, Inspection, inspect
from tre.disclosure.exact_match import ExactFilters, digests, write_filter

OPEN = Context(sandbox=False)
RULES = random.Random(5)


def judged(folder: Path, content: str | bytes, context: Context = OPEN) -> Inspection:
    path = folder / "file.bin"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return inspect(path, context)


def rules(inspection: Inspection) -> set[str]:
    return {finding.rule for finding in inspection.findings}


def notebook(**output: object) -> str:
    cell = {"cell_type": "code", "source": "run()", "metadata": {}, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_rows_of_people_are_blocked(tmp_path: Path) -> None:
    rows = [f"{RULES.randint(20, 90)},{RULES.choice('MF')},{RULES.randint(90, 200)}" for _ in range(300)]
    found = judged(tmp_path, "age,sex,sbp\n" + "\n".join(rows))
    assert (found.type, found.verdict) == ("csv", "block")
    assert "record-level" in rules(found)


def test_pseudonyms_are_blocked_and_masked(tmp_path: Path) -> None:
    token = "A2B3C4D5E6F7ABCDEFGHIJKLMN"
    found = judged(tmp_path, f"the first is {token}\n")
    assert rules(found) == {"pseudonym"}
    assert token not in json.dumps(found.to_json())


def test_a_figure_that_carries_its_rows_is_blocked(tmp_path: Path) -> None:
    trace = [{"x": [RULES.randint(20, 90) for _ in range(200)], "y": [RULES.random() for _ in range(200)]}]
    found = judged(tmp_path, f"<html><script>Plotly.newPlot('a', {json.dumps(trace)})</script></html>")
    assert "figure-rows" in rules(found)


def test_packed_arrays_of_a_figure_are_unpacked(tmp_path: Path) -> None:
    packed = base64.b64encode(np.random.default_rng(1).normal(size=300)).decode()
    page = f"<html><script>draw({json.dumps([{'x': {'dtype': 'f8', 'bdata': packed}}])})</script></html>"
    assert "figure-rows" in rules(judged(tmp_path, page))


def test_a_notebook_that_prints_a_name_is_blocked_where_it_prints(tmp_path: Path) -> None:
    found = judged(tmp_path, notebook(output_type="stream", name="stdout", text=["Patient Margaret Thornton\n"]))
    (finding,) = [each for each in found.findings if each.rule == "person-name"]
    assert finding.location == "cell 1, output 1, line 1"
    assert "Thornton" not in finding.sample


@pytest.mark.parametrize(
    ("line", "rule", "kind"),
    [
        ("NHS number: 999 000 0018 on file", "identifier", "nhs_number"),
        ("ni AB123456C", "identifier", "nino"),
        ("write to someone@example.co.uk today", "identifier", "email"),
        ("phone 020 7946 0958", "identifier", "phone"),
        ("her address is SW1A 1AA", "identifier", "postcode"),
        ("passport 123456789", "identifier", "passport"),
        ("born on 12 March 1974", "date-of-birth", "date_of_birth"),
        ("DOB: 12/03/1974", "date-of-birth", "date_of_birth"),
        ("seen by Dr Wilson", "person-name", "name"),
        ("THORNTON, Margaret", "person-name", "name"),
    ],
)
def test_identifiers_in_text_are_blocked(tmp_path: Path, line: str, rule: str, kind: str) -> None:
    found = judged(tmp_path, f"Results\n{line}\n")
    assert (rule, kind) in {(each.rule, each.kind) for each in found.findings}
    assert found.verdict == "block"


def test_safe_outputs_pass_or_are_reviewed(tmp_path: Path) -> None:
    bands = [f"{low}-{low + 9},{sex},{RULES.randint(10, 400)}" for low in range(20, 90, 10) for sex in "MF"]
    assert judged(tmp_path, "age_band,sex,count\n" + "\n".join(bands)).verdict == "pass"
    assert judged(tmp_path, "# Model card\n\nEpsilon 1.0, AUROC 0.81.\n").verdict == "pass"
    model = {"features": [{"name": "age", "low": 0, "high": 110}], "epsilon": 1.0, "code": "a" * 64}
    assert judged(tmp_path, json.dumps(model)).verdict != "block"


def test_a_picture_and_a_model_go_to_review(tmp_path: Path) -> None:
    from matplotlib.figure import Figure
    from safetensors.numpy import save

    drawn = io.BytesIO()
    figure = Figure()
    figure.subplots().plot([1, 2, 3], [10, 30, 20])
    figure.savefig(drawn, format="png")
    assert (judged(tmp_path, drawn.getvalue()).verdict) == "review"
    weights = np.random.default_rng(1).normal(size=(64, 20)).astype("f4")
    found = judged(tmp_path, save({"layer.weight": weights}, metadata={"format": "pt"}))
    assert (found.type, found.verdict, rules(found)) == ("safetensors", "review", {"model-weights"})


def test_weights_that_are_rows_are_blocked(tmp_path: Path) -> None:
    from safetensors.numpy import save

    people = np.random.default_rng(1).integers(0, 90, size=(200, 6)).astype("f4")
    assert "tensor-rows" in rules(judged(tmp_path, save({"layer.weight": people})))


def test_counts_under_the_threshold_are_blocked_and_suppressed_ones_are_not(tmp_path: Path) -> None:
    assert "small-count" in rules(judged(tmp_path, "band,count\n20-29,9\n30-39,50\n"))
    assert "small-count" in rules(judged(tmp_path, "band,count\n20-29,0\n30-39,50\n"))
    assert judged(tmp_path, "band,count\n20-29,[c]\n30-39,10\n").verdict == "pass"


def test_what_is_held_is_found_however_it_is_written(tmp_path: Path) -> None:
    key = b"k" * 32
    for kind, value in (("full_name", "Zbigniew Quux-Frobnitz"), ("nhs_number", "9990000018")):
        write_filter(tmp_path / "filters", kind, digests(key, kind, [value]))
    context = Context(sandbox=False, filters=tmp_path / "filters", filter_key=key)
    found = judged(tmp_path, "it was zbigniew quux frobnitz, 999-000-0018\n", context)
    held = {each.kind for each in found.findings if each.rule == "held-identifier"}
    assert held == {"full_name", "nhs_number"}
    assert found.exact_match == ("nhs_number", "full_name")
    assert judged(tmp_path, "it was someone else\n", context).verdict == "pass"
    assert ExactFilters.load(tmp_path / "filters", b"x" * 32).contains("nhs_number", ["9990000018"]) == [False]


def test_a_hidden_sheet_and_a_comment_are_found(tmp_path: Path) -> None:
    import openpyxl
    from openpyxl.comments import Comment

    book = openpyxl.Workbook()
    book.active.append(["band", "count"])
    book.active.append(["20-29", 40])
    book.active["A1"].comment = Comment("ask Margaret Thornton", "me")
    book.create_sheet("More").sheet_state = "hidden"
    packed = io.BytesIO()
    book.save(packed)
    found = judged(tmp_path, packed.getvalue())
    assert found.type == "xlsx"
    assert {"hidden-content", "person-name"} <= rules(found)


def test_many_hits_make_one_finding(tmp_path: Path) -> None:
    lines = "\n".join(f"person{n}@example.org" for n in range(3000))
    found = [each for each in judged(tmp_path, lines).findings if each.kind == "email"]
    assert len(found) == 1


def test_an_inspection_survives_its_own_json_and_an_altered_verdict_does_not(tmp_path: Path) -> None:
    found = judged(tmp_path, "band,count\n20-29,9\n30-39,50\n")
    value = json.loads(json.dumps(found.to_json()))
    assert Inspection.from_json(value) == found
    with pytest.raises(ValueError, match="verdict"):
        Inspection.from_json({**value, "verdict": "pass"})


def test_an_unknown_profile_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError):
        judged(tmp_path, "x", Context(profile="none", sandbox=False))
    with pytest.raises(DisclosureError):
        inspect(tmp_path, OPEN)


def test_records_with_a_column_named_like_a_count_are_still_records(tmp_path: Path) -> None:
    rows = [f"{RULES.randint(60, 70)},{RULES.choice('MF')},{RULES.randint(10, 20)}" for _ in range(200)]
    assert "record-level" in rules(judged(tmp_path, "age,sex,admissions\n" + "\n".join(rows)))


def test_a_drawing_of_one_mark_for_each_person_is_blocked_and_a_line_is_not(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    for points, blocked in ((300, True), (4, False)):
        drawn, figure = io.BytesIO(), Figure()
        figure.subplots().scatter(range(points), [RULES.random() for _ in range(points)])
        figure.savefig(drawn, format="svg")
        assert ("figure-rows" in rules(judged(tmp_path, drawn.getvalue()))) is blocked


def test_random_ten_digit_numbers_are_not_nhs_numbers(tmp_path: Path) -> None:
    numbers = "\n".join(f"{RULES.randint(10**9, 10**10 - 1)},{n % 7}" for n in range(1000))
    kinds = [each.kind for each in judged(tmp_path, "reading,group\n" + numbers).findings]
    assert "nhs_number" not in kinds
