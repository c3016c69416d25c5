"""The counts that a table tells, however it is written."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.disclosing import OPEN
from tre.disclosure.inspection import inspect_counts
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.labels import range_of
from tre.disclosure.statistics.published import Counts
from tre.disclosure.statistics.subtraction import Comparison, Earlier

POLICY = load_policy()
BANDS = {"60s": "60-69", "70s": "70-79"}
SHARES = {"120": "120 (16%)", "340": "340 (44%)", "210": "210 (27%)", "95": "95 (12%)", "persons": "n (%)"}
LONG = "sex,age_band,persons\nF,60s,120\nF,70s,340\nM,60s,210\nM,70s,95\n"


def told(folder: Path, body: str | bytes) -> tuple[Counts, ...]:
    path = folder / "table"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return inspect_counts(path, OPEN)[1]


def keys(tables: tuple[Counts, ...]) -> dict[int, int]:
    return {int(cell["key"]): int(cell["count"]) for each in tables for cell in each.cells}


def held(new: tuple[Counts, ...], *old: tuple[Counts, ...], own: bool = False) -> list[str]:
    comparison = Comparison(new, POLICY, 10)
    for number, each in enumerate(old):
        comparison.hold(Earlier(f"release-{number}", each, own))
    return [hit.rule for hit in comparison.hits()]


def workbook(text: str) -> bytes:
    out = io.BytesIO()
    pd.read_csv(io.StringIO(text)).to_excel(out, index=False)
    return out.getvalue()


def replaced(text: str, by: dict[str, str]) -> str:
    for old, new in by.items():
        text = text.replace(old, new)
    return text


WAYS = {
    "the columns in another order": "Age band,n,Sex\n60-69,120,f\n70-79,340,F\n60-69,210,M\n70-79,95,M\n",
    "across": "age,F,M\n60s,120,210\n70s,340,95\n",
    "across, with totals": "age,F,M,Total\n60s,120,210,330\n70s,340,95,435\nall,460,305,765\n",
    "turned": "sex,60 to 69,70 to 79\nF,120,340\nM,210,95\n",
    "counts named by what they are of": "age,F count,M count\n60s,120,210\n70s,340,95\n",
    "a column that says nothing": LONG.replace("\n", ",x\n").replace("persons,x", "persons,note"),
    "with percentages": "sex,age_band,persons,percent\nF,60s,120,15.7\nF,70s,340,44.4\nM,60s,210,27.5\nM,70s,95,12.4\n",
    "with shares beside the counts": replaced(LONG, SHARES),
    "with its rows numbered": pd.read_csv(io.StringIO(LONG)).to_csv(),
    "as a printed table": pd.read_csv(io.StringIO(replaced(LONG, BANDS))).to_markdown(index=False),
    "in an HTML page": f"<html><body><p>Counts.</p>{pd.read_csv(io.StringIO(LONG)).to_html(index=False)}</body></html>",
    "as JSON": pd.read_csv(io.StringIO(LONG)).to_json(orient="records"),
    "as a workbook": workbook(LONG),
    "under row numbers": pd.read_csv(io.StringIO(LONG)).to_csv(),
    "printed": pd.read_csv(io.StringIO(LONG)).to_string(),
    "as JSON of names and rows": pd.read_csv(io.StringIO(LONG)).to_json(orient="split"),
    "beside their shares": "sex,age_band,persons\nF,60s,120 (15.7%)\nF,70s,340 (44.4%)\nM,60s,210 (27.5%)\n"
    "M,70s,95 (12.4%)\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_table_tells_the_same_however_it_is_written(tmp_path: Path, way: str) -> None:
    wanted = keys(told(tmp_path, LONG))
    assert sorted(wanted.values()) == [95, 120, 210, 305, 330, 340, 435, 460, 765]
    assert wanted.items() <= keys(told(tmp_path, WAYS[way])).items()


@pytest.mark.parametrize("way", WAYS)
def test_a_difference_is_found_however_it_is_written(tmp_path: Path, way: str) -> None:
    fewer = LONG.replace("340", "337")
    first, second = told(tmp_path, WAYS[way]), told(tmp_path, fewer)
    assert "differencing" in held(second, first)
    assert "differencing" in held(first, second)


def test_a_sum_of_a_part_that_is_hidden_is_not_known(tmp_path: Path) -> None:
    tables = told(tmp_path, LONG.replace("340", "[c]"))
    assert sorted(keys(tables).values()) == [95, 120, 210, 305, 330]


@pytest.mark.parametrize(
    ("label", "ends"),
    [
        ("60-69", (60, 70)), ("60 to 69", (60, 70)), ("60s", (60, 70)), ("80+", (80, float("inf"))),
        ("80 and over", (80, float("inf"))), ("under 18", (float("-inf"), 18)), ("<18", (float("-inf"), 18)),
        ("[60, 70)", (60, 70)), ("(60, 70]", (61, 71)), ("60", (60, 61)), ("f", None), ("[a, b)", None),
        (">= 80", (80, float("inf"))), ("60-69 years", (60, 70)), ("[1e, 2)", None), ("[60, inf)", (60, float("inf"))),
    ],
)  # fmt: skip
def test_a_range_is_read_from_its_label(label: str, ends: tuple[float, float] | None) -> None:
    assert range_of(label) == ends


CUT = "age,n\n60-69,120\n70-71,76\n72-89,474\n90+,310\n"


@pytest.mark.parametrize(
    ("second", "found"),
    [  # 72 is 4 people: 200 up to 72, 196 up to 71
        ("60-72,200\n73-89,470\n90+,310\n", ["differencing"]),
        ("60-64,57\n65-72,143\n73-89,470\n90+,310\n", ["differencing"]),
        ("60-72,200\n73-89,470\n", ["possible-differencing"]),
        ("60-72,200\n73-89,471\n90+,310\n", []),  # of other people
        ("60-72,230\n73-89,440\n90+,310\n", []),
        ("60-64,57\n65-92,613\n", []),
    ],
)  # fmt: skip
def test_tables_of_other_cut_points_are_subtracted(tmp_path: Path, second: str, found: list[str]) -> None:
    assert held(told(tmp_path, f"age,n\n{second}"), told(tmp_path, CUT)) == found


def test_more_cut_points_than_are_compared_are_told(tmp_path: Path) -> None:
    small = replace(POLICY, limits={**POLICY.limits, "cut_pairs": 50})
    comparison = Comparison(told(tmp_path, "age,n\n60-72,200\n73-89,470\n"), small, 10)
    comparison.hold(Earlier("release-1", told(tmp_path, CUT), own=False))
    assert [hit.rule for hit in comparison.hits()] == ["uncompared"]


def test_counts_of_other_people_are_not_taken_for_the_same(tmp_path: Path) -> None:
    first = told(tmp_path, "age,n\n60-69,120\n70-79,340\n80-89,210\n")
    other = told(tmp_path, "age,n\n60-69,1130\n70-79,337\n80-89,89\n")
    assert held(other, first) == []
    assert held(told(tmp_path, LONG), first) == []


def test_few_near_counts_of_another_project_may_be_chance_and_of_ones_own_is_looked_at(tmp_path: Path) -> None:
    first, second = (told(tmp_path, f"region,n\nnorth,{n}\nsouth,{m}\n") for n, m in ((3000, 8000), (3003, 8004)))
    assert held(second, first) == ["possible-differencing"]
    strangers = [told(tmp_path, f"region,n\nnorth,{200 * n}\nsouth,{n}000\n") for n in range(40, 80)]
    assert held(second, first, *strangers) == []
    assert held(second, first, own=True) == ["possible-differencing"]


def test_what_does_not_differ_or_differs_by_many_isolates_nobody(tmp_path: Path) -> None:
    first = told(tmp_path, LONG)
    assert held(first, first) == held(first) == []
    assert held(told(tmp_path, LONG.replace("340", "390")), first) == []


def test_a_column_or_sheet_that_tells_of_a_person_is_named_in_no_place(tmp_path: Path) -> None:
    body = io.BytesIO()
    frame = pd.read_csv(io.StringIO(LONG)).rename(columns={"persons": "persons of Margaret Hughes"})
    frame.to_excel(body, index=False, sheet_name="Margaret Hughes")
    (table,) = told(tmp_path, body.getvalue())
    assert "Hughes" not in f"{table.where}{table.columns}"
    assert table.place(0).startswith("row 1, column p•")


def test_counts_survive_their_own_json_and_no_others_are_taken(tmp_path: Path) -> None:
    (table,) = told(tmp_path, LONG)
    assert keys((Counts.from_json(table.to_json()),)) == keys((table,))
    good = table.to_json()
    for harm in ({"cells": "x"}, {"cells": good["cells"][:-8]}, {"columns": []}, {"cells": good["cells"][:68] * 2}):
        with pytest.raises(ValueError, match="no counts"):
            Counts.from_json({**good, **harm})
    with pytest.raises(ValueError, match="no counts"):
        Counts.from_json({})
