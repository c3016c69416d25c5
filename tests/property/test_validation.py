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


@pytest.mark.parametrize(
    ("dataset", "many"), [*((dataset, False) for dataset in DATASETS), ("gp_events", True), ("opt_outs", True)]
)
def test_it_says_what_plain_python_says(spark, met, dataset, many):
    contract, rows = CONTRACTS[dataset], random_rows(dataset)
    names = [field.name for field in contract.fields]
    table = [("p", "s", landed, "f", place, *(row[name] for name in names)) for place, (landed, row) in enumerate(rows)]
    source = "provider string, submission string, landed int, file string, row int, "
    schema = source + ", ".join(f"`{name}` string" for name in names)
    frame = judge(spark.createDataFrame(table, schema), contract, reference.AS_OF, many=many)
    judged = frame.select("row", "reason").collect()
    wanted_good, wanted_bad = reference.split(rows, contract)
    found_bad = {row.row: row.reason for row in judged if row.reason}
    found_good = {row.row for row in judged if not row.reason}
    assert found_bad == wanted_bad
    assert found_good == wanted_good
    met.update(why.partition(": ")[2] for why in found_bad.values())


def test_where_no_key_stands_twice_nothing_is_put_in_order(spark):
    rows = [("p", "s", 1, "f", place, str(place), "national", "2020-01-01", None) for place in range(9)]
    schema = "provider string, submission string, landed int, file string, row int, nhs_number string, kind string, "
    frame = spark.createDataFrame(rows, schema + "recorded_on string, withdrawn_on string")
    plans = [
        judge(frame, CONTRACTS["opt_outs"], reference.AS_OF, many=many)._jdf.queryExecution().optimizedPlan().toJSON()
        for many in (False, True)
    ]
    assert ["logical.Window" in plan for plan in plans] == [True, False]


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
