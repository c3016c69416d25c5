"""Free text on Spark: what is planted in synthetic notes goes, and what the contract does not name stays in landing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pyarrow.parquet as parquet
import pytest
from pyspark.sql import functions as F

from spark_jobs import free_text, free_text_few
from spark_jobs.contracts import ContractError, load_contracts
from spark_jobs.provisioning.engines import InProcess
from tests import notes
from tests.health_system import CONTRACTS
from tre.contracts.reading import check

PEOPLE = 400


@pytest.mark.spark
def test_what_names_a_person_is_gone_from_synthetic_notes(spark, tmp_path):
    records, known, written = notes.held(spark, PEOPLE, seed=11)
    assert len({kind for each in written for kind in each.planted}) > PEOPLE
    names = free_text.Names.held(records, known, tmp_path / "names")
    contract = load_contracts(CONTRACTS)["admitted_care"]
    rows = [(each.person, each.text) for each in written] + [("P0", None), ("nobody", "Spoke to Margaret.")]
    frame = names.taken_out(spark.createDataFrame(rows, "person string, discharge_note string"), contract)
    assert frame.columns == ["person", "discharge_note", "discharge_note_deidentified"]
    cleaned = {(row[0], row[1]): row[2] for row in frame.collect()}
    assert notes.recall(written, cleaned) >= 0.99
    assert cleaned["P0", None] is None
    assert cleaned["nobody", "Spoke to Margaret."] == "Spoke to [NAME]."
    unharmed = [each for each in written if not each.planted]
    assert unharmed
    assert all(cleaned[each.person, each.text] == each.text for each in unharmed)


def as_sets(names: free_text.Names) -> dict[str, tuple[frozenset[str], ...]]:
    return {
        row["person"]: tuple(frozenset(row[each]) for each in ("names", "numbers", "births"))
        for row in names.terms.collect()
    }


@pytest.mark.spark
def test_what_is_held_of_few_is_gathered_here_as_on_spark(spark, tmp_path):
    records, known, _ = notes.held(spark, PEOPLE, seed=11)
    folder = tmp_path / "records"
    folder.mkdir()
    parquet.write_table(records.toArrow(), folder / "part-0.parquet")
    spine = known.toArrow()
    meant = known.where("person LIKE '%1%'").select("person").distinct()
    on_spark = free_text.Names.held(records, known, tmp_path / "spark", meant)
    with closing(InProcess()) as engine:
        here = free_text_few.held(spark, engine, folder, spine, meant.toArrow(), tmp_path / "here")
        assert here is not None
        assert as_sets(here) == as_sets(on_spark) != {}
        assert here.common == on_spark.common != frozenset()
        odd = records.withColumn("surname", F.lit("\u0130nce")).toArrow()  # whose small letters Java makes two of
        parquet.write_table(odd, folder / "part-0.parquet")
        assert free_text_few.held(spark, engine, folder, spine, meant.toArrow(), tmp_path / "odd") is None


def test_a_free_text_is_published_where_its_contract_says_so_and_under_another_name():
    contracts = load_contracts(CONTRACTS)
    care = contracts["admitted_care"]
    published = {field.name: field for field in care.published()}
    assert "discharge_note" not in published
    assert published["discharge_note_deidentified"].classification == "sensitive"
    assert not any(field.name.endswith("note") for each in contracts.values() for field in each.published())
    assert "discharge_note_deidentified" not in {field.name for field in care.fields}  # no provider sends it


@pytest.mark.parametrize(
    "changes", [{"classification": "sensitive"}, {"deidentified": "opcs4"}, {"type": "date"}], ids=str
)
def test_a_contract_that_would_publish_something_else_so_is_refused(changes):
    care = load_contracts(CONTRACTS)["admitted_care"]
    fields = tuple(replace(each, **changes) if each.deidentified else each for each in care.fields)
    with pytest.raises(ContractError, match="deidentified"):
        check(replace(care, fields=fields), CONTRACTS / "admitted_care.odcs.yaml")
