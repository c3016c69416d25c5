"""The data plane on a real Spark session: validation, pseudonyms, versioned tables, extracts."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from deltalake import DeltaTable
from pyspark import SparkContext, StorageLevel
from pyspark.sql import Row
from pyspark.sql import functions as F

from spark_jobs import provision, tables
from spark_jobs.check_digits import is_nhs_number
from spark_jobs.contracts import Contract, Field, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.nhs_number import is_valid
from spark_jobs.pseudonymise import PATTERN, pseudonym, with_pseudonym
from tests.conftest import REPOSITORY
from tests.validated import split
from tests.warehouse import nobody_opted_out, specification, table, warehouse_rows

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("one_session")]
KEY, OTHER_KEY = bytes(range(32)), bytes(reversed(range(32)))


def field(name: str, **more: object) -> Field:
    told = {"type": "string", "description": "", "required": False, "primary_key": False, "classification": "safe"}
    return Field(name, **{**told, **more})


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
        ({"form": "AB1\n"}, "form: wrong form"),
        ({"form": "AB1\r\n"}, "form: wrong form"),
        ({"code": "A\n"}, "code: unknown code"),
        ({"form": " AB1 "}, None),
        ({"on": "", "code": "", "number": "", "form": ""}, None),
    ],
)
def test_a_row_is_good_or_says_why_not(spark, changed, reason):
    row = {"local_id": "1", "on": "2020-01-31", "code": "A", "number": "7", "form": "AB1", **changed}
    frame = spark.createDataFrame([Row(provider="p", submission="s", landed=1, file="f", row=1, **row)])
    good, bad = split(frame, CONTRACT, date(2026, 7, 1))
    assert [each["reason"] for each in bad.collect()] == ([reason] if reason else [])
    assert good.count() == (0 if reason else 1)


def sent(spark, *rows):
    """Return rows as sent: submission, its place in the order of landing, local_id and number."""
    names = ("provider", "submission", "landed", "file", "row", "local_id", "on", "code", "number", "form")
    told = [
        ("p", f"s{landed}", landed, "f", place, local_id, None, "A", number, "")
        for place, (landed, local_id, number) in enumerate(rows, start=1)
    ]
    kinds = (f"`{name}` {'int' if name in ('landed', 'row') else 'string'}" for name in names)
    return spark.createDataFrame(told, ", ".join(kinds))


@pytest.mark.parametrize(
    ("rows", "good", "bad"),
    [
        ([(1, "1", "7"), (2, "1", "8"), (10, "1", "9")], [9], []),  # by number, not by text
        ([(1, "1", "7"), (1, "1", "7")], [7], ["local_id: repeated"]),
        ([(1, "1", "7"), (2, "1", "8"), (2, "1", "8")], [8], ["local_id: repeated"]),
        ([(1, "1", "7"), (1, "1", "7"), (2, "1", "8")], [8], ["local_id: repeated"]),
        ([(1, "1", "7"), (2, "1", "x")], [7], ["number: not a int"]),
        ([(1, "1", "7"), (2, "2", "8")], [7, 8], []),
    ],
)
def test_the_newest_good_row_of_a_key_stands_and_only_a_repeat_within_one_submission_is_bad(spark, rows, good, bad):
    kept, refused = split(sent(spark, *rows), CONTRACT, date(2026, 7, 1))
    assert sorted(each["number"] for each in kept.collect()) == good
    assert [each["reason"] for each in refused.collect()] == bad


def test_of_a_repeated_key_the_same_row_is_kept_whatever_the_order(spark):
    rows = sent(spark, *((1, "1", str(number)) for number in range(20)))
    kept = {
        split(each.repartition(3), CONTRACT, date(2026, 7, 1))[0].collect()[0]["number"]
        for each in (rows, rows.orderBy(F.desc("row")))
    }
    assert kept == {0}, "the first that was sent"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("943 476 5919", "9434765919"),
        ("943-476-5919", "9434765919"),
        (" 9434765919 ", "9434765919"),
        ("9434765919\n", "9434765919"),
        ("943\u00a0476\u20115919", "9434765919"),
        ("see letter - ask", "see letter - ask"),
        ("943 476 591", "943 476 591"),
        (" ", None),
    ],
)
def test_an_nhs_number_is_the_same_with_spaces_and_hyphens(spark, written, kept):
    contract = replace(CONTRACT, fields=(*CONTRACT.fields, field("nhs_number", identifier="nhs_number")))
    frame = sent(spark, (1, "1", "7")).withColumn("nhs_number", F.lit(written))
    assert split(frame, contract, date(2026, 7, 1))[0].collect()[0]["nhs_number"] == kept


def test_an_opt_out_is_found_however_its_number_is_written(spark):
    contract = load_contracts(REPOSITORY / "policies" / "contracts")["opt_outs"]
    frame = spark.createDataFrame(
        [
            ("p", "s", 1, "f", row, number, "2026-01-01", "national", "")
            for row, number in enumerate(("943 476 5919", "943-476-591"), start=1)
        ],
        "provider string, submission string, landed int, file string, row int, nhs_number string, recorded_on string, "
        "kind string, withdrawn_on string",
    )
    good, bad = split(frame, contract, date(2026, 7, 1))
    assert [each["nhs_number"] for each in good.collect()] == ["9434765919"]
    assert [each["reason"] for each in bad.collect()] == ["nhs_number: wrong form"]


def test_the_check_digit_in_spark_is_that_of_plain_python(spark):
    numbers = ["9434765919", "9434765918", "9434765919\n", "943476591", "", "94347659190", "abcdefghij", "٩434765919"]
    numbers += [str(9_990_000_000 + 37 * number) for number in range(2000)]
    frame = spark.createDataFrame([(each,) for each in numbers], "number string")
    found = {
        each["number"]: each["valid"]
        for each in frame.select("number", is_nhs_number(F.col("number")).alias("valid")).collect()
    }
    assert found == {each: is_valid(each) for each in numbers}
    assert 150 < sum(found.values()) < 250


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
    written = _written(scratch)
    assert any(path.name.startswith("rdd_") for path in written)
    assert not [path for path, content in written.items() if made_up.encode() in content]
    rows.unpersist()


def _written(folder: Path) -> dict[Path, bytes]:
    """The files in a job's folder; Spark's cleaner takes those of earlier tests away while they are read."""
    written = {}
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            with suppress(FileNotFoundError):
                written[path] = path.read_bytes()
    return written


def test_two_keys_share_nothing(spark):
    frame = spark.createDataFrame([(each,) for each in IDENTITIES], "identity string")
    one, other = (
        {each["pseudonym"] for each in with_pseudonym(frame, "identity", key).collect()} for key in (KEY, OTHER_KEY)
    )
    assert not one & other


def test_a_session_makes_no_folder_where_it_was_started(spark):
    spark.sql("SHOW TABLES").collect()
    made = Path(spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:"))
    assert made.is_relative_to(spark.conf.get("spark.local.dir"))
    assert not made.is_relative_to(Path.cwd())


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


def test_a_tables_files_are_on_the_disk_before_its_log_names_them(spark, tmp_path, monkeypatch):
    synced: list[tuple[str, bool]] = []
    log = tmp_path / "table" / "_delta_log"

    def told(descriptor: int) -> None:
        synced.append((Path(os.readlink(f"/proc/self/fd/{descriptor}")).name, log.exists()))

    monkeypatch.setattr("os.fsync", told)
    tables.publish(spark.range(10).toDF("n"), tmp_path / "table")
    files = {Path(uri).name for uri in DeltaTable(tmp_path / "table").file_uris()}
    assert {name for name, committed in synced if not committed} >= files | {"table"}
    assert [name for name, committed in synced if committed] == ["00000000000000000000.json", "_delta_log"]


def test_a_tables_digest_is_the_exact_sum_of_its_rows_hashes(spark, tmp_path):
    frame = spark.range(1000).selectExpr("id * 7919 AS n", "IF(id % 3 = 0, NULL, CAST(id AS string)) AS text")
    tables.publish(frame, tmp_path / "table")
    sums = [f"sum(CAST(xxhash64({salt}, n, isnull(n), text, isnull(text)) AS decimal(38, 0)))" for salt in (1, 2)]
    told = dict(DeltaTable(tmp_path / "table").history(1)[0])["tre.fingerprint"]
    assert told == "|".join(["n:bigint,text:string", *map(str, frame.selectExpr(*sums).collect()[0]), "1000"])


def test_a_table_s_log_names_its_types_as_the_delta_protocol_does(spark, tmp_path):
    kinds = "a string, b boolean, c int, d bigint, e double, f date, g timestamp, h decimal(10, 2), i binary"
    frame = spark.createDataFrame([], kinds).selectExpr("*", "float(1) AS j", "timestamp'2026-07-01 10:00:00' AS k")
    tables.publish(frame, tmp_path / "table")
    logged = json.loads(DeltaTable(tmp_path / "table").schema().to_json())
    assert [field["type"] for field in logged["fields"]] == [
        "string", "boolean", "integer", "long", "double", "date", "timestamp", "decimal(10,2)", "binary", "float",
        "timestamp",
    ]  # fmt: skip
    assert tables.read(spark, tmp_path / "table").schema.simpleString() == frame.schema.simpleString()


def test_rows_that_a_killed_run_left_belong_to_no_version(spark, tmp_path):
    folder = tmp_path / "table"
    tables.publish(spark.range(10).toDF("n"), folder)
    spark.range(5).toDF("n").write.parquet(str(folder / "data-of-a-killed-run"))
    assert tables.read(spark, folder).count() == 10
    tables.publish(spark.range(11).toDF("n"), folder)
    assert not (folder / "data-of-a-killed-run").exists()


@pytest.fixture
def warehouse(spark, tmp_path) -> Path:
    """Return a warehouse of twenty people, half of them born before 1950, with an event each in each of four years."""
    folder = tmp_path / "warehouse"
    people = [
        {"pseudonym": pseudonym(KEY, str(n)), "birth_year": 1930 + 2 * n, "sex": "1" if n % 2 else "2"}
        for n in range(20)
    ]
    events = [
        {"pseudonym": each["pseudonym"], "event_date": date(year, 6, 30), "snomed_code": f"{each['birth_year']}007"}
        for each in people
        for year in (2010, 2018, 2019, 2026)
    ]
    tables.publish(warehouse_rows("people", spark, *people), folder / "people")
    tables.publish(warehouse_rows("gp_events", spark, *events), folder / "gp_events")
    tables.publish(nobody_opted_out(spark), folder / "opt_outs")
    return folder


def extract(warehouse: Path, out: Path, key: bytes = KEY, where: str = "", **told: object) -> dict:
    wanted = {**table("people", "birth_year"), **told}
    spec = specification(warehouse, out, wanted, cohort=where)
    return provision.run(spec, {"project-pseudonym": key}, lambda text: None)


def held(out: Path, dataset: str = "people") -> list[dict]:
    return parquet.read_table(out / dataset).to_pylist()


def test_an_extract_is_minimal_and_of_the_cohort(warehouse, tmp_path):
    manifest = extract(warehouse, tmp_path / "x", where="birth_year < 1950")
    assert manifest["persons"] == 10
    assert {tuple(row) for row in held(tmp_path / "x")} == {("pseudonym", "birth_year")}
    assert {row["birth_year"] for row in held(tmp_path / "x")} == set(range(1930, 1950, 2))


@pytest.mark.parametrize("columns", [["event_date", "snomed_code"], ["snomed_code"]])
def test_rows_outside_the_agreed_dates_stay_out_whether_or_not_the_date_is_agreed(warehouse, tmp_path, columns):
    window = {"from": "2018-06-30", "to": "2019-06-30"}
    extract(warehouse, tmp_path / "x", dataset="gp_events", columns=columns, **window)
    rows = held(tmp_path / "x", "gp_events")
    assert len(rows) == 40
    assert {row["event_date"].year for row in rows if "event_date" in row} <= {2018, 2019}


@pytest.mark.parametrize("columns", [["event_date", "snomed_code"], ["snomed_code"]])
def test_a_window_with_one_end_is_open_at_the_other(warehouse, tmp_path, columns):
    extract(warehouse, tmp_path / "x", dataset="gp_events", columns=columns, to="2018-06-29")
    assert len(held(tmp_path / "x", "gp_events")) == 20


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
     "--", "SELECT sex FROM people", "SELECT pseudonym, sex FROM people"],
)  # fmt: skip
def test_a_cohort_that_is_no_condition_is_refused_and_nothing_stays(warehouse, tmp_path, where):
    with pytest.raises(JobRefused):
        extract(warehouse, tmp_path / "x", where=where)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"dataset": "gp_patients", "columns": ["nhs_number"]}, "never leaves landing"),
        ({"dataset": "gp_patients", "columns": ["surname"]}, "never leaves landing"),
        ({"columns": ["no_such"]}, "no column"),
        ({"columns": []}, "No column"),
        ({"dataset": "wages"}, "no data contract"),
        ({"from": "2020-01-01"}, "no date to bound"),
        ({"dataset": "small_area", "columns": ["imd_decile"], "to": "2020-01-01"}, "no date to bound"),
        ({"dataset": "deaths", "columns": ["sex"]}, "holds no such table"),
    ],
)
def test_what_may_not_be_shared_is_refused(warehouse, tmp_path, told, sentence):
    with pytest.raises(JobRefused, match=sentence):
        extract(warehouse, tmp_path / "x", **told)
    assert not (tmp_path / "x").exists()


def test_an_extract_that_was_cut_off_is_made_anew_and_a_finished_one_kept(warehouse, tmp_path):
    out = tmp_path / "x"
    (out / "people").mkdir(parents=True)
    (out / "people" / "half.parquet").write_text("half")
    made = extract(warehouse, out)
    assert len(held(out)) == 20
    assert extract(warehouse, out, where="birth_year < 1") == made
