"""Tables however they are written, small counts in any clothes, and rows of people who stand where no count does."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import duckdb
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import save

from tests.disclosing import judged, rules
from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import is_count, names_count
from tre.disclosure.readers.printed import find_printed
from tre.disclosure.readers.statements import read_inserted

BANDS = ["0-17", "18-39", "40-64", "80 and over"]
HEADS = ["age_band", "sex", "people", "events", "rate_per_1000"]


def counted(events: int = 8) -> pd.DataFrame:
    rows = [(band, sex, 2000 + n, 100 + n, 40.5) for n, (band, sex) in enumerate((b, s) for b in BANDS for s in "FM")]
    frame = pd.DataFrame(rows, columns=HEADS)
    frame.loc[2, "events"] = events
    return frame


def crosstab(least: int = 8) -> pd.DataFrame:
    rows = [("1 most deprived", 209, 216, 448), ("2", 516, 709, 162), ("3", least, 388, 681)]
    return pd.DataFrame(rows, columns=["quintile", "2021/22", "2022/23", "2023/24"])


def notebook(text: str) -> str:
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = {"cell_type": "code", "source": "table", "metadata": {}, "execution_count": 1, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def inserted(frame: pd.DataFrame) -> str:
    heads = ", ".join(f'"{name}"' for name in frame)
    rows = [", ".join(f"'{value}'" for value in row) for row in frame.itertuples(index=False)]
    return "".join(f"INSERT INTO results ({heads}) VALUES ({row});\n" for row in rows)


def boxed(frame: pd.DataFrame) -> str:
    """Return a frame as polars and DuckDB draw it."""
    lines = ["│".join(["", *map(str, row), ""]) for row in [list(frame), *frame.itertuples(index=False)]]
    return "\n".join([f"┌{'─' * 40}┐", lines[0], f"╞{'═' * 40}╡", *lines[1:], f"└{'─' * 40}┘"]) + "\n"


def without_places(frame: pd.DataFrame) -> str:
    """Return a printed frame as a page of PDF gives it: one blank between words, whatever stood there."""
    return "\n".join(" ".join(line.split()) for line in frame.to_string(index=False).splitlines())


WRITTEN = {
    "CSV": lambda frame: frame.to_csv(index=False),
    "CSV with row numbers": lambda frame: frame.to_csv(),
    "printed": lambda frame: frame.to_string(index=False) + "\n",
    "printed with row numbers": lambda frame: frame.to_string() + "\n",
    "printed under a line": lambda frame: f"We counted people once each.\n{frame.to_string()}\n",
    "printed in a notebook": lambda frame: notebook(frame.to_string()),
    "printed by a page": without_places,
    "Markdown": lambda frame: frame.to_markdown(index=False),
    "Markdown in prose": lambda frame: f"# Results\n\nPeople, once each.\n\n{frame.to_markdown()}\n\nThe end.\n",
    "drawn with boxes": boxed,
    "under a title in a spreadsheet's CSV": lambda frame: f"Table 1, by age,,,,\n,,,,\n{frame.to_csv(index=False)}",
    "under a short title in a spreadsheet's CSV": lambda frame: f"Table 1,,,,\n,,,,\n{frame.to_csv(index=False)}",
    "LaTeX": lambda frame: frame.to_latex(index=False),
    "between rules": lambda frame: f"{'=' * 9}  {'=' * 40}\n{frame.to_string(index=False)}\n{'=' * 9}  {'=' * 40}\n",
    "JSON by columns": lambda frame: frame.to_json(),
    "JSON by rows": lambda frame: frame.to_json(orient="index"),
    "JSON by rows in a list": lambda frame: frame.to_json(orient="records"),
    "split JSON": lambda frame: frame.to_json(orient="split"),
    "split JSON, named otherwise": lambda frame: json.dumps({"header": list(frame), "rows": frame.values.tolist()}),
    "JSON's table": lambda frame: frame.to_json(orient="table"),
    "HTML": lambda frame: f"<html><body>{frame.to_html()}</body></html>",
    "SQL": inserted,
    "SQL under a comment": lambda frame: f"-- results of the study\n{inserted(frame)}",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_small_count_is_found_however_its_table_is_written(tmp_path: Path, way: str) -> None:
    write = WRITTEN[way]
    assert "small-count" in rules(judged(tmp_path, write(counted())))
    assert rules(judged(tmp_path, write(counted(18)))) == set()


@pytest.mark.parametrize("way", [way for way in WRITTEN if way != "printed by a page"])
def test_a_small_cell_of_a_crosstab_is_found_however_it_is_written(tmp_path: Path, way: str) -> None:
    write = WRITTEN[way]
    assert "possible-small-count" in rules(judged(tmp_path, write(crosstab())))
    assert rules(judged(tmp_path, write(crosstab(80)))) == set()


@pytest.mark.parametrize("small", [3, 0])
def test_counts_that_stand_as_a_series_are_found(tmp_path: Path, small: int) -> None:
    frame = pd.DataFrame({"band": ["0-17", "0-17", "18-64", "18-64"], "sex": ["F", "M"] * 2, "n": [small, 40, 50, 60]})
    one, two = frame.groupby("band").n.min(), frame.groupby(["band", "sex"]).n.sum()
    for text in (
        str(one.rename("deaths")), str(one.rename(None)), str(two.rename("count")), notebook(str(two)), one.to_json(),
        json.dumps({"deaths": {"heart": small, "lung": 40}}), json.dumps({"all": {"patients": 900, "deaths": small}}),
        json.dumps({"sex": {"F": small, "M": 400}, "band": {"0-17": 90, "18-64": 300}}),
        frame.iloc[[0, 2]].to_json(), frame.iloc[[0, 3]].to_json(orient="index"),
    ):  # fmt: skip
        assert rules(judged(tmp_path, text)) & {"small-count", "possible-small-count"}, text
    for text in ('{"male": 0, "female": 1}', '{"layers": 3, "epochs": 8, "batch": 64}', '{"0": 3, "1": 4, "2": 9}'):
        assert rules(judged(tmp_path, text)) == set(), text


@pytest.mark.parametrize(
    "cell", ["8 (0.4%)", "8 (0.4 %)", "0.4% (8)", "8/2000 (0.4%)", "n = 8 (0.4%)", "8 [0.4%]", "8; 0.4%", "8 of 2000"]
)
def test_a_count_that_is_written_with_its_share_is_a_count(tmp_path: Path, cell: str) -> None:
    many = cell.replace("8", "118", 1) if not cell.startswith("0.4") else "0.4% (118)"
    rows = "".join(f"{band},{cell if n == 2 else many}\n" for n, band in enumerate(BANDS))
    frame = pd.DataFrame({"age": BANDS, "events": [cell if n == 2 else many for n in range(len(BANDS))]})
    for way, write in WRITTEN.items():
        assert "small-count" in rules(judged(tmp_path, write(frame))) or way == "printed by a page", way
    assert rules(judged(tmp_path, "age,events\n" + rows)) == {"small-count"}
    assert rules(judged(tmp_path, "age,events\n" + rows.replace(cell, many))) == set()


def test_a_table_of_features_tells_counts_with_shares_from_means(tmp_path: Path) -> None:
    rows = "Age,52.1 (12.3)\nStays,3 (2-5)\nFemale,812 (50.1%)\nDiabetes,{} (0.5%)\nAsthma,120 (7.1%)\n"
    assert rules(judged(tmp_path, "characteristic,all\n" + rows.format(9))) == {"small-count"}
    assert rules(judged(tmp_path, "characteristic,all\n" + rows.format(19))) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ward,n,percent_readmitted\nA,65,6.2\nB,67,3.0\nC,74,2.7\nD,61,4.9\n", "small-count"),  # 4, 2, 2 and 3 people
        ("ward,n,percent\nA,65,6.2\nB,67,3.0\nC,74,2.7\nD,61,4.9\n", "small-count"),  # all come to whole people
        ("ward,n,% readmitted\nA,3065,0.2\nB,2067,3.0\n", "possible-small-count"),  # nothing but the name says of what
        ("age,n,percent\na,20,15.5\nb,30,23.3\nc,79,61.2\n", None),  # each of all 129
        ("ward,n,percent_change\nA,3065,0.2\nB,2067,3.0\n", None),
        ("ward,n,percent_readmitted\nA,165,21.2\nB,167,43.1\nC,174,32.8\n", None),
        ("group,people,events,rate\na,4709,[c],1.7\nb,987,225,228.0\nc,2861,107,37.4\n", "recoverable-cell"),
        ("group,people,events,rate\na,4709,[c],[c]\nb,987,225,228.0\nc,2861,107,37.4\n", None),
        ("INSERT INTO t (a, [b], `Total`) VALUES ('x', '[c]', 46), ('y', 40, 86), ('z', 50, 90);\n", None),
        ("group,people,events,score\na,4709,[c],1.7\nb,987,225,8.0\nc,2861,107,7.4\n", None),  # no rate of theirs
        ("group,n,total_cost,largest,second_largest\na,12,100,70,25\nb,15,100,20,10\n", "dominated-total"),
        ("group,n,total_cost,largest,second_largest\na,12,100,20,15\nb,15,100,20,10\n", None),
    ],
)
def test_what_other_figures_tell_of_a_cell(tmp_path: Path, text: str, rule: str | None) -> None:
    assert rules(judged(tmp_path, text)) - {"extreme-value"} == ({rule} if rule else set())


def test_bins_that_were_laid_over_the_values_tell_nobodys(tmp_path: Path) -> None:
    def bins(low: float, step: float) -> str:
        edges = [low + step * n for n in range(21)]
        return "from,to,people\n" + "".join(f"{a:g},{b:g},400\n" for a, b in pairwise(edges))

    assert rules(judged(tmp_path, bins(0, 5))) == set()
    assert rules(judged(tmp_path, bins(-0.5, 0.25))) == set()
    assert rules(judged(tmp_path, bins(17.3, 4.11))) == {"edge-bin"}


# Records

RANDOM = Random(4)
CONDITIONS = ["asthma", "dementia", "heart failure", "chronic kidney disease", "atrial fibrillation"]


def few(many: int = 12) -> pd.DataFrame:
    rows = [
        (RANDOM.randint(20, 90), RANDOM.choice(["Male", "Female"]), f"ST{RANDOM.randint(1, 20)}",
         RANDOM.choice(CONDITIONS), f"2025-{RANDOM.randint(1, 12):02d}-{RANDOM.randint(1, 28):02d}")
        for _ in range(many)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["age", "sex", "area", "condition", "died"])


@pytest.mark.parametrize("way", [way for way in WRITTEN if way != "printed by a page"])
def test_a_few_people_are_found_however_they_are_written(tmp_path: Path, way: str) -> None:
    assert "possible-records" in rules(judged(tmp_path, WRITTEN[way](few())))


def test_people_who_stand_as_columns_are_found(tmp_path: Path) -> None:
    for many in (8, 60, 140):
        turned = few(many).astype(str).T.reset_index()
        turned.columns = pd.Index(["field", *(f"p{n}" for n in range(many))])
        expected = "record-level" if many > 100 else "possible-records"
        assert expected in rules(judged(tmp_path, turned.to_csv(index=False)))


@pytest.mark.parametrize(
    "text",
    [
        "age,sex,mean_cost\n" + "".join(f"{age},{sex},{age * 3.5}\n" for age in range(20, 30) for sex in "FM"),
        "age_band,sex,condition,rate\n" + "".join(f"{band},F,asthma,3.5\n" for band in BANDS * 2),
        "age,deaths,population\n" + "".join(f"{age},{age + 12},{age * 30 + 900}\n" for age in range(25)),
        "date,event\n2025-01-01,study began\n2025-03-01,data arrived\n2025-04-01,model fitted\n2025-05-01,end\n"
        "2025-06-01,paper\n",
        "week,attendances\n" + "".join(f"{day.date()},{1000 + day.dayofyear}\n" for day in
                                       pd.date_range("2023-04-03", periods=104, freq="W")),
        "step,time,loss\n" + "".join(f"{n},2026-06-01T10:{n // 60:02d}:{n % 60:02d}Z,{0.7 * 0.99**n:.5f}\n"
                                     for n in range(150)),
        "id,start,end\n" + "".join(f"{n},{n * 10},{n * 10 + 9}\n" for n in range(20)),
    ],
)  # fmt: skip
def test_summaries_by_age_and_day_and_runs_are_no_people(tmp_path: Path, text: str) -> None:
    assert rules(judged(tmp_path, text)) <= {"possible-small-count"}


@pytest.mark.parametrize(
    "text",
    [
        "parameter,value\nepochs,8\nbatch,64\nseed,42\n",
        "feature,rank\nage,1\nbmi,2\nsex,3\n",
        "step        seconds\nread             12\nfit               8\npredict           3\n",
        "| section | page |\n| --- | --- |\n| Methods | 3 |\n| Results | 5 |\n",
        "age,sex,condition,incidence_per_1000\n"
        + "".join(f"{n},{sex},asthma,{n / 7:.2f}\n" for n in range(20, 30) for sex in "MF"),
        "site_id,grid_reference,beds\n" + "".join(f"S{7 * n},SJ{31 * n + 9000},{n + 40}\n" for n in range(12)),
        "INSERT INTO t (lsoa, n) VALUES " + ",".join(f"('E0100{n:04d}', {n + 20})" for n in range(150)) + ";\n",
        "replicate,week,loss\n" + "".join(f"{n},{n},{0.7 * 0.98**n:.5f}\n" for n in range(120)),
    ],
)
def test_settings_ranks_pages_and_places_are_no_people(tmp_path: Path, text: str) -> None:
    assert rules(judged(tmp_path, text)) == set()


def test_values_of_people_in_one_column_are_found_and_a_curve_is_not(tmp_path: Path) -> None:
    values = [f"{RANDOM.gauss(50, 10):.1f}" for _ in range(80)]
    frame = pd.DataFrame({"hba1c": values})
    others = {
        "printed by a page",
        "drawn with boxes",
        "JSON's table",
        "LaTeX",
        *(way for way in WRITTEN if "title" in way),
    }
    for way in sorted(set(WRITTEN) - others):
        assert "possible-records" in rules(judged(tmp_path, WRITTEN[way](frame))), way
    assert "possible-records" in rules(judged(tmp_path, pd.DataFrame({"age": sorted(values)}).to_csv(index=False)))
    loss = pd.DataFrame({"loss": [f"{0.7 * 0.98**n:.6f}" for n in range(80)]})
    assert rules(judged(tmp_path, loss.to_csv(index=False))) == set()


@pytest.mark.parametrize("mark", ["|", ";", ",", "~", "^", "\t"])
def test_records_that_were_joined_into_one_column_are_found(tmp_path: Path, mark: str) -> None:
    cells = [mark.join([str(RANDOM.randint(1, 90)), RANDOM.choice("12"), RANDOM.choice(["I10", "E119", "F329"]),
                        str(RANDOM.randint(0, 30))]) for _ in range(80)]  # fmt: skip
    found = rules(judged(tmp_path, json.dumps({"columns": ["row"], "data": [[cell] for cell in cells]})))
    assert found & {"record-level", "possible-records"}
    for way in ("SQL", "Markdown", "HTML"):
        found = rules(judged(tmp_path, WRITTEN[way](pd.DataFrame({"row": cells}))))
        assert found & {"record-level", "possible-records"} or mark in "|\t", way
    days = [[f"2025/{n % 12 + 1:02d}/{n % 28 + 1:02d}"] for n in range(80)]
    assert "record-level" not in rules(judged(tmp_path, json.dumps({"columns": ["day"], "data": days})))


def test_measures_of_patients_by_day_are_records_where_they_are_printed(tmp_path: Path) -> None:
    rows = [(p, d, 36 + RANDOM.random(), RANDOM.randint(55, 110)) for p in range(1, 9) for d in range(1, 11)]
    frame = pd.DataFrame(rows, columns=["patient", "day", "temperature", "pulse"]).round(1)
    assert "record-level" in rules(judged(tmp_path, frame.to_string(index=False)))
    trained = frame.rename(columns={"patient": "depth", "day": "fold", "pulse": "seconds"})
    assert "record-level" not in rules(judged(tmp_path, trained.to_string(index=False)))


def test_a_models_trees_and_what_a_program_numbers_are_no_records(tmp_path: Path) -> None:
    tree = {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "base_weights": [0.0, -0.04, 0.05],
            "sum_hessian": [400.0, 200.0, 200.0]}  # fmt: skip
    trees = [{"id": n, **tree} for n in range(120)]
    model = {"learner": {"gradient_booster": {"name": "gbtree", "model": {"trees": trees}}}, "version": [3, 2, 0]}
    assert rules(judged(tmp_path, json.dumps(model))) == {"model-weights"}
    made = [{"__class__": "str", "__id__": 140_000_000 + 7 * n, "content": n % 3} for n in range(20)]
    assert "record-level" not in rules(judged(tmp_path, json.dumps(made)))
    people = [{"id": 140_000_000 + 7 * n, "result": n % 3} for n in range(20)]
    assert "record-level" in rules(judged(tmp_path, json.dumps(people)))


def test_one_example_of_a_models_input_is_looked_at_and_not_blocked(tmp_path: Path) -> None:
    example = {"columns": ["age", "sex", "admissions"], "data": [[54.0, 1.0, 2.0]]}
    assert judged(tmp_path, json.dumps(example)).verdict == "review"
    assert judged(tmp_path, json.dumps({"columns": ["site", "people"], "data": [["Leek", 2]]})).verdict == "block"


# Figures, models, codes


def lines(many: int, points: int) -> str:
    def path() -> str:
        return " L ".join(f"{10 * n} {RANDOM.random() * 90:.3f}" for n in range(points))

    drawn = "".join(f'<path d="M {path()}" style="fill: none; stroke: #1f77b4"/>' for _ in range(many))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 432 288"><g>{drawn}</g></svg>'


def test_a_line_for_each_person_is_found_in_a_drawing_and_a_grid_is_not(tmp_path: Path) -> None:
    assert "possible-figure-rows" in rules(judged(tmp_path, lines(60, 10)))
    assert "figure-rows" in rules(judged(tmp_path, lines(120, 10)))
    assert rules(judged(tmp_path, lines(8, 40))) == set()
    assert rules(judged(tmp_path, lines(60, 2))) == set()  # rules of a grid
    traces = [{"x": list(range(8)), "y": [RANDOM.random() for _ in range(8)], "type": "scatter"} for _ in range(40)]
    assert "possible-figure-rows" in rules(judged(tmp_path, json.dumps({"data": traces, "layout": {}})))
    assert rules(judged(tmp_path, json.dumps({"data": traces[:6], "layout": {}}))) == set()


def painted(grid: np.ndarray, size: int = 1) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(np.kron(grid, np.ones((size, size), dtype=np.uint8)).astype(np.uint8)).save(packed, "PNG")
    return packed.getvalue()


@pytest.mark.parametrize("size", [1, 7])
def test_a_pixel_for_each_value_is_found_and_a_scale_of_colours_is_not(tmp_path: Path, size: int) -> None:
    values = np.random.default_rng(5).integers(20, 220, (120, 3))
    assert "possible-figure-rows" in rules(judged(tmp_path, painted(values, size)))
    assert "possible-figure-rows" in rules(judged(tmp_path, painted(values.T, size)))
    scale = np.repeat(np.arange(0, 240, 2)[:, None], 3, axis=1)
    assert "possible-figure-rows" not in rules(judged(tmp_path, painted(scale, size)))


@pytest.mark.parametrize(("kind", "bits"), [("<f4", 1), ("<f4", 4), ("<f4", 8), ("<f8", 8), ("<f8", 16), ("<f2", 2)])
def test_a_text_in_the_lowest_bits_of_weights_is_found(tmp_path: Path, kind: str, bits: int) -> None:
    text = b"Margaret Hughes, NHS number 943 476 5919, and others of the ward. "
    weights = np.random.default_rng(6).normal(size=2000).astype(kind)
    words = weights.view(f"<u{weights.itemsize}")
    spread = np.unpackbits(np.frombuffer(text * 2, np.uint8)).reshape(-1, bits)
    low = (spread.astype(np.uint64) << np.arange(bits - 1, -1, -1, dtype=np.uint64)).sum(axis=1).astype(words.dtype)
    words[: len(low)] = (words[: len(low)] >> bits << bits) | low
    found = judged(tmp_path, save({"w": weights}))
    assert "hidden-message" in rules(found)
    assert "943" not in json.dumps(found.to_json())
    assert "hidden-message" not in rules(judged(tmp_path, save({"w": np.random.default_rng(6).normal(size=2000)})))


def test_the_state_of_a_random_generator_is_no_data(tmp_path: Path) -> None:
    state = np.random.RandomState(3).get_state(legacy=True)[1]
    assert "tensor-rows" not in rules(judged(tmp_path, save({"random_state": np.asarray(state)})))
    ages = np.random.default_rng(3).integers(0, 100, 624).astype("u4")
    assert "tensor-rows" in rules(judged(tmp_path, save({"random_state": ages})))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Providers RJE, RLY and R1A; practice M83313\n", "organisation-code"),
        ("seed=9434765919, max_depth=4\n", None),
        ("started_at=1777287413\n", None),
        ("started_at=9434765919\n", "possible-identifier"),  # no second of this age
        ("seed=9434765919 for 9434765870\n", "possible-identifier"),
        ("value=9434765919\n", "possible-identifier"),
    ],
)
def test_what_is_named_as_another_thing_is_no_identifier(tmp_path: Path, text: str, rule: str | None) -> None:
    assert rules(judged(tmp_path, text)) == ({rule} if rule else set())
    assert (judged(tmp_path, text).verdict == "pass") == (rule != "possible-identifier")


def test_names_of_counts() -> None:
    for name in ("n", "people", "attendances", "at_risk", "registered_patients", "N women", "deaths"):
        assert names_count(name), name
    for name in ("rate_per_1000", "mean n", "percent of patients", "age", "hba1c", "patient"):
        assert not names_count(name), name
    table = Table.of_rows("", ["people"], [["1,204"], ["96"], ["[c]"]])
    assert is_count("people", table.columns[0])


# Readers


def test_printed_cells_may_hold_blanks_and_be_empty() -> None:
    lines = ["   age_band    sex  people", "       0-17 Female    2831", "              Male    1353"]
    text = "\n".join([*lines, "80 and over Female    1023", ""])
    (table,) = find_printed("", text)
    assert table.names == ("age_band", "sex", "people")
    assert [column.to_pylist() for column in table.columns] == [
        ["0-17", "", "80 and over"], ["Female", "Male", "Female"], ["2831", "1353", "1023"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "lr      = 0.01\nepochs  = 5\nseed    = 7\n",
        "We saw 12 people in May.\nThere were 14 in June.\nAnd 3 more in July.\n",
        "1 2 3\n4 5 6\n7 8 9\n",
        '{"a": 1,\n "b": 2,\n "c": 3}\n',
    ],
)
def test_what_is_no_table_is_not_read_as_one(text: str) -> None:
    assert not list(find_printed("", text))


def test_inserted_rows_are_read_whatever_stands_in_their_texts() -> None:
    text = "INSERT INTO t (name, n) VALUES ('a, (b)', 4), ('it''s', NULL);\ninsert or replace into u values (1,2)"
    (first, second), rest = read_inserted("", text)
    assert rest == ";\n"
    assert first.names == ("name", "n")
    assert [column.to_pylist() for column in first.columns] == [["a, (b)", "it's"], ["4", ""]]
    assert second.names == ("column 1", "column 2")
    assert read_inserted("", "INSERT INTO t VALUES ('never" + "''" * 5000)[0] == []


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE VIEW v AS SELECT band FROM t WHERE n > 20", "stored-query"),
        ("CREATE VIEW v AS SELECT load_extension('x')", "active-content"),
        ("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END", "active-content"),
    ],
)
def test_a_stored_query_is_looked_at_where_it_can_do_more_than_read(tmp_path: Path, sql: str, rule: str) -> None:
    path = tmp_path / "base.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.executescript(f"CREATE TABLE t (band TEXT, n INT); INSERT INTO t VALUES ('a', 40), ('b', 50); {sql}")
    found = judged(tmp_path, path.read_bytes())
    assert rules(found) == {rule}
    assert (found.verdict == "pass") == (rule == "stored-query")


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE VIEW v AS SELECT band FROM t", "stored-query"),
        ("CREATE MACRO f(path) AS TABLE SELECT * FROM read_csv(path)", "active-content"),
    ],
)
def test_a_duckdb_view_is_looked_at_where_it_reads_files(tmp_path: Path, sql: str, rule: str) -> None:
    path = tmp_path / "base.duckdb"
    with duckdb.connect(str(path)) as base:
        base.execute("CREATE TABLE t (band VARCHAR, n INTEGER)")
        base.execute("INSERT INTO t VALUES ('a', 40), ('b', 50)")
        base.execute(sql)
    assert rules(judged(tmp_path, path.read_bytes())) == {rule}
