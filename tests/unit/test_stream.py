"""The stream of device readings: each is in the warehouse once, under a pseudonym, whatever is killed when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import functions as F

from spark_jobs import appended, stream, streamed_quality, tables
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import pseudonym
from tests.conftest import REPOSITORY
from tests.landing import FOLDER, REGISTER
from tests.spark import lent

pytestmark = pytest.mark.spark
KEY = bytes(range(32))
PROVIDER = "remote-monitoring"


@pytest.fixture
def home(spark, tmp_path, monkeypatch) -> Path:
    """Return a home whose spine knows three devices; the person of the third has opted out and is listed nowhere."""
    monkeypatch.setattr(stream, "session", lent(spark))
    spine = tmp_path / "landing" / "spine"
    known = [(PROVIDER, f"D{n}", f"P{n}") for n in (1, 2, 3)] + [("acute-trust", "D9", "P9")]
    spark.createDataFrame(known, "provider string, local_id string, person string").write.parquet(str(spine / "1"))
    (spine / "current").write_text("1")
    listed = [(pseudonym(KEY, each),) for each in ("P1", "P2")]
    tables.publish(spark.createDataFrame(listed, "pseudonym string"), tmp_path / "warehouse" / "people")
    return tmp_path


def reading(device: str = "D1", minute: int = 0, **changes: object) -> dict:
    told = {"device_id": device, "kind": "431314004", "taken_at": f"2026-06-30T10:{minute:02d}:00Z", "value": 97.5}
    return {**told, "unit": "%", **changes}


def drop(home: Path, name: str, *readings: dict | str, provider: str = PROVIDER) -> None:
    """Drop a file as a provider does: renamed into place when it is whole."""
    folder = home / "drops" / provider
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{name}.part"
    staged.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in readings))
    staged.rename(folder / f"{name}.ndjson")


def spec(home: Path, most_drops: int = 100) -> dict:
    folders = {name: str(home / name) for name in ("drops", "landing", "warehouse")}
    told = {"contracts": str(FOLDER), "register": str(REGISTER), "bounded": True, "most_drops": most_drops}
    return {**folders, **told, "quality": str(REPOSITORY / "policies" / "quality.yaml")}


def streamed(home: Path, **more: int) -> list[str]:
    said: list[str] = []
    stream.run(spec(home, **more), {"warehouse-pseudonym": KEY}, said.append)
    return said


def held(spark, home: Path) -> list[tuple]:
    rows = tables.read(spark, home / "warehouse" / stream.DATASET)
    told = rows.select("pseudonym", F.date_format("taken_at", "HH:mm"), "value")  # in the session's own time: UTC
    return sorted(tuple(row) for row in told.collect())


def at(person: str, minute: int, value: float = 97.5) -> tuple:
    return pseudonym(KEY, person), f"10:{minute:02d}", value


def measured(home: Path) -> dict[tuple[str, str], tuple[int, int]]:
    place = streamed_quality.folder(home / "landing", stream.DATASET)
    return {(each.field, each.dimension): (each.numerator, each.denominator) for each in streamed_quality.kept(place)}


def quarantined(spark, home: Path) -> list[str]:
    folder = home / "landing" / "streams" / stream.DATASET / "quarantine"
    return sorted(row["reason"] for row in spark.read.parquet(str(folder)).collect())


def test_readings_are_judged_looked_up_and_shown_once_however_late_and_often_they_come(spark, home):
    drop(
        home, "a", reading(), reading("D2", 5), reading(), reading("D3"), reading("D7"), reading("D9", 1),
        reading(minute=1, value="warm"), reading(minute=2, taken_at="2031-01-01T00:00:00Z"), '{"device_id": "D1", "ki',
    )  # fmt: skip
    drop(home, "stowaway", reading("D1", 59), provider="nobody")
    assert [json.loads(each)["rows"] for each in streamed(home)] == [2]
    assert held(spark, home) == sorted([at("P1", 0), at("P2", 5)])
    assert quarantined(spark, home) == [
        "device_id: missing", "device_id: no such device", "device_id: no such device",
        "taken_at: impossible date", "value: not a double",
    ]  # fmt: skip
    told = measured(home)
    assert told["", "uniqueness"] == (8, 9)
    assert told["device_id", "completeness"] == (8, 9)
    assert told["value", "validity"] == (7, 8)
    assert told["", "timeliness"] == (0, 5)  # of those that stand: they were taken long ago
    # A day's backlog comes late, with what was sent before among it.
    drop(
        home,
        "b",
        reading(),
        reading("D2", 5, value=1),
        reading("D1", 9),
        reading("D1", 0, taken_at="2024-01-01T10:03:00Z"),
    )
    streamed(home)
    assert held(spark, home) == sorted([at("P1", 0), at("P2", 5), at("P1", 9), at("P1", 3)])
    names = set(tables.read(spark, home / "warehouse" / stream.DATASET).columns)
    assert names == {"pseudonym", "kind", "taken_at", "value", "unit"}
    # Killed between the table's commit and the checkpoint's: Spark runs the batch again, and the table holds it.
    commits = home / "landing" / "streams" / stream.DATASET / "checkpoint" / "spark" / "commits"
    last = max((path for path in commits.glob("[0-9]*")), key=lambda path: int(path.name))
    last.unlink()
    (commits / f".{last.name}.crc").unlink(missing_ok=True)
    told = measured(home)
    assert told["", "uniqueness"] == (12, 13)
    assert streamed(home) == []
    assert len(held(spark, home)) == 4
    assert measured(home) == told


def test_a_fault_is_told_with_its_drop_its_line_and_its_field(spark, home):
    drop(home, "a", reading(minute=1), reading(minute=2, value="warm"), reading(minute=3), reading("D9", 4))
    drop(
        home,
        "b",
        reading("D2", 1),
        reading("D2", 2),
        reading("D2", 3),
        reading("D2", 4, taken_at="2031-01-01T00:00:00Z"),
    )
    drop(home, "c", reading("D2", 5, value="cold"))
    streamed(home)
    folder = home / "landing" / "streams" / stream.DATASET / "quarantine"
    told = spark.read.parquet(str(folder)).select("file", "row", "reason").collect()
    assert sorted((row.file.partition(".")[0], int(row.row), row.reason) for row in told) == [
        ("a", 2, "value: not a double"), ("a", 4, "device_id: no such device"),
        ("b", 4, "taken_at: impossible date"), ("c", 1, "value: not a double"),
    ]  # fmt: skip


def test_killed_between_two_batches_nothing_is_lost_or_doubled(spark, home):
    for number in range(4):
        drop(home, f"drop-{number}", *(reading(device, number) for device in ("D1", "D2")))
    request = {"spec": spec(home, most_drops=1), "keys": {"warehouse-pseudonym": KEY.hex()}}
    with subprocess.Popen(
        [sys.executable, "-m", "spark_jobs", "stream"], cwd=REPOSITORY, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        json.dump(request, process.stdin)
        process.stdin.close()
        told = next((line for line in process.stderr if line.startswith("progress: ")), "")
        os.killpg(process.pid, signal.SIGKILL)
    assert json.loads(told.removeprefix("progress: "))["rows"] == 2
    before = held(spark, home)
    assert len(before) < 8
    streamed(home, most_drops=1)
    assert held(spark, home) == sorted(at(person, number) for number in range(4) for person in ("P1", "P2"))
    assert measured(home)["", "uniqueness"] == (8, 8)


def test_a_batch_that_died_before_its_readings_were_appended_is_counted_once(spark, home, monkeypatch):
    drop(home, "fresh", reading(taken_at=datetime.now(UTC).isoformat()))
    whole = appended.append
    monkeypatch.setattr("spark_jobs.appended.append", None)
    with pytest.raises(StreamingQueryException):
        streamed(home)
    assert tables.newest_version(home / "warehouse" / stream.DATASET) is None
    monkeypatch.setattr("spark_jobs.appended.append", whole)
    streamed(home)
    assert len(held(spark, home)) == 1
    assert measured(home)["", "uniqueness"] == measured(home)["", "timeliness"] == (1, 1)


def test_many_small_files_are_made_one_and_the_rows_stay(spark, home, monkeypatch):
    monkeypatch.setattr("spark_jobs.appended.MOST_FILES", 2)
    for number in range(3):
        drop(home, f"drop-{number}", reading(minute=number))
    streamed(home, most_drops=1)
    assert held(spark, home) == [at("P1", number) for number in range(3)]
    streamed(home)
    assert len(held(spark, home)) == 3


def test_without_a_warehouse_no_device_is_known(tmp_path):
    with pytest.raises(JobRefused, match="Build the warehouse first"):
        stream.run(spec(tmp_path), {"warehouse-pseudonym": KEY}, lambda text: None)
