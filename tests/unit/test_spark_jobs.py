"""The data plane on a real Spark session: validation, pseudonyms, versioned tables, extracts."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from pyspark import SparkContext, StorageLevel
from pyspark.sql import Row

from spark_jobs import provision, tables
from spark_jobs.contracts import Contract, Field, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import PATTERN, pseudonym, with_pseudonym
from spark_jobs.validate import split
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.spark
CONTRACTS = REPOSITORY / "policies" / "contracts"
KEY, OTHER_KEY = bytes(range(32)), bytes(reversed(range(32)))


def field(name: str, **more: object) -> Field:
    told = {"type": "string", "description": "", "required": False, "primary_key": False, "classification": "safe"}
    return Field(name, **{**told, **more})  # type: ignore[arg-type]


CONTRACT = Contract(
    "test", "1.0.0", "", "", "", "", True, "local_id", "on",
    (
        field("local_id", required=True, primary_key=True),
        field("on", type="date"),
        field("code", values=("A", "B")),
        field("number", type="int"),
        field("form", pattern="[A-Z]{2}[0-9]"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"local_id": " "}, "local_id: missing"),
        ({"on": "31/12/2020"}, "on: not a date"),
        ({"on": "2020-02-30"}, "on: not a date"),
        ({"on": "2031-01-01"}, "on: impossible date"),
        ({"on": "1899-12-31"}, "on: impossible date"),
        ({"code": "C"}, "code: unknown code"),
        ({"number": "12a"}, "number: not a int"),
        ({"number": "99999999999999"}, "number: not a int"),
        ({"form": "AB12"}, "form: wrong form"),
        ({"form": "xAB1"}, "form: wrong form"),
        ({"form": "AB1\n"}, None),
        ({"on": "", "code": "", "number": "", "form": ""}, None),
    ],
)
def test_a_row_is_good_or_says_why_not(spark, changed, reason):
    row = {"local_id": "1", "on": "2020-01-31", "code": "A", "number": "7", "form": "AB1", **changed}
    frame = spark.createDataFrame([Row(provider="p", submission="s", created="c", **row)])
    good, bad = split(frame, CONTRACT, date(2026, 7, 1))
    assert [each["reason"] for each in bad.collect()] == ([reason] if reason else [])
    assert good.count() == (0 if reason else 1)


def test_a_repeated_key_keeps_the_first_and_no_value_is_told(spark):
    names = ("provider", "submission", "created", "local_id", "on", "code", "number", "form")
    rows = [("p", f"s{n}", f"c{n}", "1", None, "A", str(n), "") for n in range(3)]
    frame = spark.createDataFrame(rows, ", ".join(f"`{name}` string" for name in names))
    good, bad = split(frame, CONTRACT, date(2026, 7, 1))
    assert [each["number"] for each in good.collect()] == [0]
    assert {each["reason"] for each in bad.collect()} == {"local_id: repeated"}


IDENTITIES = [*(str(n) for n in range(500)), "é", "名前", "a" * 5000, "spine 1", "\u0000"]


def test_pseudonyms_are_those_of_plain_python(spark):
    frame = spark.createDataFrame([(each,) for each in IDENTITIES], "identity string")
    found = [each["pseudonym"] for each in with_pseudonym(frame, "identity", KEY).collect()]
    assert sorted(found) == sorted(pseudonym(KEY, each) for each in IDENTITIES)
    assert len(set(found)) == len(IDENTITIES)
    assert with_pseudonym(frame, "identity", KEY).where(f"NOT pseudonym RLIKE '^{PATTERN}$'").count() == 0


@pytest.mark.parametrize("identity", [None, ""])
def test_no_identity_no_pseudonym(spark, identity):
    frame = spark.createDataFrame([(identity,)], "identity string")
    assert with_pseudonym(frame, "identity", KEY).collect()[0]["pseudonym"] is None


def test_the_key_is_in_no_plan_and_no_log(spark, capfd):
    frame = spark.createDataFrame([("1",)], "identity string")
    made = with_pseudonym(frame, "identity", KEY)
    made.explain("extended")
    made.explain("codegen")
    made.explain("formatted")
    plan = made._jdf.queryExecution().toString() + made._jdf.queryExecution().debug().toString()
    told = (plan + "".join(capfd.readouterr())).lower()
    decimal = ", ".join(str(each) for each in KEY[:6])
    for form in (KEY.hex(), KEY.hex()[:16], decimal, decimal.replace(" ", ""), "\\x00\\x01\\x02"):
        assert form.lower() not in told


def test_the_key_is_handed_over_without_a_file(spark, monkeypatch):
    """PySpark's own ways to the Java side are shut: with encryption switched off they write a file."""

    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError("the key went the way of PySpark's own data")

    frame = spark.createDataFrame([("1",)], "identity string").persist()
    assert frame.count() == 1
    for owner, name in ((SparkContext, "_serialize_to_jvm"), (tempfile, "NamedTemporaryFile"), (tempfile, "mkstemp")):
        monkeypatch.setattr(owner, name, refuse)
    assert with_pseudonym(frame, "identity", KEY).collect()[0]["pseudonym"] == pseudonym(KEY, "1")
    with pytest.raises(AssertionError, match="PySpark's own"):
        spark.createDataFrame([(KEY,)], "key binary")


def test_what_is_shuffled_or_spilled_is_encrypted_in_a_folder_of_the_job_s_own(spark):
    told = dict(spark.sparkContext.getConf().getAll())
    assert told["spark.io.encryption.enabled"] == "true"
    scratch = Path(told["spark.local.dir"])
    assert scratch.stat().st_mode & 0o077 == 0
    assert spark._jvm.java.lang.System.getProperty("java.io.tmpdir") == str(scratch)
    made_up = "a value that would be found in a file"
    rows = spark.range(2000).selectExpr("id % 7 AS n", f"concat('{made_up} ', id) AS text").repartition(2, "n")
    rows.persist(StorageLevel.DISK_ONLY).count()
    files = [path for path in scratch.rglob("*") if path.is_file()]
    assert any(path.name.startswith("rdd_") for path in files)
    assert not any(made_up.encode() in path.read_bytes() for path in files)
    rows.unpersist()


def test_two_keys_share_nothing(spark):
    frame = spark.createDataFrame([(each,) for each in IDENTITIES], "identity string")
    one, other = (
        {each["pseudonym"] for each in with_pseudonym(frame, "identity", key).collect()} for key in (KEY, OTHER_KEY)
    )
    assert not one & other


def test_a_table_has_versions_and_publishing_the_same_rows_makes_none(spark, tmp_path):
    folder = tmp_path / "table"
    first = tables.publish(spark.range(100).toDF("n"), folder)
    again = tables.publish(spark.range(100).repartition(5).toDF("n"), folder)
    second = tables.publish(spark.range(101).toDF("n"), folder)
    assert [(each.version, each.rows, each.new) for each in (first, again, second)] == [
        (0, 100, True), (0, 100, False), (1, 101, True),
    ]  # fmt: skip
    assert tables.read(spark, folder, 0).count() == 100
    assert tables.read(spark, folder).count() == 101


def test_rows_that_a_killed_run_left_belong_to_no_version(spark, tmp_path):
    folder = tmp_path / "table"
    tables.publish(spark.range(10).toDF("n"), folder)
    spark.range(5).toDF("n").write.parquet(str(folder / "data-of-a-killed-run"))
    assert tables.read(spark, folder).count() == 10
    tables.publish(spark.range(11).toDF("n"), folder)
    assert not (folder / "data-of-a-killed-run").exists()


@pytest.fixture
def warehouse(spark, tmp_path) -> Path:
    """Return a warehouse of twenty people, half of them born before 1950."""
    folder = tmp_path / "warehouse"
    people = load_contracts(CONTRACTS)["people"]
    names = [each.name for each in people.fields]
    rows = [
        dict.fromkeys(names)
        | {"pseudonym": pseudonym(KEY, str(n)), "birth_year": 1930 + 2 * n, "sex": "1" if n % 2 else "2"}
        for n in range(20)
    ]
    schema = ", ".join(f"`{each.name}` {each.type}" for each in people.fields)
    tables.publish(
        spark.createDataFrame([tuple(row[name] for name in names) for row in rows], schema), folder / "people"
    )
    nobody = "pseudonym string, kind string, recorded_on date, withdrawn_on date, generation int"
    tables.publish(spark.createDataFrame([], nobody), folder / "opt_outs")
    return folder


def extract(warehouse: Path, out: Path, key: bytes = KEY, where: str = "", **table: object) -> dict:
    wanted = {"dataset": "people", "version": 0, "columns": ["birth_year"], "date_column": "", "from": None, "to": None}
    spec = {
        "warehouse": str(warehouse), "contracts": str(CONTRACTS), "out": str(out), "project": "p", "extract": 1,
        "cohort": {"where": where}, "tables": [{**wanted, **table}],
    }  # fmt: skip
    return provision.run(spec, {"project-pseudonym": key}, lambda text: None)


@pytest.fixture(autouse=True)
def _one_session(monkeypatch, request):
    """Let the jobs use the tests' session: a process has one."""
    from contextlib import nullcontext

    started = request.getfixturevalue("spark")
    monkeypatch.setattr(provision, "session", lambda name, scratch=None: nullcontext(started))


def held(out: Path) -> list[dict]:
    return parquet.read_table(out / "people").to_pylist()


def test_an_extract_is_minimal_and_of_the_cohort(warehouse, tmp_path):
    manifest = extract(warehouse, tmp_path / "x", where="birth_year < 1950")
    assert manifest["persons"] == 10
    assert {tuple(row) for row in held(tmp_path / "x")} == {("pseudonym", "birth_year")}
    assert {row["birth_year"] for row in held(tmp_path / "x")} == set(range(1930, 1950, 2))


def test_two_projects_cannot_be_joined_with_each_other_or_the_warehouse(warehouse, tmp_path):
    extract(warehouse, tmp_path / "one", key=KEY)
    extract(warehouse, tmp_path / "other", key=OTHER_KEY)
    one, other = ({row["pseudonym"] for row in held(tmp_path / name)} for name in ("one", "other"))
    own = {pseudonym(KEY, str(n)) for n in range(20)}
    assert len(one) == len(other) == 20
    assert not one & other
    assert not (one | other) & own


@pytest.mark.parametrize(
    "where",
    ["SELECT 1", "1; DROP TABLE people", "birth_year", "no_such_column = 1", "java_method('a','b')", "birth_year <",
     "--", "birth_year IN (SELECT 1 FROM people)", "reflect('java.lang.System', 'getenv') IS NULL"],
)  # fmt: skip
def test_a_cohort_that_is_no_condition_is_refused_and_nothing_stays(warehouse, tmp_path, where):
    with pytest.raises(JobRefused):
        extract(warehouse, tmp_path / "x", where=where)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"dataset": "gp_patients", "columns": ["nhs_number"]}, "never leaves landing"),
        ({"dataset": "gp_patients", "columns": ["surname"]}, "never leaves landing"),
        ({"columns": ["no_such"]}, "no column"),
        ({"columns": []}, "No column"),
        ({"dataset": "wages"}, "no data contract"),
        ({"dataset": "deaths", "columns": ["pseudonym"]}, ""),
    ],
)
def test_what_may_not_be_shared_is_refused(warehouse, tmp_path, table, sentence):
    with pytest.raises(JobRefused, match=sentence):
        extract(warehouse, tmp_path / "x", **table)
    assert not (tmp_path / "x").exists()


def test_an_extract_that_was_cut_off_is_made_anew_and_a_finished_one_kept(warehouse, tmp_path):
    out = tmp_path / "x"
    (out / "people").mkdir(parents=True)
    (out / "people" / "half.parquet").write_text("half")
    made = extract(warehouse, out)
    assert len(held(out)) == 20
    assert extract(warehouse, out, where="birth_year < 1") == made
