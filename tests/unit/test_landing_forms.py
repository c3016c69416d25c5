"""Every form in which a trust may send the same rows lands as the same rows, and what is none of them is told."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from spark_jobs.errors import JobRefused
from spark_jobs.landing import plain
from tests.landing import contracts, held, landed, outbox, sent

NAMES = [field.name for field in contracts()["deaths"].fields]
ROWS = [
    [
        "M1",
        "L1",
        "9434765919",
        "Zo\u00eb",
        "O'Neill, Jr",
        "2",
        "1940-02-01",
        "ST1 1AA",
        "2025-12-31",
        "R99X",
        "2026-01-05",
    ],
    ["M2", "L2", "", "Jos\u00e9", 'the "elder"', "1", "1931-11-30", "", "2026-01-02", "", ""],
]
PLAIN = [[cell.replace(",", "").replace('"', "") for cell in row] for row in ROWS]


def text(rows: list[list[str]] = ROWS, names: list[str] = NAMES, end: str = "\n", **dialect: object) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, **dialect)
    writer.writerows([names, *([dict(zip(NAMES, row, strict=True))[name] for name in names] for row in rows)])
    return out.getvalue()


def british(rows: list[list[str]], form: str) -> list[list[str]]:
    return [[date.fromisoformat(cell).strftime(form) if cell[4:5] == "-" else cell for cell in row] for row in rows]


def kept(tmp_path: Path, content: bytes, rows: int = 2, **told: object) -> list[list[str]]:
    folder = tmp_path / "ons-1"
    receipt = landed(outbox(folder, sent(folder, "deaths.dat", "deaths", content, rows, **told)), tmp_path / "landing")
    found = held(tmp_path / "landing", receipt)
    assert [(row["file"], row["row"]) for row in found] == [("deaths.dat", n + 1) for n in range(rows)]
    return [[row[name] for name in NAMES] for row in found]


@pytest.mark.parametrize(
    ("content", "told", "rows"),
    [
        (text().encode(), {}, ROWS),
        (text().encode("utf-8-sig"), {}, ROWS),
        (text().encode("utf-16"), {"encoding": "utf-16"}, ROWS),
        (b"\xfe\xff" + text().encode("utf-16-be"), {"encoding": "utf-16"}, ROWS),
        (text().encode("cp1252"), {"encoding": "windows-1252"}, ROWS),
        (text(end="\r\n").encode(), {}, ROWS),
        (text().rstrip("\n").encode(), {}, ROWS),
        (text(delimiter="\t").encode(), {"delimiter": "\t"}, ROWS),
        (text(delimiter="|").encode(), {"delimiter": "|"}, ROWS),
        (text(delimiter=";", end="\r\n").encode("cp1252"), {"delimiter": ";", "encoding": "windows-1252"}, ROWS),
        (text(quoting=csv.QUOTE_ALL).encode(), {}, ROWS),
        (text(delimiter="|", quotechar="'").encode(), {"delimiter": "|", "quote": "'"}, ROWS),
        (text(PLAIN, quoting=csv.QUOTE_NONE, quotechar=None).encode(), {"quote": ""}, PLAIN),
        (text(names=NAMES[::-1]).encode(), {}, ROWS),
        (text(british(ROWS, "%d/%m/%Y")).encode(), {"dates": "DD/MM/YYYY"}, ROWS),
        (text(british(ROWS, "%d-%m-%Y")).encode(), {"dates": "DD-MM-YYYY"}, ROWS),
        (text(british(ROWS, "%d.%m.%Y")).encode(), {"dates": "DD.MM.YYYY"}, ROWS),
        (text(british(ROWS, "%Y%m%d")).encode(), {"dates": "YYYYMMDD"}, ROWS),
        (gzip.compress(text().encode()), {"compression": "gzip", "uncompressed_bytes": len(text().encode())}, ROWS),
    ],
)
def test_every_form_lands_as_the_same_rows(tmp_path, content, told, rows):
    assert kept(tmp_path, content, **told) == rows


def test_a_date_of_another_form_is_left_for_validation_to_judge(tmp_path):
    odd = [[*row[:6], "31/12/1940", *row[7:]] for row in ROWS]
    assert kept(tmp_path, text(odd).encode()) == odd


def test_a_cell_may_hold_a_lines_end_and_its_row_is_still_counted(tmp_path):
    rows = [[*ROWS[0][:4], "two\nlines", *ROWS[0][5:]], ROWS[1]]
    assert kept(tmp_path, text(rows).encode()) == rows


def packed(**columns: object) -> bytes:
    table = pa.table({name: [row[place] or None for row in ROWS] for place, name in enumerate(NAMES)})
    for name, column in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    out = io.BytesIO()
    parquet.write_table(table.select(NAMES[::-1]), out)
    return out.getvalue()


def test_parquet_lands_as_text_whatever_its_types(tmp_path):
    day, number = NAMES.index("died_on"), NAMES.index("sex")
    content = packed(
        died_on=pa.array([date.fromisoformat(row[day]) for row in ROWS]),
        sex=pa.array([int(row[number]) for row in ROWS], pa.int8()),
        forename=pa.array([row[3] for row in ROWS]).dictionary_encode(),
    )
    assert kept(tmp_path, content, format="parquet") == [[cell or None for cell in row] for row in ROWS]


GZIP = {"compression": "gzip"}


@pytest.mark.parametrize(
    ("content", "told", "sentence"),
    [
        (text().encode("cp1252"), {}, r"not UTF-8 \(deaths.dat, line 2\)"),
        (text().encode(), {"encoding": "windows-1252"}, "is UTF-8 and the manifest says Windows-1252"),
        (text().encode()[:-1] + b"\x81\n", {"encoding": "windows-1252"}, "not Windows-1252"),
        (text().encode("utf-16")[:-1], {"encoding": "utf-16"}, "not UTF-16"),
        (text().encode(), {"delimiter": "|"}, "column 'registration_id' is missing"),
        (text(end="\r").encode(), {}, "quotes do not close|columns instead of"),
        (text([[*ROWS[0][:4], "=1+1", *ROWS[0][5:]], ROWS[1]]).encode(), {}, "formula .*row 1, field surname"),
        (text([ROWS[0], [*ROWS[1][:4], "a\x07b", *ROWS[1][5:]]]).encode(), {}, "not text .*row 2, field surname"),
        (gzip.compress(b"0" * 10**6), {**GZIP, "uncompressed_bytes": 10**6}, "more than 200 times"),
        (gzip.compress(text().encode()), {**GZIP, "uncompressed_bytes": 10}, "unpacks to more"),
        (gzip.compress(text().encode()), {**GZIP, "uncompressed_bytes": 10**3}, "unpacks to less"),
        (gzip.compress(text().encode())[:-9], {**GZIP, "uncompressed_bytes": 10**3}, "no whole gzip"),
        (text().encode(), {**GZIP, "uncompressed_bytes": 10**3}, "no whole gzip"),
        (packed(), {"format": "csv"}, "is Parquet and the manifest says"),
        (b"PK\x03\x04" + bytes(40), {}, "a ZIP archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(40), {"encoding": "windows-1252"}, "an old Excel workbook"),
        (gzip.compress(text().encode()), {}, "packed with gzip"),
        (packed()[:-20], {"format": "parquet"}, "no whole Parquet"),
        (text().encode(), {"format": "parquet"}, "no whole Parquet"),
        (packed(surname=pa.array([["a"], ["b"]])), {"format": "parquet"}, "no contract has .*field surname"),
        (packed(surname=pa.array(["a", "@SUM(A1)"])), {"format": "parquet"}, "formula .*row 2, field surname"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence_and_nothing_stays(tmp_path, content, told, sentence):
    with pytest.raises(JobRefused, match=sentence) as refused:
        kept(tmp_path, content, **told)
    assert "\n" not in refused.value.sentence()
    assert "Zo" not in refused.value.sentence()
    assert not [path for path in (tmp_path / "landing").rglob("*") if path.is_file()]


def test_arrow_reads_a_plain_file_to_its_end_and_another_up_to_the_first_piece_that_is_not(tmp_path, monkeypatch):
    content = text(ROWS * 40).encode()
    told = sent(tmp_path, "plain.csv", "deaths", content, 80)
    ends = [end for end, _ in plain.blocks(tmp_path / "plain.csv", told, NAMES)]
    assert ends == [len(content)]
    monkeypatch.setattr(plain, "PIECE", 1024)
    sent(tmp_path, "other.csv", "deaths", content + b'"M3\nM4"' + b"," * 10 + b"\n", 81)
    read = list(plain.blocks(tmp_path / "other.csv", told, NAMES))
    assert len(content) - 1024 < read[-1][0] <= len(content)
    assert kept(tmp_path, content + b'"M3\nM4"' + b"," * 10 + b"\n", 81)[-1][0] == "M3\nM4"


def patient(tmp_path: Path, *lines: str) -> int:
    content = "\n".join([*lines, ""]).encode()
    told = sent(tmp_path / "p", "p.ndjson", "fhir_patient", content, len(lines), format="ndjson")
    return len(held(tmp_path / "landing", landed(outbox(tmp_path / "p", told), tmp_path / "landing")))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("=1+1", "A value is a formula"), ("\\u003dcmd", "A value is a formula"), ("\\t @SUM(A1)", "A value is a formula"),
     ("a\\u0000b", "A value is not text"), ("a\\bb", "A value is not text")],
)  # fmt: skip
def test_a_formula_and_what_is_no_text_are_told_in_a_resource_too(tmp_path, value, sentence):
    good = '{"resourceType": "Patient", "id": "a"}'
    bad = f'{{"resourceType": "Patient", "id": "b", "name": [{{"family": "{value}"}}]}}'
    with pytest.raises(JobRefused, match=sentence) as refused:
        patient(tmp_path, good, bad)
    assert "(p.ndjson, line 2, field name.family)" in refused.value.sentence()


def test_what_begins_like_a_formula_in_a_resource_and_is_none_lands(tmp_path):
    telecom = '"telecom": [{"value": "+44 7700 900000"}], "text": {"div": "<div>- mild\\n\\tasthma \\u003d x</div>"}'
    assert patient(tmp_path, f'{{"resourceType": "Patient", "id": "a", {telecom}}}') == 1


def test_a_name_that_is_no_element_s_is_not_told(tmp_path):
    with pytest.raises(JobRefused, match=r"field \?\.a\)") as refused:
        patient(tmp_path, '{"resourceType": "Patient", "id": "b", "Zo Smith": {"a": "=1"}}')
    assert "Zo" not in refused.value.sentence()
