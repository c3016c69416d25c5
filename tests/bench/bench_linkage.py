"""Linkage: what Splink adds to the NHS number alone, and what it costs, on people whose truth is known."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as parquet

from spark_jobs import link
from spark_jobs.synthetic_people import BLOCK, block_of_people, view
from tests.bench.harness import Row, row, timed

PEOPLE = {"small": (2_000, 8_000), "medium": (20_000, 80_000), "large": (100_000, 400_000)}
PROVIDERS = ("gp-system", "acute-trust", "mental-health-community-trust")
_FIELDS = ("nhs_number", "forename", "surname", "sex", "birth_date", "postcode")


def _write(folder: Path, people: int, seed: int) -> None:
    """Write the providers' views of people, and the truth."""
    records, truth = [], []
    for block in range(-(-people // BLOCK)):
        for person in block_of_people(block, people, seed):
            for provider in PROVIDERS:
                random = Random(f"{seed}/{provider}/{person.number}")
                if random.random() < 0.7:
                    held = view(random, person, provider)
                    known = {name: getattr(held, name) or None for name in _FIELDS}
                    records.append({"provider": provider, "local_id": held.local_id, **known})
                    truth.append({"provider": provider, "local_id": held.local_id, "person": person.number})
    for name, rows in (("records", records), ("truth/links", truth)):
        (folder / name).mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(rows), folder / name / "part.parquet")


def _by_number(folder: Path) -> None:
    """Link by the NHS number alone: the floor."""
    import duckdb

    (folder / "floor").mkdir()
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT provider, local_id, coalesce(nhs_number, provider || local_id) AS person "
            f"FROM read_parquet('{folder}/records/*.parquet')) TO '{folder}/floor/part.parquet' (FORMAT parquet)"
        )


def _link(folder: Path) -> None:
    link.link(folder / "records", None, folder / "spine", 1, lambda text: None)


def run(size: str, seed: int) -> list[Row]:
    """Measure at two sizes, so that the growth shows."""
    found = []
    for people in PEOPLE[size]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            _write(folder, people, seed)
            floor = timed(lambda folder=folder: _by_number(folder))
            took = timed(
                lambda folder=folder: link.link(folder / "records", None, folder / "spine", 1, lambda text: None)
            )
            ours, alone = (link.evaluate(folder / name, folder / "truth") for name in ("spine", "floor"))
        label = f"{people:,} people"
        figures = {
            "F1": (ours["f1"], ">= 0.95"),
            "precision": (ours["precision"], ">= 0.95"),
            "recall, times the NHS number alone": (ours["recall"] / alone["recall"], ">= 1"),
            "F1, times the NHS number alone": (ours["f1"] / alone["f1"], ">= 1"),
            "milliseconds for a record": (1000 * (took - floor) / ours["records"], ""),
        }
        found += [row("linkage", f"{label}: {name}", *told, size, seed) for name, told in figures.items()]
    return found
