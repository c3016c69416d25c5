"""Outputs as researchers make them, which must not be blocked: each has the verdict that a checker expects."""

from __future__ import annotations

import io
import json
from itertools import product
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from tre.disclosure import Context, inspect

BANDS = [f"{low}-{low + 9}" for low in range(20, 90, 10)]
REGIONS = ["North East", "North West", "Yorkshire", "East Midlands", "West Midlands", "East", "London", "South East"]


def counted(seed: int, names: str, *groups: list, keep: float = 1.0) -> str:
    random = Random(seed)
    rows = [
        [*cell, random.randint(10, 900)] for cell in product(*groups) if keep >= 1 or random.random() < keep
    ]  # fmt: skip
    return "\n".join([f"{names},n", *(",".join(map(str, row)) for row in rows)]) + "\n"


def regression(mark: str = ",") -> str:
    random = Random(1)
    rows = [
        [f"term_{n}", *(f"{random.gauss(0, 1):.4f}" for _ in range(5)), str(random.randint(500, 900))]
        for n in range(24)
    ]  # fmt: skip
    return "\n".join(mark.join(row) for row in [["term", "coef", "se", "z", "p", "ci_low", "n_used"], *rows]) + "\n"


def survival() -> str:
    random, at_risk, kept = Random(2), 4000, 1.0
    lines = ["time,at_risk,survival,ci_low,ci_high"]
    for month in range(60):
        at_risk -= random.randint(20, 60)
        kept *= 0.99
        lines.append(f"{month},{at_risk},{kept:.4f},{kept - 0.01:.4f},{kept + 0.01:.4f}")
    return "\n".join(lines) + "\n"


def training_log() -> str:
    random = Random(3)
    return "".join(
        f"2026-01-12 10:{n // 60:02d}:{n % 60:02d}.{random.randint(100, 999)} INFO epoch {n + 1}/200 "
        f"loss={2 / (n + 2) + random.random() / 50:.4f} auroc={0.8 + random.random() / 50:.4f} "
        f"lr=0.01 {random.random():.2f}s\n"
        for n in range(200)
    )


def grid_log() -> str:
    random = Random(4)
    return "".join(
        f"depth={depth} leaves={leaves} fold={fold} auroc={random.uniform(0.7, 0.9):.4f}\n"
        for depth, leaves, fold in product([2, 4, 6, 8], [15, 31, 63], range(10))
    )


def application_log() -> str:
    random = Random(5)
    messages = ["started", "read 3 tables", "joined spells to people", "wrote table_1.csv", "fitted model 2 of 5"]
    return "".join(
        f"2026-01-12T10:{n // 60:02d}:{n % 60:02d}Z {random.choice(['INFO', 'WARNING', 'DEBUG'])} "
        f"study.py:{random.randint(10, 300)} {random.choice(messages)}\n"
        for n in range(150)
    )


def markdown() -> str:
    table = "".join(f"| {band} | {sex} | {Random(band).randint(10, 99)} |\n" for band, sex in product(BANDS, "FM"))
    prose = (
        "We counted people, by age and sex, in each region; the tables are below, and the code is in the appendix.\n\n"
    )
    return f"# Results\n\n{prose * 40}| age | sex | count |\n| --- | --- | ---: |\n{table}\n{prose}"


def dictionary() -> str:
    kinds = ["integer", "string", "date", "decimal"]
    lines = [f"field_{n},{kinds[n % 4]},What the field number {n} means,{'yes' if n % 3 else 'no'}" for n in range(60)]
    return "field,type,meaning,required\n" + "\n".join(lines) + "\n"


def code_list() -> str:
    return "code,term\n" + "".join(f"E{n // 10 + 10}.{n % 10},Condition of the {n} kind\n" for n in range(80))


def script() -> str:
    rows = "".join(f'    ("E1{n % 10}.{n // 10}", "Condition {n}", {n}),\n' for n in range(60))
    return f"import tre\n\nCODES = [\n{rows}]\n\n\ndef main(codes, table, *, by=None):\n    return codes, table, by\n"


def notebook(*texts: str) -> str:
    cells = [
        {"cell_type": "code", "source": "df.groupby(['age', 'sex']).size()", "metadata": {}, "execution_count": 1,
         "outputs": [{"output_type": "stream", "name": "stdout", "text": text}]}
        for text in texts
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4})


def summary_frame() -> pd.DataFrame:
    random = Random(6)
    return pd.DataFrame(
        [(band, sex, imd, random.randint(10, 900)) for band, sex, imd in product(BANDS, "FM", range(1, 5))],
        columns=["age_band", "sex", "imd", "count"],
    )


def page() -> str:
    styles = "".join(f"#row{n} {{ background-color: #e1a{n % 10}bd; color: #b4d{n % 10}ee; }}\n" for n in range(60))
    table = summary_frame().head(20).to_html(index=False)
    return f"<!DOCTYPE html><html><head><style>{styles}</style></head><body><h1>Results</h1>{table}</body></html>"


def drawing() -> bytes:
    from matplotlib.figure import Figure

    drawn, figure = io.BytesIO(), Figure()
    figure.subplots().plot(range(12), [Random(7).random() for _ in range(12)])
    figure.savefig(drawn, format="svg")
    return drawn.getvalue()


def weights() -> bytes:
    import numpy as np
    from safetensors.numpy import save

    made = np.random.default_rng(1)
    return save(
        {
            "0.weight": made.normal(size=(128, 40)).astype("f4"),
            "0.bias": np.zeros(128, "f4"),
            "1.weight": made.normal(0, 0.02, size=(1, 128)).astype("f4"),
            "half": made.normal(size=(64, 64)).astype("f2"),
            "positions": np.arange(512),
            "pruned": (made.normal(size=(80, 80)) * (made.random((80, 80)) > 0.8)).astype("f4"),
        }
    )


def workbook() -> bytes:
    import openpyxl

    book, packed = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Admissions by age"])
    for row in summary_frame().head(20).itertuples(index=False):
        book.active.append(list(row))
    book.save(packed)
    return packed.getvalue()


def wide() -> str:
    years, random = range(1900, 2020), Random(8)
    rows = [[region, *(str(random.randint(10, 999)) for _ in years)] for region in REGIONS]
    return "\n".join(",".join(map(str, row)) for row in [["region", *years], *rows]) + "\n"


def table_one() -> str:
    levels = [(f"variable {n}", level) for n in range(12) for level in ("yes", "no", "not known")]
    rows = [f"{name},{level},{Random(name).randint(10, 400)},{Random(level).random():.1%}" for name, level in levels]
    return "variable,level,n,percent\n" + "\n".join(rows) + "\nAll,All,5400,100.0%\n"


CLEAN = {
    "three groups": (counted(1, "age,sex,region", BANDS, ["F", "M"], REGIONS), "pass"),
    "four groups": (
        counted(2, "age,sex,imd,year", BANDS, ["F", "M"], list(range(1, 6)), list(range(2010, 2020))),
        "pass",
    ),
    "four groups, small cells left out": (
        counted(3, "age,sex,region,icd", BANDS, ["F", "M"], REGIONS, [f"I{n}" for n in range(10, 60)], keep=0.08),
        "pass",
    ),
    "small areas": (counted(4, "lsoa", [f"E0100{n:04d}" for n in range(900)]), "pass"),
    "small areas and their districts": (
        "lsoa,msoa,district,n\n"
        + "".join(f"E0100{n:04d},E0200{n // 5:03d},D{n // 60},{n % 70 + 10}\n" for n in range(900)),
        "pass",
    ),
    "months": (
        counted(5, "month", [f"{year}-{month:02d}" for year, month in product(range(2015, 2020), range(1, 13))]),
        "pass",
    ),
    "days": (counted(6, "day", [str(day.date()) for day in pd.date_range("2019-01-01", periods=300)]), "pass"),
    "days and regions": (
        counted(7, "day,region", [str(day.date()) for day in pd.date_range("2019-01-01", periods=90)], REGIONS),
        "pass",
    ),
    "specialties, busiest first": (
        "specialty,admissions\n"
        + "".join(f"{code},{900 - n}\n" for n, code in enumerate(Random(9).sample(range(100, 900), 60))),
        "pass",
    ),
    "rates": (
        "age,sex,n,rate,ci_low,ci_high\n"
        + "".join(
            f"{b},{s},{Random(b + s).randint(10, 99)},{Random(b).random():.3f},0.1,0.9\n"
            for b, s in product(BANDS, "FM")
        ),
        "pass",
    ),
    "doses": (
        "dose,sex,year,n\n"
        + "".join(f"{d},{s},{y},{y - 1990}\n" for d, s, y in product([0.5, 1, 2.5], "FM", range(2010, 2020))),
        "pass",
    ),
    "a table one with totals": (table_one(), "pass"),
    "a summary with totals": (counted(8, "age,sex", [*BANDS, "All"], ["F", "M", "All"]), "pass"),
    "suppressed cells": ("band,count\n20-29,[c]\n30-39,10\n40-49,*\n", "pass"),
    "a crosstab": (
        "region,F,M\n" + "".join(f"{region},{40 + n},{50 + n}\n" for n, region in enumerate(REGIONS)),
        "pass",
    ),
    "a wide crosstab": (wide(), "pass"),
    "a regression": (regression(), "pass"),
    "a regression, tabs": (regression("\t"), "pass"),
    "coefficients": (
        "feature,coefficient\n" + "".join(f"x{n},{Random(n).gauss(0, 1):.5f}\n" for n in range(25)),
        "pass",
    ),
    "survival": (survival(), "pass"),
    "a curve": ("fpr,tpr\n" + "".join(f"{n / 200:.3f},{(n / 200) ** 0.5:.4f}\n" for n in range(200)), "review"),
    "a code list": (code_list(), "review"),
    "a data dictionary": (dictionary(), "review"),
    "a training log": (training_log(), "pass"),
    "a log of a search": (grid_log(), "pass"),
    "an application's log": (application_log(), "pass"),
    "prose with a table": (markdown(), "pass"),
    "a model card": ("# Model card\n\nEpsilon 1.0, AUROC 0.81.\n\n- target: died\n- features: age, sex, imd\n", "pass"),
    "code": (script(), "pass"),
    "a notebook that prints a summary": (notebook(summary_frame().to_string(index=False)), "pass"),
    "a notebook that prints an indexed summary": (notebook(summary_frame().to_string()), "pass"),
    "a notebook that trains": (notebook(training_log(), grid_log()), "pass"),
    "a page": (page(), "pass"),
    "a drawing": (drawing(), "pass"),
    "weights": (weights(), "review"),
    "a workbook": (workbook(), "pass"),
    "a specification": (
        json.dumps({"features": [{"name": f"x{n}", "low": 0, "high": n} for n in range(20)]}, indent=1),
        "review",
    ),
    "figures in JSON": (
        json.dumps({"auroc": 0.81, "folds": {f"fold {n}": {"auroc": 0.8, "n": 500} for n in range(10)}}),
        "pass",
    ),
}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_output_is_judged_no_worse_than_it_should_be(tmp_path: Path, name: str) -> None:
    content, verdict = CLEAN[name]
    path = tmp_path / "file.bin"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = inspect(path, Context(sandbox=False))
    assert (found.verdict, [(each.rule, each.location) for each in found.findings if each.severity != "note"])[
        0
    ] == verdict


@pytest.mark.parametrize(
    "name",
    [
        "fig1_kaplan_meier.png", "model/weights.safetensors", "table_2_age_sex_2024-01-31.csv", "run_1700000000.log",
        "roc curve (final v3).svg", "Table1.csv", "appendix-B_sensitivity_analysis.md", "will_page_summary.csv",
    ],
)  # fmt: skip
def test_a_clean_name_is_not_blocked(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.bin"
    path.write_text("band,count\n20-29,40\n30-39,50\n")
    assert inspect(path, Context(sandbox=False), name=name).verdict != "block"
