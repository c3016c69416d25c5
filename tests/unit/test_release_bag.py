"""A release's archive is a BagIt bag whose manifests hold, marked by the release, and never of altered bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.crates import at
from tre.airlock.release.bag import Payload, open_checked, write_bag
from tre.airlock.storage import StorageBroken

IDENTITY = "release-7-0123456789ab"


def kept(folder: Path, files: dict[str, bytes]) -> list[Payload]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [Payload(name, hashlib.sha256(content).hexdigest()) for name, content in files.items()]


def bagged(folder: Path, payload: list[Payload]) -> bytes:
    out = io.BytesIO()
    write_bag(folder, payload, IDENTITY, at(6), out)
    return out.getvalue()


def test_it_has_one_folder_and_every_tag_file(tmp_path):
    made = bagged(tmp_path, kept(tmp_path, {"a b/table.csv": b"x\n1\n", "figure.png": b"png"}))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert archive.comment == IDENTITY.encode()
        assert {name.partition("/")[0] for name in archive.namelist()} == {IDENTITY}
        told = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert told["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert b"Payload-Oxum: 7.2\n" in told["bag-info.txt"]
    assert b"External-Identifier: urn:uuid:" in told["bag-info.txt"]
    assert b"External-Description: release-7-0123456789ab\n" in told["bag-info.txt"]
    assert told["data/a b/table.csv"] == b"x\n1\n"


def test_the_same_release_is_the_same_archive(tmp_path):
    payload = kept(tmp_path, {"table.csv": b"x" * 5000})
    assert bagged(tmp_path, payload) == bagged(tmp_path, payload)


NAMES = some.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,9}(\.csv)?", fullmatch=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=some.dictionaries(NAMES, some.binary(max_size=300), min_size=1, max_size=5))
def test_its_manifests_hold_for_every_file_and_no_other(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("release")
    with zipfile.ZipFile(io.BytesIO(bagged(folder, kept(folder, {k.lower(): v for k, v in files.items()})))) as archive:
        told = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    for manifest, listed in (
        ("manifest-sha512.txt", {name for name in told if name.startswith("data/")}),
        ("tagmanifest-sha512.txt", {"bagit.txt", "bag-info.txt", "manifest-sha512.txt"}),
    ):
        rows = [line.split("  ", 1) for line in told[manifest].decode().splitlines()]
        assert {name for _, name in rows} == listed
        assert all(hashlib.sha512(told[name]).hexdigest() == value for value, name in rows)


def test_altered_and_missing_files_make_no_archive(tmp_path):
    payload = kept(tmp_path, {"table.csv": b"x\n1\n"})
    (tmp_path / "table.csv").write_bytes(b"x\n2\n")
    with pytest.raises(StorageBroken, match="altered"):
        bagged(tmp_path, payload)
    (tmp_path / "table.csv").unlink()
    with pytest.raises(StorageBroken, match="missing"):
        bagged(tmp_path, payload)


def test_what_is_opened_is_what_was_checked(tmp_path):
    payload = kept(tmp_path, {"table.csv": b"x\n1\n"})
    with open_checked(tmp_path, payload[0]) as opened:
        (tmp_path / "other").write_bytes(b"x\n2\n")
        (tmp_path / "other").rename(tmp_path / "table.csv")
        assert opened.read() == b"x\n1\n"
