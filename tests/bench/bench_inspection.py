"""Inspection: how long a file takes against reading it, and against Presidio asked of each cell."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pyarrow.csv as arrow
from presidio_analyzer.predefined_recognizers import EmailRecognizer, NhsRecognizer, UkNinoRecognizer

from tests.bench.harness import Row, row, timed
from tre.disclosure import Context, inspect

ROWS = {"small": (2_000, 20_000), "medium": (20_000, 200_000), "large": (200_000, 1_000_000)}


def _by_presidio(path: Path) -> None:
    recognisers = [NhsRecognizer(), UkNinoRecognizer(), EmailRecognizer()]
    table = arrow.read_csv(path)
    for column in table.columns:
        for cell in column.unique().to_pylist():
            for recogniser in recognisers:
                recogniser.analyze(str(cell), recogniser.supported_entities, None)


def run(size: str, seed: int) -> list[Row]:
    """Measure at two sizes, so that the growth shows."""
    found = []
    for rows in ROWS[size]:
        random = Random(seed)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "table.csv"
            lines = (
                f"{random.randint(1, 10**9)},note {random.randint(1, 10**6)},{random.random()}" for _ in range(rows)
            )
            path.write_text("reading,text,value\n" + "\n".join(lines) + "\n")
            ours = timed(lambda path=path: inspect(path, Context()))
            floor = timed(lambda path=path: arrow.read_csv(path))
            peer = timed(lambda path=path: _by_presidio(path))
        label = f"{rows:,} rows"
        found.append(
            row("inspection", f"{label}: times as fast as Presidio on each cell", peer / ours, ">= 0.5", size, seed)
        )
        found.append(row("inspection", f"{label}: times reading it", ours / floor, "", size, seed))
    return found
