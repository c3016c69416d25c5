"""Hostile and broken submissions: each is refused whole with one sentence that tells no value, and nothing stays."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from spark_jobs import land as job
from spark_jobs import recover
from spark_jobs.errors import JobRefused
from spark_jobs.landed import place, receipt, staging
from tests.landing import FOLDER, REGISTER, contracts

CONTROLLER = "Office for National Statistics"
SECRET = "9990000042"
HEADER = ",".join(field.name for field in contracts()["deaths"].fields)
WIDE = HEADER.count(",") + 1


def row(first: str = "a", last: str = "b") -> str:
    return ",".join([first, *["x"] * (WIDE - 2), last])


def outbox(folder: Path, content: bytes, **changes: object) -> Path:
    """Return a submission of one file whose manifest tells of it truly, but for the changes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deaths.csv").write_bytes(content)
    file = {
        "name": "deaths.csv",
        "dataset": "deaths",
        "contract_version": contracts()["deaths"].version,
        "rows": max(content.count(b"\n") - 1, 0),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "format": "csv",
    }
    manifest = {
        "submission": "ons-1",
        "provider": "ons",
        "controller": CONTROLLER,
        "created": "2026-07-01T00:00:00+00:00",
    }
    own = {name: value for name, value in changes.items() if name not in manifest}
    told = {**manifest, **{name: value for name, value in changes.items() if name in manifest}}
    (folder / "manifest.json").write_text(json.dumps({**told, "files": [{**file, **own}]}))
    return folder


def land(source: Path, tmp_path: Path, provider: str = "ons") -> dict:
    spec = {
        "source": str(source), "landing": str(tmp_path / "landing"), "contracts": str(FOLDER),
        "register": str(REGISTER), "provider": provider, "by": "mia",
    }  # fmt: skip
    with patch.object(job, "load_contracts", lambda folder: contracts()):
        return job.run(spec, {}, lambda text: None)


def refused(source: Path, tmp_path: Path, provider: str = "ons") -> str:
    with pytest.raises(JobRefused) as told:
        land(source, tmp_path, provider)
    left = [path for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert left == []
    assert not list((tmp_path / "landing" / "submissions").glob("*"))
    sentence = told.value.sentence()
    assert SECRET not in sentence
    assert "\n" not in sentence
    return sentence


def good(rows: int = 3) -> bytes:
    return "\n".join([HEADER, *(row(str(number)) for number in range(rows)), ""]).encode()


def test_a_good_one_lands_and_again_changes_nothing(tmp_path):
    source = outbox(tmp_path / "out", good())
    assert land(source, tmp_path)["replayed"] is False
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "landing").rglob("*")}
    assert land(source, tmp_path)["replayed"] is True
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "landing").rglob("*")} == before


def test_the_same_name_with_other_content_is_refused(tmp_path):
    land(outbox(tmp_path / "out", good()), tmp_path)
    with pytest.raises(JobRefused, match="other content"):
        land(outbox(tmp_path / "out", good(4)), tmp_path)


def _line(text: str) -> bytes:
    return f"{HEADER}\n{text}\n".encode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "missing"),
        (b"wrong,header\n1,2\n", "missing"),
        (_line(row(SECRET)) + row().encode()[:5] + b"\n", "fields"),
        (_line(row("=cmd|' /C calc'!A0")), "formula"),
        (_line(row("@SUM(A1)")), "formula"),
        (_line(row("-2+3+cmd")), "formula"),
        (_line(row("\tx")), "formula"),
        (_line('"' + SECRET), "quotes"),
        (HEADER.encode() + b"\n" + row("caf\xe9").encode("latin-1") + b"\n", "UTF-8"),
        (good().decode().encode("utf-16"), "UTF-8"),
        (HEADER.encode() + b"\n" + row("a\0b").encode() + b"\n", "text"),
        (HEADER.encode() + b"\n" + b"x" * (3 * 1024 * 1024) + b"\n", "too long"),
        (gzip.compress(good()), "gzip"),
        (_line(row("  =cmd")), "formula"),
        (_line(row("+44 7700 900000")), "formula"),
        (HEADER.encode() + b"\n" + row("x" * 200_000).encode() + b"\n", "field is too long"),
        ((HEADER + ",extra\n").encode(), "instead of"),
    ],
)
def test_a_bad_file(tmp_path, content, sentence):
    assert sentence in refused(outbox(tmp_path / "out", content), tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": 99}, "rows"),
        ({"bytes": 10}, "longer"),
        ({"bytes": 10**6}, "shorter"),
        ({"sha256": "0" * 64}, "bytes are not"),
        ({"dataset": "wages"}, "may not send"),
        ({"dataset": "gp_patients"}, "may not send"),
        ({"dataset": "people"}, "made here"),
        ({"provider": "nhs-england"}, "another provider"),
        ({"controller": "Somebody else"}, "controller"),
        ({"format": "ndjson"}, "csv or parquet alone"),
        ({"contract_version": "9.9.9"}, "another version"),
        ({"name": "../../etc/passwd"}, "label"),
        ({"name": "other.csv"}, "missing"),
        ({"submission": "../../evil"}, "label"),
        ({"submission": ""}, "label"),
        ({"provider": "a/b"}, "label"),
        ({"format": "xml"}, "manifest"),
        ({"rows": "three"}, "manifest"),
        ({"rows": True}, "manifest"),
        ({"rows": -1}, "manifest"),
        ({"encoding": "ebcdic"}, "encoding"),
        ({"delimiter": ":"}, "delimiter"),
        ({"dates": "whenever"}, "dates"),
        ({"encoding": "utf-16"}, "UTF-16"),
        ({"delimiter": ";"}, "missing"),
    ],
)
def test_a_manifest_that_tells_wrongly(tmp_path, changes, sentence):
    assert sentence in refused(outbox(tmp_path / "out", good(), **changes), tmp_path)


def _without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _half_a_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"submission": "ons-1", "files": [')


def _link(folder: Path) -> None:
    (folder / "deaths.csv").unlink()
    (folder / "deaths.csv").symlink_to("/etc/passwd")


def _pipe(folder: Path) -> None:
    (folder / "deaths.csv").unlink()
    os.mkfifo(folder / "deaths.csv")


def _folder(folder: Path) -> None:
    (folder / "deaths.csv").unlink()
    (folder / "deaths.csv").mkdir()


def _stowaway(folder: Path) -> None:
    (folder / "more.csv").write_text(SECRET)


def _empty(folder: Path) -> None:
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "files": []}))


def _twice(folder: Path) -> None:
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "files": told["files"] * 2}))


@pytest.mark.parametrize(
    "change", [_without_manifest, _half_a_manifest, _link, _pipe, _folder, _stowaway, _empty, _twice]
)
def test_a_submission_that_is_no_submission(tmp_path, change: Callable[[Path], None]):
    source = outbox(tmp_path / "out", good())
    change(source)
    refused(source, tmp_path)


def test_what_a_run_that_was_cut_off_left_is_cleared(tmp_path):
    half = tmp_path / "landing" / "submissions" / ".ons-1.staged"
    half.mkdir(parents=True)
    (half / "half.csv").write_text("half")
    land(outbox(tmp_path / "out", good()), tmp_path)
    assert not half.exists()
    assert sorted(path.name for path in (tmp_path / "landing" / "submissions" / "ons-1").iterdir()) == [
        "0001.parquet",
        "manifest.json",
        "receipt.json",
    ]


def test_an_outbox_of_nobody_lands_nothing(tmp_path):
    assert "no registered provider" in refused(outbox(tmp_path / "out", good()), tmp_path, provider="tmp")


def test_what_is_sent_under_a_tempting_name_is_kept_under_our_own(tmp_path):
    """Spark chooses a codec by a name's end: a plain file named .gz once broke every later build."""
    source = outbox(tmp_path / "out", good(), name="deaths.csv.gz")
    (source / "deaths.csv").rename(source / "deaths.csv.gz")
    told = land(source, tmp_path)["files"]
    assert [(file["name"], file["stored"]) for file in told] == [("deaths.csv.gz", "0001.parquet")]
    assert (tmp_path / "landing" / "submissions" / "ons-1" / "0001.parquet").is_file()


def test_submissions_are_numbered_as_they_land_whatever_the_provider_says(tmp_path):
    for name, created in (("ons-b", "2026-07-01"), ("ons-a", "2020-01-01"), ("ons-c", "1999-01-01")):
        land(outbox(tmp_path / name, good(), submission=name, created=created), tmp_path)
    land(tmp_path / "ons-b", tmp_path)  # sent again: it keeps its place
    held = {name: receipt(place(tmp_path / "landing", name)).number for name in ("ons-b", "ons-a", "ons-c")}
    assert held == {"ons-b": 1, "ons-a": 2, "ons-c": 3}


def test_what_landed_and_was_not_recorded_is_found_again_and_what_is_half_there_is_cleared(tmp_path):
    for name in ("ons-1", "ons-2", "ons-3"):
        land(outbox(tmp_path / name, good(), submission=name), tmp_path)
    half = tmp_path / "landing" / "submissions" / ".ons-4.staged"
    half.mkdir()
    (half / "0001.parquet").write_text("half")
    found = recover.run({"landing": str(tmp_path / "landing"), "recorded": ["ons-2"]}, {}, lambda text: None)["landed"]
    assert [(each["submission"], each["number"], each["by"]) for each in found] == [
        ("ons-1", 1, "mia"), ("ons-3", 3, "mia"),
    ]  # fmt: skip
    assert not half.exists()


def test_what_a_living_process_is_landing_is_left_alone(tmp_path):
    source = outbox(tmp_path / "out", good())
    with staging(tmp_path / "landing", "ons-1") as staged:
        (staged / "0001.parquet").write_text("half")
        with pytest.raises(JobRefused, match="being landed"):
            land(source, tmp_path)
        recover.run({"landing": str(tmp_path / "landing"), "recorded": []}, {}, lambda text: None)
        assert (staged / "0001.parquet").exists()
    assert land(source, tmp_path)["replayed"] is False
