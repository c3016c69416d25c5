"""Long files are read batch by batch: what stands in the last row is found, where it stands, and memory stays flat."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bench.disclosure_cells import nhs_number
from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.engine import examine
from tre.disclosure.model import Hit
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import Policy, load_policy
from tre.disclosure.readers import arrow, tabular
from tre.disclosure.readers import ndjson as ndjson_reader
from tre.disclosure.source import Source, encoding_of, texts

ROWS = 3000
PLANTED = f"seen, NHS number {nhs_number(Random(3))}"


def policy(block: int = 4096) -> Policy:
    known = load_policy()
    return replace(known, limits={**known.limits, "block_bytes": block})


def looked_at(data: bytes | Path, block: int = 4096) -> tuple[str, list[Hit]]:
    source = Source.of(data) if isinstance(data, bytes) else Source.at(data)
    return examine(source, Sight(policy(block), "acro", load_pack()))


def columns(rows: int = ROWS) -> dict[str, list[str]]:
    notes = ["comfortable overnight"] * (rows - 1) + [PLANTED]
    return {"ward": [f"ward {n % 7}" for n in range(rows)], "age": [str(n % 90) for n in range(rows)], "note": notes}


def delimited(mark: str) -> bytes:
    table = columns()
    lines = [mark.join(table), *(mark.join(row) for row in zip(*table.values(), strict=True))]
    return (
        "\n".join(lines)
        .replace(f"seen{mark}", f'"seen{mark}')
        .replace(PLANTED[5:], PLANTED[5:] + '"' * (mark == ","))
        .encode()
    )


def parquet() -> bytes:
    packed = io.BytesIO()
    pq.write_table(pa.table(columns()), packed, row_group_size=500)
    return packed.getvalue()


def ipc(make: Callable) -> bytes:
    packed, table = io.BytesIO(), pa.table(columns())
    with make(packed, table.schema) as writer:
        writer.write_table(table, max_chunksize=500)
    return packed.getvalue()


def ndjson() -> bytes:
    table = columns()
    rows = (dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True))
    return "\n".join(map(json.dumps, rows)).encode()


LONG = {
    "csv": delimited(","),
    "tsv": delimited("\t"),
    "utf-16": delimited(",").decode().encode("utf-16"),
    "latin-1": delimited(",").replace(b"comfortable", b"caf\xe9 noted"),
    "parquet": parquet(),
    "arrow file": ipc(pa.ipc.new_file),
    "arrow stream": ipc(pa.ipc.new_stream),
    "ndjson": ndjson(),
}


@pytest.mark.parametrize("name", LONG)
def test_what_stands_in_the_last_row_is_found_where_it_stands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_ROWS", 400)
    _, hits = looked_at(LONG[name])
    places = "; ".join(hit.place for hit in hits if (hit.rule, hit.kind) == ("identifier", "nhs_number"))
    assert f"row {ROWS}, column note" in places
    (records,) = [hit for hit in hits if hit.rule == "record-level"]
    assert records.count == ROWS


@pytest.mark.parametrize("name", LONG)
def test_the_size_of_a_batch_changes_no_finding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for block, rows in ((4096, 300), (1 << 20, 1 << 20)):
        monkeypatch.setattr(arrow, "_ROWS", rows)
        told.append({(hit.rule, hit.kind, hit.count) for hit in looked_at(LONG[name], block)[1]})
    assert told[0] == told[1]


def test_a_long_text_is_read_to_its_last_line() -> None:
    lines = [f"2026-01-12 10:00:{n % 60:02d} INFO step {n} done" for n in range(4000)]
    kind, hits = looked_at("\n".join([*lines, PLANTED]).encode())
    assert kind == "text"
    assert [(hit.rule, hit.kind, hit.place) for hit in hits] == [("identifier", "nhs_number", "line 4001")]


def test_a_line_longer_than_a_block_is_read_across_its_cut() -> None:
    number = nhs_number(Random(8))
    for at in range(4096 - 30, 4096 + 6):
        text = "x" * (at - 12) + " NHS number " + number + " " + "y" * 9000
        assert "nhs_number" in {hit.kind for hit in looked_at(text.encode())[1]}


def test_rows_of_another_width_are_read_too_wherever_they_stand() -> None:
    lines = ["ward,age", *(f"ward {n % 7},{n % 90}" for n in range(3000))]
    lines.insert(2500, f"ward 1,50,{PLANTED.replace(',', '')}")
    assert "nhs_number" in {hit.kind for hit in looked_at("\n".join(lines).encode())[1]}


def test_a_table_that_stops_being_one_is_read_again_as_text() -> None:
    body = b"ward,age\n" + b"ward 1,50\n" * 2000 + b'"' + b"z" * 9000 + PLANTED.encode() + b"\n"
    assert "nhs_number" in {hit.kind for hit in looked_at(body)[1]}


@pytest.mark.parametrize("name", ["parquet", "arrow file", "arrow stream"])
def test_what_is_cut_short_is_never_passed(name: str) -> None:
    whole = LONG[name]
    for cut in (len(whole) // 3, len(whole) // 2, len(whole) - 9):
        hits = looked_at(whole[:cut])[1]
        assert hits, cut
        assert {"unreadable", "record-level"} & {hit.rule for hit in hits}


def test_bytes_behind_a_stream_and_values_in_metadata_are_found() -> None:
    assert "appended-bytes" in {hit.rule for hit in looked_at(LONG["arrow stream"] + b"more")[1]}
    table = pa.table({"n": [40, 50]}).replace_schema_metadata({"about": PLANTED})
    field = pa.field("n", pa.int64(), metadata={"about": "Margaret Thornton"})
    packed = io.BytesIO()
    with pa.ipc.new_file(packed, table.schema) as writer:
        writer.write_table(table)
    assert "nhs_number" in {hit.kind for hit in looked_at(packed.getvalue())[1]}
    packed = io.BytesIO()
    pq.write_table(table.cast(pa.schema([field])), packed)
    assert "person-name" in {hit.rule for hit in looked_at(packed.getvalue())[1]}


def test_columns_of_any_type_are_read_as_text() -> None:
    table = pa.table(
        {
            "list": [[PLANTED, "x"], None], "struct": [{"who": "Mrs Margaret Thornton"}, None],
            "bytes": [b"someone@example.co.uk", b"\xff\xfe"],
            "coded": pa.array(["AB123456C", None]).dictionary_encode(),
        }
    )  # fmt: skip
    packed = io.BytesIO()
    with pa.ipc.new_stream(packed, table.schema) as writer:
        writer.write_table(table)
    assert {"nhs_number", "name", "email", "nino"} <= {hit.kind for hit in looked_at(packed.getvalue())[1]}


def test_a_long_document_of_another_kind_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(json.dumps({"pad": ["x" * 99] * 20_000, "note": PLANTED}, indent=0))
    kind, hits = looked_at(path)
    assert kind == "json"
    assert "nhs_number" in {hit.kind for hit in hits}
    small = replace(policy(), limits={**policy().limits, "whole_bytes": 1000})
    _, hits = examine(Source.at(path), Sight(small, "acro", load_pack()))
    assert [hit.rule for hit in hits] == ["too-big"]


def test_a_long_table_is_told_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ward,age,note\n" + b"ward 1,50,comfortable\n" * 60_000 + f'ward 1,50,"{PLANTED}"\n'.encode())
    kind, hits = looked_at(path, 1 << 18)
    assert kind == "csv"
    assert "row 60001, column note" in {hit.place for hit in hits}


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain", "utf-8-sig"), ("é".encode(), "utf-8-sig"), (b"caf\xe9", "cp1252"), ("é".encode("utf-16"), "utf-16"),
        ("é".encode("utf-32"), "utf-32"), ("NHS 999%".encode("cp037"), None), (b"\x93quoted\x94 words", "cp1252"),
        (b"a\x00b", None), (b"a\x1cb", None), (b"\x81\x8d\xff", None), (b"\xff\xfe\x00", None),
        ("a\x00".encode("utf-16"), None), (b"", "utf-8-sig"),
    ],
)  # fmt: skip
def test_bytes_are_text_or_not(data: bytes, encoding: str | None) -> None:
    assert encoding_of(Source.of(data)) == encoding


def test_blocks_of_text_join_to_the_text() -> None:
    text = "one\ntwo é\n" * 500 + "no end"
    assert "".join(texts(Source.of(text.encode()), "utf-8-sig", 64, 10)) == text


_PEAK = """
import sys
from pathlib import Path
from tests.processes import most_memory
from tre.disclosure import Context, inspect
inspect(Path(sys.argv[1]), Context(sandbox=False))
print(most_memory())
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    body, peaks = delimited(","), []
    head, _, rows = body.partition(b"\n")
    for times in (150, 900):
        path = tmp_path / f"{times}.csv"
        path.write_bytes(head + b"\n" + (rows + b"\n") * times)
        told = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
        peaks.append(int(told.stdout))
    assert path.stat().st_size > 60_000_000
    assert peaks[1] < 1.35 * peaks[0]


def test_wide_rows_of_which_few_make_a_batch_are_records_all_the_same() -> None:
    random = Random(5)
    rows = [f"{random.randint(20, 90)},{random.choice('MF')},{random.randint(90, 200)},{'z' * 300}" for _ in range(400)]
    _, hits = looked_at(("age,sex,sbp,note\n" + "\n".join(rows)).encode(), 4096)
    (records,) = [hit for hit in hits if hit.rule.endswith(("records", "record-level"))]
    assert (records.rule, records.count) == ("record-level", 400)


def test_lines_of_json_need_not_have_the_same_keys() -> None:
    number = nhs_number(Random(9))
    escaped = "".join(f"\\u{ord(each):04x}" for each in number)
    lines = [json.dumps({"a": n, f"b{n // 100}": "x"}) for n in range(500)]
    lines += [f'{{"note": {{"deep": ["NHS {escaped}"]}}}}', '["a", "list"]', '{"a": null}']
    kind, hits = looked_at("\n".join(lines).encode())
    assert kind == "ndjson"
    assert "nhs_number" in {hit.kind for hit in hits}
    broken = "\n".join([*lines, '{"cut": '])
    assert "unreadable" in {hit.rule for hit in looked_at(broken.encode())[1]}


def test_a_table_without_rows_and_lines_that_are_lists_are_read_too() -> None:
    packed = io.BytesIO()
    pq.write_table(pa.table({"Margaret Thornton": pa.array([], pa.int64())}), packed)
    assert "person-name" in {hit.rule for hit in looked_at(packed.getvalue())[1]}
    lists = "\n".join(json.dumps([n, f"NHS number {nhs_number(Random(n))}"]) for n in range(40))
    kind, hits = looked_at(lists.encode())
    assert (kind, "nhs_number" in {hit.kind for hit in hits}) == ("ndjson", True)


def test_what_unpacks_to_too_much_or_is_no_text_is_refused() -> None:
    small = replace(policy(), limits={**policy().limits, "unpacked_bytes": 10, "file_bytes": 10})
    _, hits = examine(Source.of(LONG["parquet"]), Sight(small, "acro", load_pack()))
    assert [hit.rule for hit in hits] == ["too-big"]
    for read in (ndjson_reader.read_ndjson, tabular.read_text, tabular.read_csv):
        with pytest.raises(Unreadable):
            read(Source.of(b"a\x00b"), "", Contents(), policy())
    with pytest.raises(Unreadable):
        tabular.read_csv(Source.of(b"one line"), "", Contents(), policy())
