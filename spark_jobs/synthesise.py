"""Makes a synthetic health system: what each provider would send, and the truth that none of them holds.

Everything is decided by the seed and a person's number, on the executors, so that the same seed makes the same
system at any degree of parallelism and a million persons need no more memory than a thousand.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.manifest import RESOURCES, Format, Manifest, describe
from spark_jobs.session import session
from spark_jobs.synthetic_care import care
from spark_jobs.synthetic_people import AS_OF, BLOCK, area_code, areas, block_of_people, deprivation

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

REFERENCE = "reference"
_TRUTH_COLUMNS = ("provider", "local_id", "person")
_FHIR = {resource: dataset for dataset, resource in RESOURCES.items()}
CONTRACTS = Path(__file__).resolve().parents[1] / "policies" / "contracts"


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Make the health system.

    Parameters
    ----------
    spec : dict
        ``out`` (folder that receives one submission for each provider), ``truth`` (folder), ``people``, ``seed``, and
        ``fhir`` (folder of FHIR R4 NDJSON to wrap as one more provider's submission, or None).

    Returns
    -------
    dict
        ``submissions`` (folders), ``people``, and ``rows`` by dataset.

    Raises
    ------
    JobRefused
        When the number of people is not positive.
    """
    people, seed = int(spec["people"]), int(spec["seed"])
    if people < 1:
        raise JobRefused("A health system needs people", where="people", todo="Ask for at least one")
    out, truth = Path(spec["out"]), Path(spec["truth"])
    contracts = load_contracts(Path(spec.get("contracts") or CONTRACTS))
    name = f"{AS_OF:%Y%m%d}-{seed}-{people}"
    progress(f"synthesising {people:,} people")
    with session("synthesise", shared=[out, truth]) as spark:
        folders = _write(spark, out, truth, people, seed, contracts, name)
    folders.append(_small_area(out, people, seed, contracts["small_area"], name))
    if spec.get("fhir"):
        progress("wrapping the FHIR sample as a provider's submission")
        folders.append(_wrap_fhir(Path(spec["fhir"]), out, contracts))
    rows: Counter[str] = Counter()
    from spark_jobs.manifest import read

    for folder in folders:
        for file in read(folder).files:
            rows[file.dataset] += file.rows
    return {"submissions": [str(folder) for folder in folders], "people": people, "rows": dict(sorted(rows.items()))}


def _write(
    spark: SparkSession, out: Path, truth: Path, people: int, seed: int, contracts: dict[str, Contract], name: str
) -> list[Path]:
    staged = out / ".staged"
    shutil.rmtree(staged, ignore_errors=True)
    blocks = spark.range(0, -(-people // BLOCK), numPartitions=max(8, people // 25_000))
    rows = blocks.mapInPandas(_generator(people, seed), "provider string, dataset string, row array<string>")
    rows.write.partitionBy("provider", "dataset").parquet(str(staged))
    made: list[Path] = []
    for place in sorted(staged.glob("provider=*/dataset=*")):
        provider, dataset = (part.partition("=")[2] for part in place.parts[-2:])
        frame = spark.read.schema("row array<string>").parquet(str(place))
        if provider == "truth":
            _columns(frame, _TRUTH_COLUMNS).write.mode("overwrite").parquet(str(truth / dataset))
            continue
        columns = [field.name for field in contracts[dataset].fields]
        folder = out / provider / f"{provider}-{name}"
        _write_csv(_columns(frame, columns), folder, dataset)
        if folder not in made:
            made.append(folder)
    shutil.rmtree(staged)
    for folder in made:
        _finish(folder, contracts, "csv")
    return made


def _generator(people: int, seed: int) -> Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]:
    def generate(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        for batch in batches:
            for block in batch["id"]:
                rows = [row for person in block_of_people(int(block), people, seed) for row in care(person, seed)]
                yield pd.DataFrame(rows, columns=["provider", "dataset", "row"])

    return generate


def _columns(frame: DataFrame, names: Iterable[str]) -> DataFrame:
    from pyspark.sql import functions as F

    return frame.select(*(F.col("row")[place].alias(name) for place, name in enumerate(names)))


def _write_csv(frame: DataFrame, folder: Path, dataset: str) -> None:
    """Write CSV as RFC 4180 has it: quotes doubled, an empty field for what is missing."""
    staged = folder / f".{dataset}"
    frame.write.mode("overwrite").csv(str(staged), header=True, emptyValue="", escape='"')
    parts = sorted(part for part in staged.glob("part-*.csv") if part.stat().st_size)
    for place, part in enumerate(parts):
        os.replace(part, folder / f"{dataset}-{place:05d}.csv")
    shutil.rmtree(staged)


def _finish(folder: Path, contracts: dict[str, Contract], form: Format) -> None:
    provider = folder.parent.name
    files = []
    for path in sorted(folder.glob(f"*.{form}")):
        contract = contracts[path.name.partition("-")[0]]
        files.append(describe(path, contract.dataset, contract.version, form))
    controller = contracts[files[0].dataset].controller
    Manifest(folder.name, provider, controller, f"{AS_OF.isoformat()}T00:00:00Z", tuple(files)).write(folder)


def _small_area(out: Path, people: int, seed: int, contract: Contract, name: str) -> Path:
    folder = out / REFERENCE / f"{REFERENCE}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    random, text = Random(f"{seed}/areas"), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in contract.fields])
    for area in range(areas(people)):
        decile = deprivation(area)
        # Fuel poverty, overcrowding, social renting and no qualifications all fall as deprivation does.
        means = ((22, -1.2, 2.5), (9, -0.7, 1.5), (38, -3.3, 5.0), (33, -2.1, 3.0))
        shares = (max(0.5, random.gauss(most + step * decile, spread)) for most, step, spread in means)
        writer.writerow([area_code(area), decile, *(f"{share:.1f}" for share in shares)])
    (folder / "small_area-00000.csv").write_text(text.getvalue())
    _finish(folder, {"small_area": contract}, "csv")
    return folder


def _wrap_fhir(source: Path, out: Path, contracts: dict[str, Contract]) -> Path:
    """Copy a FHIR R4 Bulk Data export (NDJSON, one kind of resource in each file) as a provider's submission."""
    folder = out / "synthea" / "synthea-fhir"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.ndjson")):
        resource, _, rest = path.name.partition(".")
        if resource in _FHIR:
            shutil.copyfile(path, folder / f"{_FHIR[resource]}-{rest}")
    _finish(folder, contracts, "ndjson")
    return folder
