"""Every target takes a whole release, finds it there again, and puts it in the place of nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from tests.crates import at
from tests.git_server import PASSWORD, Repository, repository
from tests.s3 import ACCESS_KEY, Store, object_store
from tre.airlock.release.bag import Payload
from tre.airlock.release.targets.folder import FolderTarget
from tre.airlock.release.targets.git import GitTarget
from tre.airlock.release.targets.objects import ObjectTarget
from tre.airlock.release.targets.port import DeliveryFailed, Parcel, Target
from tre.airlock.storage import StorageBroken
from tre.config.targets import ReleaseTarget
from tre.keys.custody import KeyCustodyError

IDENTITY = "release-7-0123456789ab"
FILES = {"tables/by age.csv": b"age_band,persons\n60s,120\n", "ro-crate-metadata.json": b"{}\n"}
SENDER = "tre@example.org"


class Place(Protocol):
    """A target with what a test needs to see and spoil at the other side."""

    target: Target

    def held(self) -> dict[str, bytes]: ...
    def spoil(self) -> None: ...


class Folder:
    def __init__(self, tmp_path: Path) -> None:
        self.place = tmp_path / "place"
        self.place.mkdir()
        self.target = FolderTarget(ReleaseTarget(kind="folder", address=str(self.place)))

    def held(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.place)): path.read_bytes() for path in self.place.rglob("*") if path.is_file()
        }

    def spoil(self) -> None:
        (self.place / IDENTITY / "tables/by age.csv").write_bytes(b"other")


def git(place: Path, *words: str, told: bytes = b"") -> str:
    who = {f"GIT_{each}_{what}": "a@example.org" for each in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **who, "GIT_DIR": str(place), "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(["git", *words], env=environment, input=told, capture_output=True, check=True).stdout.decode()


class Git:
    def __init__(self, tmp_path: Path) -> None:
        self.place = tmp_path / "place.git"
        subprocess.run(["git", "init", "-q", "--bare", str(self.place)], check=True)
        self.target = GitTarget(ReleaseTarget(kind="git", address=f"file://{self.place}"), SENDER)

    def held(self) -> dict[str, bytes]:
        names = git(self.place, "ls-tree", "-r", "-z", "--name-only", "main").split("\0")
        return {name: git(self.place, "show", f"main:{name}").encode() for name in names if name}

    def spoil(self) -> None:
        self.commit(f"100644 blob {self.blob(b'other')}\t{IDENTITY}")

    def blob(self, content: bytes) -> str:
        return git(self.place, "hash-object", "-w", "--stdin", told=content).strip()

    def commit(self, row: str) -> None:
        tree = git(self.place, "mktree", told=f"{row}\n".encode()).strip()
        made = git(self.place, "commit-tree", tree, "-m", "Theirs").strip()
        git(self.place, "update-ref", "refs/heads/main", made)


class SecureGit(Git):
    """The same behind HTTPS, with a certificate that the settings name and a password."""

    def __init__(self, tmp_path: Path, served: Repository) -> None:
        self.place, self.served = tmp_path / "place.git", served
        self.told = ReleaseTarget(
            kind="git", address=served.address, credentials_file=served.credentials_file, ca_file=served.ca_file
        )
        self.target = GitTarget(self.told, SENDER)


class Objects:
    def __init__(self, tmp_path: Path, store: Store) -> None:
        self.store = store
        path = tmp_path / "credentials.json"
        path.write_text(json.dumps({"access_key": ACCESS_KEY, "secret_key": "the-secret-key"}))
        path.chmod(0o600)
        self.told = ReleaseTarget(
            kind="s3", address="outputs/of/the-tre", endpoint=store.address, region="eu-west-2", credentials_file=path
        )
        self.target = ObjectTarget(self.told)

    def held(self) -> dict[str, bytes]:
        return {name.removeprefix("outputs/of/the-tre/"): body for name, body in self.store.objects.items()}

    def spoil(self) -> None:
        self.store.objects[f"outputs/of/the-tre/{IDENTITY}/tables/by age.csv"] = b"other"


@pytest.fixture
def secure_git(tmp_path: Path) -> Iterator[SecureGit]:
    place = tmp_path / "place.git"
    subprocess.run(["git", "init", "-q", "--bare", str(place)], check=True)
    with repository(place, tmp_path) as served:
        yield SecureGit(tmp_path, served)


@pytest.fixture(params=["folder", "git", "git by https", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "git by https":
        yield request.getfixturevalue("secure_git")
        return
    if request.param == "s3":
        with object_store() as store:
            yield Objects(tmp_path, store)
    else:
        yield {"folder": Folder, "git": Git}[request.param](tmp_path)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    folder = tmp_path / "release"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = tuple(Payload(name, hashlib.sha256(content).hexdigest()) for name, content in FILES.items())
    return Parcel(IDENTITY, folder, files, at(6))


def whole() -> dict[str, bytes]:
    return {f"{IDENTITY}/{name}": content for name, content in FILES.items()}


def test_a_release_arrives_whole(place, parcel):
    assert IDENTITY in place.target.deliver(parcel).place
    assert place.held() == whole()


def test_taken_again_it_is_found_there(place, parcel):
    first = place.target.deliver(parcel)
    assert place.target.deliver(parcel) == first
    assert place.held() == whole()


def test_two_releases_stand_beside_each_other(place, parcel):
    place.target.deliver(parcel)
    place.target.deliver(replace(parcel, identity="release-8-0123456789ab"))
    assert len(place.held()) == 2 * len(FILES)
    assert whole().items() <= place.held().items()


def test_other_bytes_in_its_place_are_left_and_told(place, parcel):
    place.target.deliver(parcel)
    place.spoil()
    before = place.held()
    with pytest.raises(DeliveryFailed, match="Other bytes stand where the release belongs"):
        place.target.deliver(parcel)
    assert place.held() == before


def test_a_file_that_was_altered_does_not_go(place, parcel):
    (parcel.folder / "tables/by age.csv").write_bytes(b"age_band,persons\n60s,1\n")
    with pytest.raises(StorageBroken, match="altered"):
        place.target.deliver(parcel)
    assert not any(b"60s,1\n" in content for content in _held_or_nothing(place).values())


def _held_or_nothing(place: Place) -> dict[str, bytes]:
    try:
        return {name: body for name, body in place.held().items() if not name.startswith(f".{IDENTITY}")}
    except subprocess.CalledProcessError:  # no branch yet
        return {}


def test_a_place_that_is_not_there_is_one_sentence(tmp_path, parcel):
    gone = str(tmp_path / "gone")
    for target in (
        FolderTarget(ReleaseTarget(kind="folder", address=gone)),
        GitTarget(ReleaseTarget(kind="git", address=f"file://{gone}"), SENDER),
    ):
        with pytest.raises(DeliveryFailed, match=r"is not there|did not take"):
            target.deliver(parcel)


def test_what_a_folder_holds_of_a_cut_off_run_is_made_anew(tmp_path, parcel):
    folder = Folder(tmp_path)
    (folder.place / f".{IDENTITY}.staged").mkdir()
    (folder.place / f".{IDENTITY}.staged" / "half").write_bytes(b"x")
    folder.target.deliver(parcel)
    assert folder.held() == whole()


def test_a_commit_is_signed_off_by_the_release_and_dated_by_it(tmp_path, parcel):
    place = Git(tmp_path)
    receipt = place.target.deliver(parcel)
    told = git(place.place, "log", "-1", "--format=%H|%an|%ae|%aI|%B", "main")
    assert told.startswith(f"{receipt.revision}|Research environment|{SENDER}|2026-11-06T09:30:00+00:00|{IDENTITY}\n")
    assert f"Signed-off-by: {IDENTITY} <{SENDER}>" in told


def test_what_was_in_the_repository_before_stays(tmp_path, parcel):
    place = Git(tmp_path)
    place.commit(f"100644 blob {place.blob(b'readme')}\tREADME.md")
    place.target.deliver(parcel)
    assert place.held() == {**whole(), "README.md": b"readme"}


def test_a_link_in_the_repository_leads_nowhere(tmp_path, parcel):
    """Its owner plants one where the next release belongs, so that a checkout would write through it."""
    place, outside = Git(tmp_path), tmp_path / "outside"
    outside.mkdir()
    place.commit(f"120000 blob {place.blob(str(outside).encode())}\t{IDENTITY}")
    with pytest.raises(DeliveryFailed, match="Other bytes"):
        place.target.deliver(parcel)
    assert list(outside.iterdir()) == []


def test_a_hook_of_the_machine_is_not_run(tmp_path, parcel, monkeypatch):
    ran, hooks = tmp_path / "ran", tmp_path / "templates" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-push", "post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    Git.held(_delivered(tmp_path, parcel))
    assert not ran.exists()


def _delivered(tmp_path: Path, parcel: Parcel) -> Git:
    place = Git.__new__(Git)
    place.place = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", "--template=", str(place.place)], check=True)
    GitTarget(ReleaseTarget(kind="git", address=f"file://{place.place}"), SENDER).deliver(parcel)
    return place


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_credentials_that_others_can_read_are_not_used(tmp_path, parcel, mode):
    path = tmp_path / "it's a credentials file"
    path.write_text("https://tre:a-password@git.example.org\n")
    path.chmod(mode)
    place = Git(tmp_path)
    told = ReleaseTarget(kind="git", address=f"file://{place.place}", credentials_file=path)
    if mode == 0o600:
        GitTarget(told, SENDER).deliver(parcel)
        assert place.held() == whole()
    else:
        with pytest.raises(KeyCustodyError, match="read by others"):
            GitTarget(told, SENDER).deliver(parcel)


def test_an_object_store_that_does_not_know_the_key_is_one_sentence_without_it(tmp_path, parcel):
    with object_store() as store:
        place = Objects(tmp_path, store)
        place.told.credentials_file.write_text(json.dumps({"access_key": "another", "secret_key": "the-secret-key"}))
        with pytest.raises(DeliveryFailed, match="did not take the release") as raised:
            place.target.deliver(parcel)
        assert "another" not in str(raised.value)
        place.told.credentials_file.write_text("{}")
        with pytest.raises(DeliveryFailed, match="credentials cannot be read"):
            place.target.deliver(parcel)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"kind": "folder", "address": "outputs"}, "whole path"),
        ({"kind": "git", "address": "ssh://git.example.org/r.git"}, "file:// or https://"),
        ({"kind": "git", "address": "ext::sh -c id"}, "file:// or https://"),
        ({"kind": "git", "address": "https://tre:secret@git.example.org/r.git"}, "no credentials"),
        ({"kind": "git", "address": "file:///r.git", "branch": "--upload-pack=id"}, "pattern"),
        ({"kind": "s3", "address": "s3://bucket"}, "by its bucket"),
        ({"kind": "s3", "address": "bucket", "endpoint": "http://store.example.org"}, "by https://"),
        ({"kind": "ftp", "address": "x"}, "folder"),
    ],
)
def test_a_target_that_is_not_safe_is_none(told, why):
    with pytest.raises(ValueError, match=why):
        ReleaseTarget(**told)


def test_a_repository_is_reached_by_the_certificate_that_the_settings_name_and_by_no_other(secure_git, parcel):
    for change in ({"ca_file": None}, {"credentials_file": None}):
        told = secure_git.told.model_copy(update=change)
        with pytest.raises(DeliveryFailed, match="did not take the release") as refused:
            GitTarget(told, SENDER).deliver(parcel)
        assert PASSWORD not in str(refused.value)
    assert git(secure_git.place, "for-each-ref") == ""
    receipt = secure_git.target.deliver(parcel)
    assert secure_git.held().keys() == {f"{IDENTITY}/{name}" for name in FILES}
    assert PASSWORD not in receipt.place
    assert any("git-receive-pack" in each for each in secure_git.served.asked)


def test_certificates_are_for_https_alone(tmp_path):
    for kind, address in (("git", "file:///srv/a.git"), ("s3", "outputs"), ("folder", "/srv")):
        with pytest.raises(ValueError, match="https:// alone"):
            ReleaseTarget(kind=kind, address=address, ca_file=tmp_path)
