"""Validation on Spark says of random rows just what plain Python says, under every rule there is."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from pyspark.sql import functions as F

from spark_jobs.check_digits import is_snomed_ct
from spark_jobs.validate import judge
from tests import reference
from tre.contracts import load_contracts

pytestmark = pytest.mark.spark
CONTRACTS = load_contracts()
ROWS = 400
RULES = {"missing", "not a date", "not a int", "not a double", "not a timestamp", "impossible date", "unknown code",
         "wrong form", "out of range", "before admitted_on", "repeated"}  # fmt: skip
DATASETS = ("gp_events", "gp_prescriptions", "admitted_episodes", "births", "emergency_care", "small_area", "opt_outs")


def random_rows(dataset: str) -> list[tuple[int, reference.Row]]:
    random, contract = Random(dataset), CONTRACTS[dataset]
    rows = []
    for _ in range(ROWS):
        row = reference.sample(random, contract, right=0.93)
        for key in contract.primary_key:  # few enough keys that they come again, within a submission and across
            if random.random() < 0.8 and contract.by_name[key].code_list == "" and contract.by_name[key].pattern == "":
                row[key] = str(random.randrange(ROWS // 4))
        rows.append((random.randrange(1, 12), row))
    return rows


@pytest.fixture(scope="module")
def met() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("dataset", DATASETS)
def test_it_says_what_plain_python_says(spark, met, dataset):
    contract, rows = CONTRACTS[dataset], random_rows(dataset)
    names = [field.name for field in contract.fields]
    table = [("p", str(place), landed, *(row[name] for name in names)) for place, (landed, row) in enumerate(rows)]
    schema = "provider string, submission string, landed int, " + ", ".join(f"`{name}` string" for name in names)
    # The place stands in the submission's column, so that each row can be told; it is no part of what is judged.
    frame = judge(spark.createDataFrame(table, schema), contract, reference.AS_OF)
    judged = frame.select("submission", "reason").collect()
    wanted_good, wanted_bad = reference.split(rows, contract)
    found_bad = {int(row.submission): row.reason for row in judged if row.reason}
    found_good = {int(row.submission) for row in judged if not row.reason}
    content = {place: (landed, tuple(row.items())) for place, (landed, row) in enumerate(rows)}
    assert Counter(found_bad.values()) == Counter(wanted_bad.values())
    assert {place: why for place, why in found_bad.items() if "repeated" not in why} == {
        place: why for place, why in wanted_bad.items() if "repeated" not in why
    }
    assert Counter(content[place] for place in found_good) == Counter(content[place] for place in wanted_good)
    met.update(why.partition(": ")[2] for why in found_bad.values())


def test_every_rule_came_up(met):
    assert set(met) >= RULES, RULES - set(met)


def test_a_snomed_ct_identifier_is_known_in_spark_as_in_plain_python(spark):
    random = Random(1)
    texts = ["", "0", "22298006", "22298006\n", "022298006", "22298007", "１2298006", "2229800a", "39113611000001102"]
    for _ in range(3000):
        stem = str(random.randrange(10 ** random.randrange(3, 16)))
        texts.append(f"{stem}{random.choice(('00', '10', '01', '11', '42'))}{random.randrange(10)}"[:19])
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    found = {row.text: row.known for row in frame.select("text", is_snomed_ct(F.col("text")).alias("known")).collect()}
    assert found == {text: reference.snomed_ct(text) for text in texts}
    assert sum(found.values()) > 50
