"""Inspection against Presidio on the same cells, its memory while files grow, and the rules of tables against ACRO.

Against Presidio: speed, precision and recall. Against ACRO: :mod:`tests.bench.disclosure_statistics`.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow
import pyarrow.parquet as pq

from tests.bench import disclosure_statistics
from tests.bench.disclosure_cells import HEADS, PLANTED, labelled, write_table
from tests.bench.harness import Row, row, timed
from tre.disclosure import Context, inspect
from tre.disclosure.contents import Cells
from tre.disclosure.detectors.patterns import Forms
from tre.disclosure.detectors.recognise import matches, recognised
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import load_policy

NAME = "disclosure"
ROWS = {
    "small": (1_000, 10_000, 100_000),
    "medium": (10_000, 100_000, 1_000_000),
    "large": (10_000, 100_000, 1_000_000),
}
MEGABYTES = {"small": (10, 50), "medium": (10, 100), "large": (10, 200, 2000)}
SAMPLE = 250  # rows of which Presidio is asked: at its pace the longest file would take it two hours
LABELLED = 400  # cells of each labelled column
KINDS = {
    "UK_NHS": "nhs_number", "UK_NINO": "nino", "UK_DRIVING_LICENCE": "driving_licence", "UK_PASSPORT": "passport",
    "UK_POSTCODE": "postcode", "UK_VEHICLE_REGISTRATION": "vehicle_registration", "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
}  # fmt: skip


def presidio() -> dict[str, Any]:
    """Return stock Presidio's pattern recognisers for the same entities; the suffix list is the one it ships."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as library

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    made = [
        library.NhsRecognizer(), library.UkNinoRecognizer(), library.UkDrivingLicenceRecognizer(),
        library.UkPassportRecognizer(), library.UkPostcodeRecognizer(), library.UkVehicleRegistrationRecognizer(),
        library.EmailRecognizer(), library.PhoneRecognizer(),
    ]  # fmt: skip
    return {each.supported_entities[0]: each for each in made}


def _ask(peer: dict[str, Any], cells: list[str]) -> list[set[str]]:
    return [{name for name, each in peer.items() if each.analyze(cell, [name], None)} for cell in cells]


def _ours(header: str, cells: list[str]) -> list[set[str]]:
    """Return the entities of each cell that the findings on the column count."""
    pack, found = load_pack(), [set[str]() for _ in cells]
    forms = Forms(pack, header, load_policy().evidence, in_table=True)
    places: dict[str, list[int]] = {}
    for at, cell in enumerate(cells):
        places.setdefault(cell, []).append(at)
    distinct = Cells.of("", header, pa.array(list(places), pa.string()), in_table=True)
    forms.feed(distinct)
    counts = {hit.kind: hit.count for hit in forms.hits()}
    for entity in pack.entities:
        if entity.kind not in counts:
            continue
        held = recognised(entity, distinct.folded)
        if counts[entity.kind] < len(held):  # only those with a word of context beside them are counted
            held = held[matches(distinct.folded.take(pa.array(held)), f"(?i){entity.context.pattern}")]
        for n in held.tolist():
            for at in places[distinct.values[n].as_py()]:
                found[at].add(entity.kind)
    return found


def _scores(seed: int, size: str, peer: dict[str, Any]) -> Iterator[Row]:
    tallies = {who: {name: [0, 0, 0] for name in PLANTED} for who in ("ours", "Presidio")}  # hit, missed, wrong
    for header, (cells, labels) in labelled(LABELLED, seed).items():
        answers = {
            "ours": [{name for name in KINDS if KINDS[name] in each} for each in _ours(header, cells)],
            "Presidio": _ask(peer, cells),
        }
        for who, told in answers.items():
            for label, said in zip(labels, told, strict=True):
                for name in PLANTED:
                    tallies[who][name][0] += name == label and name in said
                    tallies[who][name][1] += name == label and name not in said
                    tallies[who][name][2] += name != label and name in said
    for name in PLANTED:
        for who in ("ours", "Presidio"):
            hit, missed, wrong = tallies[who][name]
            yield row(NAME, f"{name}: recall, {who}", hit / (hit + missed), ">= 1" if who == "ours" else "", size, seed)
            yield row(NAME, f"{name}: precision, {who}", hit / max(hit + wrong, 1), "", size, seed)
    overall = {}
    for who, each in tallies.items():
        hit, wrong = (sum(tally[place] for tally in each.values()) for place in (0, 2))
        overall[who] = hit / (hit + wrong)
        yield row(NAME, f"all entities: precision, {who}", overall[who], "", size, seed)
    yield row(
        NAME, "all entities: our precision over Presidio's", overall["ours"] / overall["Presidio"], ">= 1", size, seed
    )


def _speed(seed: int, size: str, peer: dict[str, Any], scratch: Path) -> Iterator[Row]:
    for rows in ROWS[size]:
        path = scratch / f"{rows}.csv"
        write_table(path, rows, seed)
        ours = timed(lambda path=path: inspect(path, Context())) / (rows * len(HEADS))
        inside = timed(lambda path=path: inspect(path, Context(sandbox=False))) / (rows * len(HEADS))
        floor = timed(lambda path=path: arrow.read_csv(path)) / (rows * len(HEADS))
        table = arrow.read_csv(path).slice(rows // 2, SAMPLE)
        cells = [str(cell) for column in table.columns for cell in column.to_pylist()]
        theirs = timed(lambda cells=cells: _ask(peer, cells)) / len(cells)
        label = f"{rows:,} rows of {len(HEADS)}"
        target = ">= 300" if rows == 1_000_000 else ""
        yield row(
            NAME, f"{label}: times Presidio's pace (asked {len(cells):,} cells)", theirs / ours, target, size, seed
        )
        yield row(NAME, f"{label}: the same, without the sandbox's start", theirs / inside, "", size, seed)
        yield row(NAME, f"{label}: times reading it", inside / floor, "", size, seed)
        path.unlink()


_PEAK = """
import sys
from pathlib import Path
from tests.processes import most_memory
from tre.disclosure import Context, inspect
found = inspect(Path(sys.argv[1]), Context(sandbox=False))
assert not {each.rule for each in found.findings} & {"unreadable", "too-big"}, found
print(most_memory())
"""


def _write_long(kind: str, table: pa.Table, path: Path, size: int) -> None:
    """Write the same rows again and again until the file has that many bytes."""
    if kind in ("parquet", "arrow file", "arrow stream"):
        makers: dict[str, Callable[..., Any]] = {
            "parquet": lambda sink, schema: pq.ParquetWriter(sink, schema, compression="none", use_dictionary=False),
            "arrow file": pa.ipc.new_file, "arrow stream": pa.ipc.new_stream,
        }  # fmt: skip
        with path.open("wb") as sink, makers[kind](sink, table.schema) as writer:
            while sink.tell() < size:
                writer.write_table(table)
        return
    rows = table.to_pylist()
    if kind == "ndjson":
        body = "".join(json.dumps(each) + "\n" for each in rows)
    elif kind == "csv":
        body = "".join(",".join(f'"{value}"' for value in each.values()) + "\n" for each in rows)
    else:
        body = "".join(f"{each['taken_at']} INFO study.py: {each['note']}\n" for each in rows)
    with path.open("w", encoding="utf-8") as sink:
        sink.write(",".join(HEADS) + "\n" if kind == "csv" else "")
        for _ in range(size // len(body) + 1):
            sink.write(body)


def _memory(seed: int, size: str, scratch: Path) -> Iterator[Row]:
    first = scratch / "first.csv"
    write_table(first, 20_000, seed)
    read = arrow.ConvertOptions(column_types=dict.fromkeys(HEADS, pa.string()))
    table = arrow.read_csv(first, convert_options=read)
    for kind in ("csv", "parquet", "arrow file", "arrow stream", "ndjson", "text"):
        peaks: list[int] = []
        for megabytes in MEGABYTES[size]:
            path = scratch / "long"
            _write_long(kind, table, path, megabytes * 1_000_000)
            told = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
            peaks.append(int(told.stdout) // 1024**2)
            path.unlink()
        label = " and ".join(f"{megabytes:,} MB" for megabytes in MEGABYTES[size][1:])
        growth = max(peaks[1:]) / peaks[0]
        told = ", ".join(map(str, peaks))
        yield row(NAME, f"{kind}: peak at {label} over that at 10 MB ({told} MiB)", growth, "<= 1.35", size, seed)


def run(size: str, seed: int) -> list[Row]:
    """Measure at three sizes, so that the growth shows."""
    peer = presidio()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        ours = [*_scores(seed, size, peer), *_speed(seed, size, peer, scratch), *_memory(seed, size, scratch)]
    return [*ours, *disclosure_statistics.rows(size, seed)]
