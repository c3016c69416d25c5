"""Rows of people dressed as something else: under a title, in a page, a notebook, an archive or a tensor."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tre.disclosure import Context, Inspection, inspect

RANDOM = Random(11)
HEADS = ["age", "sex", "lsoa", "icd10", "admitted_on"]
PEOPLE = [
    [
        RANDOM.randint(18, 95),
        RANDOM.choice("MF"),
        f"E01{RANDOM.randint(0, 400):06d}",
        f"{RANDOM.choice('EIJKMN')}{RANDOM.randint(10, 60)}",
        f"2023-{RANDOM.randint(1, 12):02d}-{RANDOM.randint(1, 28):02d}",
    ]
    for _ in range(1000)
]
WHO = "Margaret Hughes, NHS number 943 476 5919"


def rows(mark: str = ",", heads: list[str] | None = None, people: list[list[object]] | None = None) -> str:
    table: list[list[Any]] = [heads or HEADS, *(people or PEOPLE)]
    return "\n".join(mark.join(map(str, row)) for row in table) + "\n"


def judged(folder: Path, content: str | bytes, name: str | None = None) -> Inspection:
    path = folder / "file.bin"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return inspect(path, Context(sandbox=False), name=name)


def rules(found: Inspection) -> set[str]:
    return {each.rule for each in found.findings}


def notebook(**output: object) -> str:
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def printed() -> str:
    import pandas as pd

    return pd.DataFrame(PEOPLE, columns=HEADS).to_string()


def numbered(heads: list[str], extra: Callable[[int, list[object]], list[object]]) -> str:
    return rows(heads=heads, people=[extra(n, row) for n, row in enumerate(PEOPLE)])


def between(text: str, words: str = "We then looked at the next few of them") -> str:
    lines = text.splitlines()
    return "\n".join(line if n % 4 else f"{line}\n\n{words}" for n, line in enumerate(lines))


def uneven() -> str:
    return "\n".join(",".join(map(str, row)) + ",x" * (n % 3) for n, row in enumerate(PEOPLE))


LINES = rows().replace("\n", "&#10;")
DISGUISES = {
    "plain": rows(),
    "a title above": "Table 1. Admissions\n" + rows(),
    "ten lines above": "About this table\n" * 10 + rows(),
    "a title above, no heading": "Table 1\n" + rows().partition("\n")[2],
    "words between": between(rows()),
    "widths that vary": uneven(),
    "words of the same width between": between(rows(), "we, then, looked, at, them"),
    "tabs under a title": "Table 1\n" + rows("\t"),
    "spaces": rows("  "),
    "bars under a title": "# Table\n\n" + rows(" | "),
    "a heading with a tag": rows(heads=["<p>age", *HEADS[1:]]),
    "a heading with a page's tag": rows(heads=["age", "<html>", *HEADS[2:]]),
    "a page around it": "<p>" + rows(),
    "a count beside it": numbered([*HEADS, "n"], lambda n, row: [*row, 100 + n]),
    "a count, and a name for each row": numbered([*HEADS, "site", "n"], lambda n, row: [*row, f"site {n}", 100 + n]),
    "a count, and a measure": numbered([*HEADS, "rate", "n"], lambda n, row: [*row, n / 997, 100 + n]),
    "counts alone": numbered(
        ["n age", "n sex", "n area", "n code"],
        lambda n, row: [row[0] + 100, "MF".index(row[1]) + 100, int(row[2][3:]) + 100, int(row[3][1:]) + 100],
    ),
    "a count beside decimals alone": numbered(
        ["age", "area", "code", "n"], lambda n, row: [row[0] + n / 9973, int(row[2][3:]) + n / 997, n / 7 % 3, 100 + n]
    ),
    "each person a column": "\n".join(",".join(map(str, column)) for column in zip(HEADS, *PEOPLE, strict=True)),
    "a printed frame": printed(),
    "printed by a notebook": notebook(output_type="stream", name="stdout", text=rows()),
    "a frame printed by a notebook": notebook(output_type="stream", name="stdout", text=printed().splitlines(True)),
    "a notebook's plain result": notebook(output_type="execute_result", data={"text/plain": printed()}, metadata={}),
    "an unknown key of an output": notebook(output_type="stream", name="stdout", text="", more=f"{WHO}\n{rows()}"),
    "a style": f"<html><style>/* {WHO}\n{rows()} */</style></html>",
    "a template": f"<html><template>{WHO}\n{rows()}</template></html>",
    "a script's string": f"<html><script>var x = {json.dumps(rows())};</script></html>",
    "a comment": f"<html><!-- {rows()} --></html>",
    "an attribute": f'<html><div data-x="{rows()}"></div></html>',
    "elements": "<html><div>"
    + "".join("<div>" + "".join(f"<span>{value}</span>" for value in row) + "</div>" for row in PEOPLE)
    + "</div></html>",
    "a string in JSON": json.dumps({"note": rows()}),
    "an object of rows": json.dumps({str(n): dict(zip(HEADS, row, strict=True)) for n, row in enumerate(PEOPLE)}),
    "an object of columns": json.dumps(
        {head: {str(n): row[place] for n, row in enumerate(PEOPLE)} for place, head in enumerate(HEADS)}
    ),
    "a drawing's words": f'<svg xmlns="http://www.w3.org/2000/svg"><desc>{rows()}</desc></svg>',
    "a drawing's style": f'<svg xmlns="http://www.w3.org/2000/svg"><g style="{LINES}"/></svg>',
}  # fmt: skip


@pytest.mark.parametrize("name", DISGUISES)
def test_rows_are_blocked_however_they_are_dressed(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, DISGUISES[name])
    assert {"record-level", "figure-rows"} & rules(found)
    assert found.verdict == "block"


@pytest.mark.parametrize(
    "content",
    [
        notebook(output_type="stream", name="stdout", text="", more=WHO), notebook(output_type="stream", x={WHO: [1]}),
        f"<html><style>/* {WHO} */</style></html>", f"<html><template>{WHO}</template></html>",
        f"<html><script>var x = '{WHO}';</script></html>", f"<html><p>x</p {WHO.replace(' ', '_')}='{WHO}'></html>",
        "<html><script>var x = 'NHS number 943\\u0034765919';</script></html>",
        f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 {WHO}"/></svg>',
        json.dumps({"note": WHO}).replace("943", "\\u0039\\u0034\\u0033"),
    ],
)  # fmt: skip
def test_identifiers_are_blocked_where_no_program_shows_them(tmp_path: Path, content: str) -> None:
    found = judged(tmp_path, content)
    assert "nhs_number" in {each.kind for each in found.findings if each.severity == "block"}
    assert "943 476" not in json.dumps(found.to_json())


@pytest.mark.parametrize(
    "text", ["Table 1\nband,count\n20-29,9\n30-39,50\n", "| band | count |\n| --- | --- |\n| a | 9 |\n| b | 50 |\n"]
)
def test_small_counts_are_found_under_a_title_and_in_markdown(tmp_path: Path, text: str) -> None:
    assert "small-count" in rules(judged(tmp_path, text))
    assert judged(tmp_path, text.replace("9\n", "19\n").replace("9 |", "19 |")).verdict == "pass"


def test_two_members_of_one_name_and_two_values_of_one_key_are_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("table.csv", rows())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("table.csv", "band,count\n20-29,40\n")
    assert judged(tmp_path, packed.getvalue()).verdict == "block"
    doubled = notebook(output_type="stream", name="stdout", text="fine")
    assert judged(tmp_path, '{"cells": [], ' + doubled[1:]).verdict == "block"
    assert judged(tmp_path, doubled).verdict == "pass"


def numbers() -> np.ndarray:
    areas = [int(str(row[2])[3:]) for row in PEOPLE]
    codes = [int(str(row[3])[1:]) for row in PEOPLE]
    return np.array(
        [[row[0] for row in PEOPLE], ["MF".index(str(row[1])) for row in PEOPLE], areas, codes, codes[::-1]], "f4"
    )


TENSORS = {
    "rows": numbers().T,
    "columns": numbers(),
    "plus a quarter": numbers().T + 0.25,
    "columns plus a quarter": numbers() + 0.25,
    "each column its own offset": numbers().T + np.array([0.1, 0.2, 0.3, 0.4, 0.7], "f4"),
    "standardised": (numbers().T - numbers().mean(1)) / numbers().std(1),
    "one long row": numbers().T.reshape(-1),
    "three sides": numbers().T.reshape(10, 100, 5) + 0.25,
    "halves": (numbers().T).astype("f2"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_of_rows_is_blocked_along_either_side(tmp_path: Path, name: str) -> None:
    from safetensors.numpy import save

    found = judged(tmp_path, save({"layer.weight": np.ascontiguousarray(TENSORS[name])}))
    assert "tensor-rows" in rules(found)


def test_a_tensor_of_a_type_that_numpy_lacks_is_judged_too(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save

    people = torch.from_numpy(np.ascontiguousarray(numbers().T))
    assert "tensor-rows" in rules(judged(tmp_path, save({"layer.weight": people.to(torch.bfloat16)})))
    noise = torch.from_numpy(np.random.default_rng(1).normal(size=(64, 20))).to(torch.bfloat16)
    assert rules(judged(tmp_path, save({"layer.weight": noise}))) == {"model-weights"}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("fig1_9434765919.csv", "block"), ("943-476-5919.csv", "block"), ("fig9434765919b.csv", "block"),
        ("Margaret Hughes 1950-01-02.csv", "block"), ("Margaret_Hughes.csv", "block"), ("MargaretHughes.csv", "block"),
        ("margaret_hughes.csv", "review"), ("margaret-hughes/table.csv", "review"), ("SW1A_1AA.csv", "review"),
        ("dob_1950-01-02.csv", "block"), ("someone@example.co.uk.csv", "block"), ("table_1.csv", "pass"),
    ],
)  # fmt: skip
def test_a_files_name_is_searched_as_a_text_is(tmp_path: Path, name: str, verdict: str) -> None:
    assert judged(tmp_path, "band,count\n20-29,40\n30-39,50\n", name).verdict == verdict
