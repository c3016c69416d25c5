"""Extracts on a real Spark session: the same bytes again, coarser columns, samples, linkage, risk, and changes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from random import Random

import pyarrow.parquet as parquet
import pytest
from pyspark.sql import functions as F

from spark_jobs import provision, tables
from spark_jobs.contracts import load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import changes, few, generalise, many, persons, prove, risk, write
from spark_jobs.provisioning.engines import InProcess, OnSpark
from spark_jobs.provisioning.selection import Selection, Written
from spark_jobs.pseudonymise import pseudonym
from tests.spark import lent
from tests.warehouse import CONTRACTS, nobody_opted_out, specification, table, warehouse_rows

pytestmark = pytest.mark.spark
KEY, OTHER_KEY = bytes(range(32)), bytes(reversed(range(32)))
PEOPLE = 400


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory) -> Path:
    """Return a warehouse of some hundred people with five events each, and a second version of both."""
    folder, random = tmp_path_factory.mktemp("warehouse"), Random(7)
    people = [
        {"pseudonym": pseudonym(KEY, str(n)), "birth_year": 1930 + random.randrange(70), "sex": random.choice("12"),
         "lsoa": f"E0100000{random.randrange(3)}", "ethnicity": random.choice("ABC")}
        for n in range(PEOPLE)
    ]  # fmt: skip
    events = [
        {"pseudonym": each["pseudonym"], "event_date": date(2015 + n, 1 + random.randrange(12), 9),
         "snomed_code": str(random.randrange(10**6, 10**7)), "value": random.random()}
        for each in people
        for n in range(5)
    ]  # fmt: skip
    for kept, added in ((people, events), (people[20:], events[100:-1])):
        tables.publish(warehouse_rows("people", spark, *kept), folder / "people")
        tables.publish(warehouse_rows("gp_events", spark, *added), folder / "gp_events")
    tables.publish(nobody_opted_out(spark), folder / "opt_outs")
    return folder


def made(monkeypatch, session, spec: dict, key: bytes = KEY) -> dict:
    monkeypatch.setattr(provision, "session", lent(session))
    return provision.run(spec, {"project-pseudonym": key}, lambda text: None)


def rows(folder: Path, dataset: str) -> list[dict]:
    return [row for path in sorted((folder / dataset).iterdir()) for row in parquet.read_table(path).to_pylist()]


def other_session(spark, **settings: object):
    session = spark.newSession()
    for name, value in settings.items():
        session.conf.set(f"spark.sql.{name.replace('_', '.')}", value)
    return session


def on_executors(monkeypatch) -> None:
    """Let no extract be small enough to be made in the job's own process."""
    monkeypatch.setattr(few, "MOST_CELLS", -1)


@pytest.fixture(params=["in process", "on executors"])
def maker(request, monkeypatch) -> str:
    if request.param == "on executors":
        on_executors(monkeypatch)
    return request.param


@pytest.fixture(params=[InProcess, OnSpark])
def engine(request, spark) -> InProcess | OnSpark:
    return InProcess() if request.param is InProcess else OnSpark(spark)


def given(engine: InProcess | OnSpark, frame):
    """Return a frame as a table of the engine's."""
    return frame.toArrow() if isinstance(engine, InProcess) else frame


def test_the_same_specification_gives_the_same_bytes_in_another_session(spark, warehouse, tmp_path, monkeypatch, maker):
    monkeypatch.setattr(write, "_ROWS_PER_FILE", 300)
    monkeypatch.setattr(few, "_ROWS_PER_FILE", 300)
    asked = (table("people", "birth_year", "lsoa"), table("gp_events", "event_date", "value", linkage="table"))
    one = other_session(spark, shuffle_partitions=1, adaptive_enabled="false")
    other = other_session(spark, shuffle_partitions=7, files_maxPartitionBytes=4096, autoBroadcastJoinThreshold=-1)
    monkeypatch.setattr(many, "_BROADCAST_PERSONS", 0)
    first = made(monkeypatch, one, specification(warehouse, tmp_path / "1", *asked))
    monkeypatch.setattr(many, "_BROADCAST_PERSONS", 10**6)
    second = made(monkeypatch, other, specification(warehouse, tmp_path / "2", *asked))
    most = 8 if maker == "on executors" else 7
    assert [len(each["files"]) for each in first["tables"]] == [2, most]
    assert first.pop("created")
    assert second.pop("created")
    assert first == second
    for told in first["tables"]:
        held = [tuple(row.values()) for row in rows(tmp_path / "1", told["name"])]
        assert len(held) == told["rows"] == sum(file["rows"] for file in told["files"])
        assert held == sorted(held)
    assert {path.name for path in (tmp_path / "1").rglob("*") if path.is_file()} == {
        "manifest.json", *(f"part-{n:05d}.parquet" for n in range(most)),
    }  # fmt: skip


def test_few_rows_and_many_give_the_same_extract(spark, warehouse, tmp_path, monkeypatch):
    areas = [{"lsoa": f"E0100000{n}", "imd_decile": n} for n in range(3)]
    tables.publish(warehouse_rows("small_area", spark, *areas).drop("pseudonym"), warehouse / "small_area")
    coarse = {"birth_year": {"to": "age_band", "width": 10, "at": 2026, "top": 80}}
    asked = (
        table("people", "lsoa", "sex", "birth_year", generalise=coarse),
        table("gp_events", "event_date", "value", "unit", linkage="table", **{"from": "2016-01-01"}),
        table("small_area", "imd_decile", "lsoa"),
    )
    sampling = {"fraction": "0.5", "seed": 3}

    def extract(name: str) -> dict:
        told = made(monkeypatch, spark, specification(
            warehouse, tmp_path / name, *asked, sampling=sampling, cohort="sex = '1'",
        ))  # fmt: skip
        for each in told["tables"]:  # the files' own bytes are their writer's
            each.pop("files")
        return {**told, "created": ""}

    first = extract("few")
    on_executors(monkeypatch)
    assert extract("many") == first
    for dataset in ("people", "gp_events", "small_area"):
        held = rows(tmp_path / "few", dataset)
        assert held == rows(tmp_path / "many", dataset)
        assert held


def test_a_moment_and_a_zero_are_written_alike_by_both(spark, tmp_path, monkeypatch):
    key = pseudonym(KEY, "1")
    tables.publish(warehouse_rows("people", spark, {"pseudonym": key}), tmp_path / "people")
    readings = [
        {"pseudonym": key, "taken_at": datetime(2020, 3, 29, hour, 30, tzinfo=UTC), "value": value}
        for hour in (0, 1, 23) for value in (-0.0, 0.0, 1.5, None, float("nan"))
    ]  # fmt: skip
    tables.publish(warehouse_rows("device_readings", spark, *readings), tmp_path / "device_readings")
    tables.publish(nobody_opted_out(spark), tmp_path / "opt_outs")
    wanted = table("device_readings", "taken_at", "value", **{"from": "2020-03-29", "to": "2020-03-29"})
    made(monkeypatch, spark, specification(tmp_path, tmp_path / "few", wanted))
    on_executors(monkeypatch)
    made(monkeypatch, spark, specification(tmp_path, tmp_path / "many", wanted))
    held = [repr(each) for each in rows(tmp_path / "few", "device_readings")]
    assert held == [repr(each) for each in rows(tmp_path / "many", "device_readings")]
    assert len(held) == len(readings)
    assert "-0.0" not in "".join(held)
    assert spark.read.parquet(str(tmp_path / "few" / "device_readings")).dtypes == [
        ("pseudonym", "string"), ("taken_at", "timestamp"), ("value", "double"),
    ]  # fmt: skip


def test_what_was_persisted_stays_so_when_it_is_asked(spark):
    frame = spark.range(3).persist()
    assert OnSpark(spark).ask("SELECT count(*) AS n FROM {rows}", rows=frame) == [{"n": 3}]
    assert frame.storageLevel.useMemory
    frame.unpersist()


def test_how_many_rows_are_few_follows_from_the_logs_alone():
    assert few.are_few(1000, [(1_000_000, 10)], 10**6)
    assert not few.are_few(1000, [(3_000_000, 10), (300_000, 10)], 10**6)
    assert not few.are_few(2_000_001, [], 10**6)
    assert not few.are_few(1000, [(1000, 10)], few.MOST_BYTES + 1)


@pytest.mark.usefixtures("maker")
def test_an_extract_follows_its_specification(spark, warehouse, tmp_path, monkeypatch):
    wanted = (
        table("people", "birth_year", "sex", "ethnicity",
              generalise={"birth_year": {"to": "age_band", "width": 10, "at": 2026, "top": 80}}),
        table("gp_events", "event_date", "snomed_code", linkage="table", generalise={"event_date": {"to": "quarter"}}),
    )  # fmt: skip
    sampling = {"fraction": "0.5", "seed": 3}
    spec = specification(warehouse, tmp_path / "1", *wanted, sampling=sampling, versions={"people": 1})
    spec["tables"][1]["version"] = 1
    told = made(monkeypatch, spark, spec)
    people, events = rows(tmp_path / "1", "people"), rows(tmp_path / "1", "gp_events")
    assert 130 < told["persons"] < 250
    assert len({row["pseudonym"] for row in events}) == told["persons"]
    assert not {row["pseudonym"] for row in people} & {row["pseudonym"] for row in events}
    assert {row["birth_year"] for row in people} <= {f"{n}-{n + 9}" for n in range(20, 80, 10)} | {"80+"}
    assert {(row["event_date"].month, row["event_date"].day) for row in events} == {(1, 1), (4, 1), (7, 1), (10, 1)}
    assert told["tables"][0]["columns"][1]["generalised"]["to"] == "age_band"
    assert json.loads((tmp_path / "1" / "manifest.json").read_text()) == told
    expected = Counter((row["birth_year"], row["sex"]) for row in people)
    (report,) = told["risk"]["tables"]
    assert report["k"] == min(expected.values())
    assert told["risk"]["below"] is (report["k"] < 5)

    # Version 0 holds everybody; its sample holds the same people and those of the twenty whom version 1 lacks.
    spec = specification(warehouse, tmp_path / "2", *wanted, sampling=sampling, previous=str(tmp_path / "1"))
    spec["tables"][1] = table("gp_events", "snomed_code", linkage="none")
    again = made(monkeypatch, spark, spec)
    assert {row["pseudonym"] for row in people} < {row["pseudonym"] for row in rows(tmp_path / "2", "people")}
    assert rows(tmp_path / "2", "gp_events")[0].keys() == {"snomed_code"}
    changed = {each["table"]: each for each in again["changes"]["tables"]}
    assert changed["gp_events"]["columns_removed"] == ["event_date", "pseudonym"]
    assert changed["gp_events"]["persons_added"] is None
    assert changed["people"]["rows_added"] == risk.count(again["persons"] - told["persons"])
    assert (changed["people"]["rows_removed"], changed["people"]["persons_changed"]) == (0, 0)
    assert told["opt_outs"] == again["opt_outs"] == {"version": 0, "national": True}


def test_a_sample_is_seeded_keyed_and_kept(spark):
    everybody = spark.range(2000).selectExpr("concat('p', id) AS pseudonym")

    def drawn(fraction: str, seed: int, key: bytes) -> set[str]:
        chosen = persons.sampled(everybody, {"fraction": fraction, "seed": seed}, key)
        return {row[0] for row in chosen.collect()}

    tenth = drawn("0.1", 1, KEY)
    assert 120 < len(tenth) < 290  # 200 expected; six standard deviations are 80
    assert tenth < drawn("0.3", 1, KEY)
    assert tenth == drawn("0.1", 1, KEY)
    for other in (drawn("0.1", 2, KEY), drawn("0.1", 1, OTHER_KEY)):
        assert len(tenth & other) < 60
    assert persons.sampled(everybody, None, KEY) is everybody


RULES = [
    ({"to": "band", "width": 5}, "int", [1953, 1950, 1954, -3, None],
     ["1950-1954", "1950-1954", "1950-1954", "-5--1", None]),
    ({"to": "age_band", "width": 5, "at": 2026, "top": 90}, "int", [1936, 1937, 2026, 2030, None],
     ["90+", "85-89", "0-4", "0-4", None]),
    ({"to": "month"}, "date", [date(2020, 2, 29), None], [date(2020, 2, 1), None]),
    ({"to": "quarter"}, "date", [date(2020, 6, 30), None], [date(2020, 4, 1), None]),
    ({"to": "year"}, "date", [date(2020, 12, 31), None], [date(2020, 1, 1), None]),
    ({"to": "top", "at": 10}, "int", [9, 10, 11, None], [9, 10, 10, None]),
    ({"to": "bottom", "at": 10}, "int", [9, 10, 11, None], [10, 10, 11, None]),
    ({"to": "prefix", "length": 3}, "string", ["I219", "I2", None], ["I21", "I2", None]),
    ({"to": "chapter"}, "string", ["A00", "D48", "D50", "H59", "H60", "T98", "U07", "Y98", "Z99", "i21", "x", None],
     ["I", "II", "III", "VII", "VIII", "XIX", "XXII", "XX", "XXI", None, None, None]),
]  # fmt: skip


def test_a_small_area_becomes_a_wider_one(spark, engine):
    wanted = table("people", "lsoa", linkage="none", generalise={"lsoa": {"to": "area", "column": "ward"}})
    selection = Selection(wanted, load_contracts(CONTRACTS)["people"], True, None, areas=0)
    told = {
        "rows": [("a", "E01000002"), ("b", "E01999999"), ("c", None)], "own": [("a", ""), ("b", ""), ("c", "")],
        "areas": [("E01000001", "East"), ("E01000002", "West")],
    }  # fmt: skip
    columns = {"rows": "pseudonym string, lsoa string", "own": "pseudonym string, _own string",
               "areas": "lsoa string, ward string"}  # fmt: skip
    read = {name: given(engine, spark.createDataFrame(each, columns[name])) for name, each in told.items()}
    found = engine.ask(selection.query(engine), **read)
    assert Counter(row["lsoa"] for row in found) == {"West": 1, None: 2}


def test_each_rule_makes_its_column_coarser(spark, engine):
    for rule, kind, values, coarser in RULES:
        frame = spark.createDataFrame([(n, value) for n, value in enumerate(values)], f"n int, v {kind}")
        told = f"SELECT n, {generalise.coarser('v', rule)} AS v FROM {{rows}} ORDER BY n"
        assert [row["v"] for row in engine.ask(told, rows=given(engine, frame))] == coarser, rule


@pytest.mark.parametrize(
    ("column", "rule", "sentence"),
    [
        ("sex", {"to": "band", "width": 5}, "not agreed"),
        ("birth_year", {"to": "blur"}, "no such rule"),
        ("birth_year", {}, "no such rule"),
        ("birth_year", {"to": "band"}, "needs just: width"),
        ("birth_year", {"to": "band", "width": 5, "more": 1}, "needs just: width"),
        ("birth_year", {"to": "band", "width": 0}, "whole number of 1"),
        ("birth_year", {"to": "band", "width": "5"}, "whole number"),
        ("birth_year", {"to": "band", "width": True}, "whole number"),
        ("birth_year", {"to": "month"}, "does not fit a int"),
        ("lsoa", {"to": "area", "column": "no_such"}, "no such wider area"),
        ("lsoa", {"to": "area", "column": "lsoa"}, "no such wider area"),
        ("lsoa", {"to": "area", "column": "imd_decile"}, "no such wider area"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_before_anything_starts(tmp_path, column, rule, sentence):
    wanted = table("people", "birth_year", "lsoa", generalise={column: rule})
    with pytest.raises(JobRefused, match=sentence):
        provision.run(specification(tmp_path, tmp_path / "x", wanted), {}, lambda text: None)


@pytest.mark.parametrize("fraction", ["0", "-1", "1.1", "half", "nan", ""])
def test_a_sample_that_is_no_share_is_refused(spark, fraction):
    with pytest.raises(JobRefused, match="over 0 and at most 1"):
        persons.sampled(spark.range(1).selectExpr("'x' AS pseudonym"), {"fraction": fraction, "seed": 1}, KEY)


def test_an_unknown_linkage_and_an_unknown_version_are_refused(spark, warehouse, tmp_path, monkeypatch):
    with pytest.raises(JobRefused, match="no such linkage"):
        made(monkeypatch, spark, specification(warehouse, tmp_path / "x", table("people", "sex", linkage="all")))
    with pytest.raises(JobRefused, match="no such table or version"):
        made(monkeypatch, spark, specification(warehouse, tmp_path / "x", table("gp_events", "value", version=9)))
    assert not (tmp_path / "x").exists()


def test_the_risk_is_what_plain_python_counts(spark, engine):
    random, floor = Random(3), 12
    told = [
        {"pseudonym": str(n), "birth_year": random.choice((1950, 1951, None)), "sex": random.choice("111112"),
         "lsoa": random.choice("ABCD"), "ethnicity": random.choice("XXXXXXY")}
        for n in range(600)
    ] + [{"pseudonym": "alone", "birth_year": 1900, "sex": "1", "lsoa": "A", "ethnicity": None}]  # fmt: skip
    names = ("pseudonym", "birth_year", "sex", "lsoa", "ethnicity")
    written = given(engine, warehouse_rows("people", spark, *told).select(*names))
    people = load_contracts(CONTRACTS)["people"]
    found = risk.report(engine, written, names, people, risk.Bounds(floor, 8, 40))
    # Level by level it finds the same.
    assert found == risk.report(engine, written, names, people, risk.Bounds(floor, 8, 6))

    def sizes(*names: str) -> Counter:
        return Counter(tuple(row[name] for name in names) for row in told)

    quasi = ("birth_year", "sex", "lsoa")
    whole = sizes(*quasi)
    assert found is not None
    assert (found["k"], found["quasi"]) == (1, list(quasi))
    assert found["persons"] == 601
    assert found["unique"] == risk.count(sum(size == 1 for size in whole.values()))
    groups = {group: set() for group in whole}
    for row in told:
        groups[tuple(row[name] for name in quasi)].add(row["ethnicity"])
    assert found["l"] == {"ethnicity": min(len(values) for values in groups.values())}
    minimal = []
    for level in (1, 2, 3):
        for names in combinations(quasi, level):
            if min(sizes(*names).values()) < floor and not any(set(each) <= set(names) for each in minimal):
                minimal.append(names)
    assert {tuple(each["columns"]) for each in found["riskiest"]} == set(minimal)
    for each in found["riskiest"]:
        small = [size for size in sizes(*each["columns"]).values() if size < floor]
        assert (each["k"], each["persons"]) == (min(small), risk.count(sum(small)))
    assert risk.below([found], floor)
    assert not risk.below([found], 1)


def test_small_counts_are_told_as_such(spark, engine):
    assert [risk.count(n) for n in (0, 1, 9, 10)] == [0, "under 10", "under 10", 10]
    contract = load_contracts(CONTRACTS)["people"]
    no_quasi = given(engine, warehouse_rows("people", spark, {"pseudonym": "a"}).select("pseudonym", "ethnicity"))
    assert risk.report(engine, no_quasi, ["pseudonym", "ethnicity"], contract, risk.Bounds(5, 8, 40)) is None


def test_what_changed_is_counted(spark, tmp_path):
    def extract(name: str, *told: tuple, columns: str = "pseudonym string, v int") -> list[dict]:
        spark.createDataFrame(list(told), columns).write.parquet(str(tmp_path / name / "t"))
        return [{"name": "t", "columns": [{"name": each.split()[0]} for each in columns.split(", ")]}]

    stay = [(f"stay{n}", 1) for n in range(30)]
    gone, come = [(f"gone{n}", 1) for n in range(11)], [(f"come{n}", 1) for n in range(12)]
    old = extract("old", *stay, *gone, *[(f"moved{n}", None) for n in range(13)], ("twice", 1), ("twice", 1))
    new = extract("new", *stay, *come, *[(f"moved{n}", 0) for n in range(13)], ("twice", 1))
    (found,) = changes.between(spark, tmp_path / "old", tmp_path / "new", old, new)
    assert found == {
        "table": "t", "columns_added": [], "columns_removed": [], "rows_added": 25, "rows_removed": 25,
        "persons_added": 12, "persons_removed": 11, "persons_changed": 14,
    }  # fmt: skip
    (gone_table,) = changes.between(spark, tmp_path / "old", tmp_path / "new", old, [])
    assert (gone_table["columns_removed"], gone_table["rows_removed"]) == (["pseudonym", "v"], None)


def test_an_extract_that_would_hold_what_it_must_not_is_refused(spark, engine, tmp_path):
    contract = load_contracts(CONTRACTS)["gp_events"]
    keyed = persons.own(spark.createDataFrame([("A" * 26,)], "pseudonym string"), KEY)
    own = keyed.collect()[0][persons.OWN]

    def written(name: str, column: str, value: str | None, persons=keyed) -> Written:
        folder = tmp_path / name
        spark.createDataFrame([(value,)], f"{column} string").write.mode("overwrite").parquet(str(folder))
        for leftover in (*folder.glob("_*"), *folder.glob(".*")):
            leftover.unlink()
        selection = Selection(table("gp_events"), contract, True, None, None)
        return Written(selection, folder, [], [], given(engine, persons))

    prove.prove(engine, [written("good", "pseudonym", own)])
    for name, column, value, sentence in (
        ("warehouse's", "pseudonym", "A" * 26, "not this project's"),
        ("nobody's", "pseudonym", None, "not this project's"),
        ("none", "snomed_code", "1", "not asked for, or none"),
        ("direct", "local_id", "1", "never leaves landing"),
    ):
        with pytest.raises(JobRefused, match=sentence):
            prove.prove(engine, [written(name, column, value)])
    same = keyed.withColumn(persons.OWN, F.col("pseudonym"))
    with pytest.raises(JobRefused, match="of the warehouse"):
        prove.prove(engine, [written("good", "pseudonym", own, same)])
    for wrong in ("short", "A" * 25 + "\n", "A" * 26 + "\n", "a" * 26, None):
        with pytest.raises(JobRefused, match="no pseudonym"):
            prove.prove(engine, [written("good", "pseudonym", own, keyed.withColumn(persons.OWN, F.lit(wrong)))])
