"""Free text: what of the names planted in synthetic notes is gone, and how fast, against Presidio on each text."""

import os
import tempfile
from pathlib import Path

from presidio_analyzer.predefined_recognizers import (
    EmailRecognizer,
    NhsRecognizer,
    UkNinoRecognizer,
    UkPostcodeRecognizer,
)

from spark_jobs import free_text
from spark_jobs.contracts import load_contracts
from spark_jobs.session import session
from tests import notes
from tests.bench.harness import Row, row, timed
from tests.conftest import REPOSITORY
from tre.config.options import load
from tre.runs.java import java_home

PEOPLE = {"small": (500, 2_000), "medium": (5_000, 20_000), "large": (20_000, 80_000)}
_ASKED = 500  # texts that Presidio alone is asked of


def _by_presidio(texts: list[str]) -> None:
    recognisers = [NhsRecognizer(), UkNinoRecognizer(), EmailRecognizer(), UkPostcodeRecognizer()]
    for text in texts:
        for recogniser in recognisers:
            recogniser.analyze(text, recogniser.supported_entities, None)


def run(size: str, seed: int) -> list[Row]:
    """Measure at two sizes, so that the growth shows."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    contract, found = load_contracts(REPOSITORY / "policies" / "contracts")["admitted_care"], []
    with session("bench") as spark:
        for people in PEOPLE[size]:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                records, known, written = notes.held(spark, people, seed)
                names = free_text.Names.held(records, known, folder / "names")
                rows = [(each.person, each.text) for each in written]
                spark.createDataFrame(rows, "person string, discharge_note string").write.parquet(str(folder / "notes"))
                cleaned = names.taken_out(spark.read.parquet(str(folder / "notes")), contract)
                took = timed(lambda cleaned=cleaned, folder=folder: cleaned.write.parquet(str(folder / "cleaned")))
                held = {(each[0], each[1]): each[2] for each in spark.read.parquet(str(folder / "cleaned")).collect()}
            asked = [each.text for each in written[:_ASKED]]
            alone = timed(lambda asked=asked: _by_presidio(asked)) / len(asked)
            label = f"{people:,} notes"
            recall, rate = notes.recall(written, held), people / took
            found.append(row("free_text", f"{label}: recall of planted identifiers", recall, ">= 0.99", size, seed))
            found.append(row("free_text", f"{label}: times as fast as Presidio on each", alone * rate, "", size, seed))
            found.append(row("free_text", f"{label}: rows a second", rate, "", size, seed))
    return found
