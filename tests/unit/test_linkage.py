"""Linkage on people made for it: who is joined, who never is, who waits for a person, and what is remembered."""

from __future__ import annotations

from math import log2
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml

from spark_jobs import clerical, linkage
from spark_jobs.errors import JobRefused
from spark_jobs.linkage import review
from spark_jobs.linkage.settings import DEFAULT
from spark_jobs.nhs_number import test_numbers as valid_numbers
from tests.bench import bench_linkage
from tre.errors import SettingsError

FIELDS = ("provider", "local_id", "nhs_number", "number", "forename", "surname", "sex", "birth_date", "postcode")
NUMBERS = [str(number) for number in valid_numbers()[:40_000:1000]]


def person(
    provider: str, local_id: str, number: str | None = None, sent: str | None = None, **told: str | None
) -> dict:
    """Return one provider's record of Ada, changed as told."""
    ada = {"forename": "Ada", "surname": "Whitehurst", "sex": "2", "birth_date": "1961-03-14", "postcode": "ST5 7QX"}
    return {"provider": provider, "local_id": local_id, "nhs_number": number, "number": sent or number, **ada, **told}


DORA = {"forename": "Dora", "surname": "Tunnicliffe", "birth_date": "1972-08-08", "postcode": "ST1 1ZZ"}
CASES = [
    *(person("gp", "ada", NUMBERS[0]), person("acute", "ada", NUMBERS[0], surname="Bagnall", postcode="ST4 1AA")),
    person("council", "ada"),  # without a number
    person("ons", "ada", None, sent=NUMBERS[0][:8] + NUMBERS[0][9] + NUMBERS[0][8]),  # two digits the wrong way round
    *(person("gp", "twin", NUMBERS[1], forename="Beatrix"), person("acute", "twin", NUMBERS[1], forename="Beatrix")),
    person("council", "twin", forename="Beatrix"),
    person("gp", "son", NUMBERS[2], forename="Oliver", birth_date="1990-11-02", sex="1"),
    person("acute", "son", NUMBERS[2], forename="Olivr", birth_date="1990-11-02", sex="1"),
    # The household's mother, under her son's number: a clerk's mistake.
    person("mental", "mother", NUMBERS[2], forename="Winifred", birth_date="1935-01-30"),
    person(
        "gp", "dora", NUMBERS[3], forename="Dora", surname="Tunnicliffe", birth_date="1972-08-08", postcode="ST1 1ZZ"
    ),
    # All the same but for the number: one of the two numbers is wrong, and a person must say.
    person(
        "acute", "dora", NUMBERS[4], forename="Dora", surname="Tunnicliffe", birth_date="1972-08-08", postcode="ST1 1ZZ"
    ),
]


def quick(**training: object) -> linkage.LinkageSettings:
    """Return the settings with fewer random pairs: comparing a million is most of what linking so few records takes."""
    told = yaml.safe_load(DEFAULT.read_text())
    told["training"] |= {"random_pairs": 50_000, "parts_of_pairs": 1, **training}
    return linkage.LinkageSettings.model_validate(told)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Path:
    """The cases among two thousand synthetic records, from which the model learns."""
    folder = tmp_path_factory.mktemp("linkage")
    bench_linkage.write_synthetic(folder, 1000, seed=7)
    others = parquet.read_table(folder / "records").to_pylist()
    return write(tmp_path_factory.mktemp("records"), [*others, *CASES])


def write(folder: Path, rows: list[dict]) -> Path:
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    parquet.write_table(pa.Table.from_pylist(rows, schema), folder / "part.parquet")
    return folder


@pytest.fixture(scope="module")
def linked(records, tmp_path_factory):
    out = tmp_path_factory.mktemp("spine") / "1"
    return linkage.link(records, None, out, 1, lambda text: None, settings=quick()), out


def persons(out: Path) -> dict[str, str]:
    rows = duckdb.sql(f"SELECT provider || ' ' || local_id, person FROM read_parquet('{out}/*.parquet')").fetchall()
    return dict(rows)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gp ada", "acute ada", True),  # married and moved: the number says so
        ("gp ada", "council ada", True),  # no number: all else agrees
        ("gp ada", "ons ada", True),  # a number that fails its check, two digits swapped
        ("gp ada", "gp twin", False),  # twins
        ("council ada", "council twin", False),  # twins without a number
        ("gp twin", "council twin", True),
        ("gp son", "acute son", True),
        ("gp son", "mental mother", False),  # a number in the wrong record of a household
        ("gp dora", "acute dora", False),  # two verified numbers are two persons until a person says otherwise
    ],
)
def test_who_is_one_person(linked, one, other, same):
    of = persons(linked[1])
    assert (of[one] == of[other]) is same


def test_no_person_has_two_verified_numbers(linked, records):
    query = f"""
        SELECT count(*) FROM (SELECT person FROM read_parquet('{linked[1]}/*.parquet') s
        JOIN read_parquet('{records}/*.parquet') r USING (provider, local_id)
        GROUP BY person HAVING count(DISTINCT nhs_number) > 1)
    """
    assert duckdb.sql(query).fetchone() == (0,)


def test_what_is_in_doubt_waits_for_a_person(linked, tmp_path):
    told = linkage.keep(linked[1] / "_doubtful", tmp_path, most=1000)
    pairs = duckdb.sql(f"SELECT pair, l, r FROM read_parquet('{tmp_path}/pairs.parquet')").fetchall()
    dora = next(pair for pair, *records in pairs if set(records) == {"gp dora", "acute dora"})
    known = next(each for each in told if each["pair"] == dora)
    assert known["numbers"] == "other"
    assert known["agreement"]["forename"] == known["agreement"]["birth_date"] == "same"
    assert not any({"gp ada", "gp twin"} == set(records) for _, *records in pairs), "twins are in no doubt"


def test_a_decision_is_kept_and_the_names_of_pairs_too(linked, records, tmp_path):
    first = linkage.keep(linked[1] / "_doubtful", tmp_path, most=1000)
    again = linkage.keep(linked[1] / "_doubtful", tmp_path, most=1000)
    assert {each["pair"] for each in first} == {each["pair"] for each in again}
    pairs = duckdb.sql(f"SELECT pair, l, r FROM read_parquet('{tmp_path}/pairs.parquet')").fetchall()
    dora = next(pair for pair, *of in pairs if set(of) == {"gp dora", "acute dora"})
    said = linkage.decided([{"pair": dora, "joined": True}], tmp_path, tmp_path / "said")
    out = tmp_path / "2"
    linkage.link(records, linked[1], out, 2, lambda text: None, decisions=said, settings=quick())
    before, after = persons(linked[1]), persons(out)
    assert after["gp dora"] == after["acute dora"]
    assert after["gp dora"] in {before["gp dora"], before["acute dora"]}
    changes = duckdb.sql(f"SELECT change, after FROM read_parquet('{out}/_changes/*.parquet')").fetchall()
    assert ("merged", after["gp dora"]) in changes
    assert {name: after[name] for name in before if "dora" not in name} == {
        name: of for name, of in before.items() if "dora" not in name
    }, "nobody else's number changes"


def test_who_was_parted_stays_apart(linked, records, tmp_path):
    """The records of Ada that join by Splink are parted by hand: by no detour do they come together again."""
    pa_table = pa.table({"l": ["council ada"], "r": ["gp ada"], "joined": [False]})
    (tmp_path / "said").mkdir()
    parquet.write_table(pa_table, tmp_path / "said" / "part.parquet")
    linkage.link(
        records, linked[1], tmp_path / "2", 2, lambda text: None, decisions=tmp_path / "said", settings=quick()
    )
    after = persons(tmp_path / "2")
    assert after["council ada"] != after["gp ada"]
    assert after["gp ada"] == persons(linked[1])["gp ada"]


def test_the_order_of_records_changes_nothing(linked, records, tmp_path):
    rows = parquet.read_table(records).to_pylist()
    Random(3).shuffle(rows)
    linkage.link(write(tmp_path, rows), None, tmp_path / "out", 1, lambda text: None, settings=quick())
    assert persons(tmp_path / "out") == persons(linked[1])


def test_the_synthetic_truth_is_found(tmp_path):
    bench_linkage.write_synthetic(tmp_path, 1500, seed=3)
    linkage.link(tmp_path / "records", None, tmp_path / "spine", 1, lambda text: None)
    assert linkage.evaluate(tmp_path / "spine", tmp_path / "truth")["f1"] >= 0.985


def test_nothing_of_a_person_is_printed(records, tmp_path, capfd, caplog):
    told: list[str] = []
    linked = linkage.link(records, None, tmp_path / "out", 1, told.append, settings=quick())
    said = capfd.readouterr()
    everything = " ".join([said.out, said.err, caplog.text, *told, repr(linked), str(linked.model)])
    for row in CASES:
        assert not any(row[name] and row[name] in everything for name in ("forename", "surname", "postcode", "number"))


@pytest.mark.spark
def test_spark_finds_what_duckdb_finds(spark, records, tmp_path):
    # The weights need not be good, only both backends' work whole.
    settings = quick(random_pairs=5_000, parts_of_pairs=1, fit_on=[["birth_date"]])
    backend = settings.backend.model_copy(update={"spark_above_records": 0})
    settings = settings.model_copy(update={"backend": backend})
    few = write(
        tmp_path, [row for row in parquet.read_table(records).to_pylist() if hash_of(row) % 8 == 0 or row in CASES]
    )
    linkage.link(few, None, tmp_path / "spark", 1, lambda text: None, settings=settings, spark=spark)
    linkage.link(few, None, tmp_path / "duckdb", 1, lambda text: None, settings=settings)
    found, wanted = persons(tmp_path / "spark"), persons(tmp_path / "duckdb")
    assert found.keys() == wanted.keys()
    differ = sum(found[name] != wanted[name] for name in wanted)
    assert differ <= len(wanted) // 100, "the random pairs that weights are learnt from differ, and little else"
    assert found["gp ada"] == found["acute ada"] != found["gp twin"]


def hash_of(row: dict) -> int:
    return int(row["local_id"][-3:]) if row["local_id"][-3:].isdigit() else 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"thresholds": {"link": 0.4, "review": 0.6}}, "review must not lie above"),
        ({"surprise": 1}, "surprise"),
        ({"guards": {"forename_similarity": 2, "birth_date_edits": 2, "most_records": 9, "tiers": [1.0]}}, "guards"),
        ({"blocking": []}, "blocking"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, change, named):
    told = yaml.safe_load(DEFAULT.read_text()) | change
    (tmp_path / "linkage.yaml").write_text(yaml.safe_dump(told))
    with pytest.raises(SettingsError, match=named):
        linkage.load_settings(tmp_path / "linkage.yaml")


@pytest.mark.parametrize(
    ("value", "shown"), [("Whitehurst", "W••••••••t"), ("Ada", "•••"), ("", ""), (None, ""), ("2", "•")]
)
def test_values_are_masked(value, shown):
    assert review.mask(value) == shown


def test_what_each_field_says_of_a_pair_makes_its_weight(linked, tmp_path):
    linkage.keep(linked[1] / "_doubtful", tmp_path / "review", most=1000)
    prior = linked[0].model["probability_two_random_records_match"]
    pairs = duckdb.sql(f"SELECT pair, p, l, r FROM read_parquet('{tmp_path}/review/pairs.parquet')").fetchall()
    for pair, p, *records in pairs:
        told = clerical.run({"landing": str(tmp_path), "pair": pair}, {}, lambda text: None)
        assert told["weight"] == pytest.approx(log2(p / (1 - p)), abs=1e-3)
        added = [field["bits"] for field in told["fields"].values()]
        assert sum(added) + log2(prior / (1 - prior)) == pytest.approx(told["weight"], abs=1e-3)
        if set(records) == {"gp dora", "acute dora"}:
            bits = {name: field["bits"] for name, field in told["fields"].items()}
            assert bits["number"] < 0 < min(bits["forename"], bits["surname"], bits["birth_date"])


def test_a_pair_of_a_build_that_kept_no_weights_is_shown_without(linked, tmp_path):
    linkage.keep(linked[1] / "_doubtful", tmp_path / "review", most=1000)
    queue = tmp_path / "review" / "pairs.parquet"
    held = parquet.read_table(queue)
    earlier = held.drop_columns([name for name in held.column_names if name.startswith(("bits_", "weight"))])
    gone = earlier.slice(0, 1).set_column(1, "l", pa.array(["gp nobody"]))  # doubtful then, and not any more
    parquet.write_table(pa.concat_tables([earlier, gone.set_column(0, "pair", pa.array(["gone"]))]), queue)
    assert clerical.run({"landing": str(tmp_path), "pair": "gone"}, {}, lambda text: None)["weight"] is None
    linkage.keep(linked[1] / "_doubtful", tmp_path / "review", most=1000)
    for pair, known in (("gone", False), (held["pair"][0].as_py(), True)):
        told = clerical.run({"landing": str(tmp_path), "pair": pair}, {}, lambda text: None)
        assert (told["weight"] is not None) is known
        assert told["fields"]["surname"]["one"]


def test_how_many_persons_two_providers_share(linked, records):
    known: dict[str, set[str]] = {}
    for record, person in persons(linked[1]).items():
        known.setdefault(record.split()[0], set()).add(person)
    shared = {(each["one"], each["other"]): each["persons"] for each in linked[0].shared}
    assert shared == {
        (one, other): len(known[one] & known[other])
        for one in known for other in known if one <= other and known[one] & known[other]
    }  # fmt: skip
    assert shared["gp", "gp"] == len(known["gp"])


def test_a_pair_is_shown_masked_and_another_is_not_there(linked, tmp_path):
    linkage.keep(linked[1] / "_doubtful", tmp_path / "review", most=1000)
    pair, surname = duckdb.sql(
        f"SELECT pair, surname_x FROM read_parquet('{tmp_path}/review/pairs.parquet')"
    ).fetchone()
    shown = clerical.run({"landing": str(tmp_path), "pair": pair}, {}, lambda text: None)["fields"]
    assert shown["surname"]["one"] == review.mask(surname)
    with pytest.raises(JobRefused, match="no such pair"):
        clerical.run({"landing": str(tmp_path), "pair": "another"}, {}, lambda text: None)
