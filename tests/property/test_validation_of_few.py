"""Few rows are judged in this process as plain Python judges them, and Spark reads alike what is read here."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from spark_jobs import quality, quality_few, validate, validate_few
from spark_jobs.landing.canonical import FILE, ROW
from spark_jobs.provisioning.engines import InProcess
from tests import reference
from tests.property.test_validation import CONTRACTS, DATASETS, RULES, random_rows
from tre.contracts import Contract

ALPHABETS = {
    "date": "0123456789-//T ,a+.", "timestamp": "0123456789-::T .Za+", "int": "0123456789-+.aLe ",
    "double": "0123456789-+..eEdfnaNiI ",
}  # fmt: skip
PATTERNS = {
    "date": "2020-01-31", "timestamp": "2020-01-31 10:00:00", "int": "-12345678901", "double": "-12345.678",
}  # fmt: skip
TRIES = 6_000


def landed(folder: Path, rows: list[tuple[int, reference.Row]], contract: Contract) -> list:
    """Land each row's submission, of the number that it comes with, in a file of its own."""
    sent = []
    for number in sorted({number for number, _ in rows}):
        columns = {FILE: [], ROW: [], **{field.name: [] for field in contract.fields}}
        for place, (landed_as, row) in enumerate(rows):
            if landed_as == number:
                for name, value in {FILE: "f", ROW: place, **row}.items():
                    columns[name].append(value)
        path = folder / f"{contract.dataset}-{number}.parquet"
        kinds = {name: pa.int64() if name == ROW else pa.string() for name in columns}
        parquet.write_table(pa.table({name: pa.array(each, kinds[name]) for name, each in columns.items()}), path)
        sent.append(({"provider": "p", "submission": f"s{number}", "landed": number}, [str(path)]))
    return sent


@pytest.fixture(scope="module")
def met() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("dataset", DATASETS)
def test_it_says_what_plain_python_says(tmp_path, met, dataset):
    contract, rows = CONTRACTS[dataset], random_rows(dataset)
    with closing(InProcess()) as engine:
        judged = validate_few.judge(engine, landed(tmp_path, rows, contract), contract, reference.AS_OF)
    assert judged is not None
    told = judged.rows.select(["row", "reason"]).to_pylist()
    wanted_good, wanted_bad = reference.split(rows, contract)
    assert {each["row"]: each["reason"] for each in told if each["reason"]} == wanted_bad
    assert {each["row"] for each in told if not each["reason"]} == wanted_good
    met.update(why.partition(": ")[2] for why in wanted_bad.values())


def test_every_rule_came_up(met):
    assert set(met) >= RULES, RULES - set(met)


@pytest.mark.spark
@pytest.mark.parametrize("dataset", DATASETS)
def test_spark_reads_the_same_rows_and_counts_the_same(spark, tmp_path, dataset):
    contract, rows = CONTRACTS[dataset], random_rows(dataset)
    sent = landed(tmp_path, rows, contract)
    with closing(InProcess()) as engine:
        few = validate_few.judge(engine, sent, contract, reference.AS_OF)
        assert few is not None
        counts = quality_few.counts(engine, few, contract, reference.AS_OF)
    validate_few.write(few, tmp_path / "few")
    kept = validate.read(spark, tmp_path / "few", contract)
    assert counts
    rules = quality.Rules({}, 0, 0, 0, frozenset(), {})
    told = {"as_of": reference.AS_OF, "created": {}, "unmeasured": [each["submission"] for each, _ in sent]}
    by_spark = quality.counted(kept, contract)
    for submission, each in by_spark.items():
        assert {name: counts[submission][name] for name in each} == each
    here, there = (quality.measure(kept, each, contract, rules, **told) for each in (counts, by_spark))
    assert sorted(here, key=str) == sorted(there, key=str)


def texts(kind: str) -> list[str]:
    """Return texts near the forms of a type: random ones, and right ones with a few characters changed."""
    random, changed = Random(kind), 0.15 if kind in ("date", "timestamp") else 0.7
    made = {"", "0", "-0", "nan", "Infinity", "1e5", "1.0f", "12L", "epoch", "now", "2020", "2020-1", "2020-1-1", "T10"}
    for _ in range(TRIES):
        if random.random() < 0.4:
            made.add("".join(random.choices(ALPHABETS[kind], k=random.randrange(1, 14))))
            continue
        text = list(PATTERNS[kind])
        for place, character in enumerate(text):
            if character.isdigit() and random.random() < changed:
                text[place] = random.choice("0123456789")
        for _ in range(random.choice((0, 0, 1, 2))):
            text[random.randrange(len(text))] = random.choice(ALPHABETS[kind] + " é\n\t")
        made.add("".join(text)[: random.randrange(len(text) - 4, len(text) + 1)])
    return sorted(made)


@pytest.mark.spark
@pytest.mark.parametrize("kind", ALPHABETS)
def test_what_is_read_here_spark_reads_alike_and_what_is_not_it_does_not(spark, kind):
    own, form, never = validate_few.FORMS[kind]
    found = texts(kind)
    query = f"""
        SELECT text, regexp_full_match(text, {validate_few.literal(form)}) AS is_read,
            regexp_matches(text, {validate_few.literal("^" + never)}) AS is_never,
            CAST(TRY_CAST(replace(text, 'T', ' ') AS {own}) AS VARCHAR) AS value FROM {{found}}
    """
    with closing(InProcess()) as engine:
        here = {each["text"]: each for each in engine.ask(query, found=pa.table({"text": found}))}
    frame = spark.createDataFrame([(text,) for text in found], "text string")
    there = {
        row.text: row.value
        for row in frame.selectExpr("text", f"cast(try_cast(text as {kind}) as string) as value").collect()
    }
    told = Counter()
    for text, each in here.items():
        if each["is_read"]:
            same = (each["value"] is None) == (there[text] is None)
            if kind == "double" and each["value"] is not None:
                same = float(each["value"]) == float(there[text])
            elif each["value"] is not None:
                same = each["value"] == there[text]
            assert same, (text, each["value"], there[text])
            told["read" if each["value"] else "no such"] += 1
        elif each["is_never"]:
            assert there[text] is None, text
            told["never"] += 1
        else:
            told["doubtful"] += 1
    assert min(told["read"], told["never"], told["doubtful"]) > 50, told


@pytest.mark.parametrize("text", ["2020-1-31", "+2020-01-31", "2020-01-31T", "0999-01-31", " 2020-01-31\n"])
def test_a_text_that_spark_might_take_for_a_date_leaves_the_dataset_to_spark(tmp_path, text):
    contract = CONTRACTS["gp_prescriptions"]
    row = {"prescription_id": "1", "local_id": "G1", "dmd_code": "39113611000001102", "quantity": "1"}
    for issued, is_judged in ((text, False), ("2020-01-31", True), ("31/01/2020", True), (None, True)):
        sent = landed(tmp_path, [(1, {**row, "issued_on": issued})], contract)
        with closing(InProcess()) as engine:
            judged = validate_few.judge(engine, sent, contract, reference.AS_OF)
        assert (judged is not None) == is_judged


def test_only_few_rows_under_rules_that_both_know_are_judged_here():
    contract = CONTRACTS["gp_patients"]
    most = validate_few.MOST_CELLS // (len(validate.SOURCE) + len(contract.fields))
    assert validate_few.suits(contract, most)
    assert not validate_few.suits(contract, most + 1)
    assert not validate_few.suits(CONTRACTS["fhir_patient"], 1)
    assert all(validate_few.suits(each, 1) for name, each in CONTRACTS.items() if not name.startswith("fhir_"))
    for change in (*({"pattern": each} for each in (r"\d+", "(?i)a", "a*?b++", "(a{50}){50}")),
                   {"type": "decimal(9,2)"}, {"check": "another"}):  # fmt: skip
        [first, *others] = contract.fields
        assert not validate_few.suits(replace(contract, fields=(replace(first, **change), *others)), 1)
