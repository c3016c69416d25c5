"""Hostile and broken submissions: each is refused whole with one sentence that tells no value, and nothing stays."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spark_jobs import landed
from spark_jobs.contracts import load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.land import run
from tests.conftest import REPOSITORY

CONTRACTS = REPOSITORY / "policies" / "contracts"
SECRET = "9990000042"
HEADER = ",".join(field.name for field in load_contracts(CONTRACTS)["deaths"].fields)
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
        "contract_version": load_contracts(CONTRACTS)["deaths"].version,
        "rows": max(content.count(b"\n") - 1, 0),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "format": "csv",
    }
    manifest = {"submission": "ons-1", "provider": "ons", "controller": "ONS", "created": "2026-07-01T00:00:00+00:00"}
    own = {name: value for name, value in changes.items() if name in file}
    told = {**manifest, **{name: value for name, value in changes.items() if name in manifest}}
    (folder / "manifest.json").write_text(json.dumps({**told, "files": [{**file, **own}]}))
    return folder


def land(source: Path, tmp_path: Path) -> dict:
    spec = {"source": str(source), "landing": str(tmp_path / "landing"), "contracts": str(CONTRACTS)}
    return run(spec, {}, lambda text: None)


def refused(source: Path, tmp_path: Path) -> str:
    with pytest.raises(JobRefused) as told:
        land(source, tmp_path)
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
        (HEADER.encode() + b"\n" + b"x" * (1024 * 1024 + 5) + b"\n", "too long"),
        (gzip.compress(good()), "UTF-8"),
        (",".join(reversed(HEADER.split(","))).encode() + b"\n", "order"),
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
        ({"dataset": "wages"}, "no data contract"),
        ({"contract_version": "9.9.9"}, "another version"),
        ({"name": "../../etc/passwd"}, "label"),
        ({"name": "other.csv"}, "missing"),
        ({"submission": "../../evil"}, "label"),
        ({"submission": ""}, "label"),
        ({"provider": "a/b"}, "label"),
        ({"format": "parquet"}, "manifest"),
        ({"rows": "three"}, "manifest"),
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
        ".landed",
        "deaths.csv",
        "manifest.json",
    ]


def test_submissions_are_numbered_as_they_land_whatever_the_provider_says(tmp_path):
    for name, created in (("ons-b", "2026-07-01"), ("ons-a", "2020-01-01"), ("ons-c", "1999-01-01")):
        land(outbox(tmp_path / name, good(), submission=name, created=created), tmp_path)
    land(tmp_path / "ons-b", tmp_path)  # sent again: it keeps its place
    submissions = tmp_path / "landing" / "submissions"
    assert {name: landed.number(submissions / name) for name in ("ons-b", "ons-a", "ons-c")} == {
        "ons-b": 1, "ons-a": 2, "ons-c": 3,
    }  # fmt: skip


def test_a_provider_cannot_send_its_own_place_in_the_order(tmp_path):
    source = outbox(tmp_path / "out", good(), name=landed.MARK)
    (source / "deaths.csv").rename(source / landed.MARK)
    assert "label" in refused(source, tmp_path)
