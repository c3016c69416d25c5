"""The allow-list of packages, and wheels that are not what they say."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tre.audit.models import Entry
from tre.errors import Refused, SettingsError
from tre.workspace import packages, wheels
from tre.workspace.wheels import Pinned, inspect

CODE = b"def answer():\n    return 42\n"
METADATA = b"Metadata-Version: 2.1\nName: Small_Thing\nVersion: 1.0\n"
INFO = "small_thing-1.0.dist-info"
WHEEL = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(
    path: Path, files: dict[str, bytes] | None = None, *, record: dict[str, bytes] | None = None, link: str = ""
) -> Pinned:
    """Write a wheel, its RECORD true unless told otherwise, and return it pinned."""
    held = {"small_thing.py": CODE, f"{INFO}/METADATA": METADATA, f"{INFO}/WHEEL": WHEEL, **(files or {})}
    held = {name: content for name, content in held.items() if content is not None}
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in {**held, **(record or {})}.items()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
        archive.writestr(f"{INFO}/RECORD", "\n".join([*lines, f"{INFO}/RECORD,,"]))
        if link:
            member = zipfile.ZipInfo(link)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, "/etc/passwd")
    path.write_bytes(out.getvalue())
    return Pinned("small-thing", "1.0", hashlib.sha256(out.getvalue()).hexdigest())


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "small_thing-1.0-py3-none-any.whl"


def test_a_wheel_that_is_what_it_says_is_accepted(path):
    inspect(path, wheel(path))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"files": {"small.pth": b"import os"}}, "run by itself"),
        ({"files": {"sub/Evil.PTH": b"import os"}}, "run by itself"),
        ({"files": {"sitecustomize.py": b""}}, "run by itself"),
        ({"files": {"usercustomize/__init__.py": b""}}, "run by itself"),
        ({"files": {"small_thing.cpython-311.so": b"\x7fELF"}}, "machine code"),
        ({"files": {"libx.so.1": b"\x7fELF"}}, "machine code"),
        ({"files": {"../../outside.py": b""}}, "leads out"),
        ({"files": {"/etc/cron.d/x": b""}}, "leads out"),
        ({"files": {"a\\..\\b.py": b""}}, "leads out"),
        ({"link": "link.py"}, "leads out"),
        ({"files": {"other-2.0.dist-info/METADATA": METADATA}}, "once what it is"),
        ({"files": {f"{INFO}/METADATA": METADATA.replace(b"Version: 1.0\n", b"Version: 9.9\n")}}, "another package"),
        ({"files": {f"{INFO}/METADATA": METADATA.replace(b"Small_Thing", b"numpy")}}, "another package"),
        ({"files": {f"{INFO}/METADATA": None}}, "lacks its METADATA"),
        ({"record": {"small_thing.py": b"another"}}, "RECORD says"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_wheel_is_told(path, changes, wrong):
    pinned = wheel(path, **changes)
    with pytest.raises(Refused, match=wrong):
        inspect(path, pinned)


def test_a_file_beside_the_record_is_refused(path):
    wheel(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("beside.py", "import os")
    pinned = Pinned("small-thing", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(Refused, match="RECORD says"):
        inspect(path, pinned)


def test_machine_code_passes_where_it_is_allowed(path):
    pinned = wheel(path, {"small_thing.so": b"\x7fELF"})
    inspect(path, Pinned(pinned.name, pinned.version, pinned.sha256, compiled=True))


def test_a_bomb_a_torn_file_and_another_file_are_refused(path, monkeypatch):
    pinned = wheel(path)
    with pytest.raises(Refused, match="not the one that was pinned"):
        inspect(path, Pinned(pinned.name, pinned.version, "0" * 64))
    monkeypatch.setattr(wheels, "MOST_BYTES", 10)
    with pytest.raises(Refused, match="more than is accepted"):
        inspect(path, pinned)
    torn = path.read_bytes()[:-30]
    path.write_bytes(torn)
    with pytest.raises(Refused, match="cannot be read"):
        inspect(path, Pinned("small-thing", "1.0", hashlib.sha256(torn).hexdigest()))


@pytest.fixture
def listed(tmp_path, monkeypatch, path):
    """An allow-list of one wheel, and a folder of its own for what is accepted."""
    pinned = wheel(path)
    policy = tmp_path / "packages.yaml"

    def write(*each: Pinned) -> None:
        told = [{"name": one.name, "version": one.version, "sha256": one.sha256} for one in each]
        policy.write_text(yaml.safe_dump({"version": 1, "packages": told}))

    write(pinned)
    real = packages.allowed
    monkeypatch.setattr(packages, "allowed", lambda: real(policy))
    monkeypatch.setattr(packages, "folder", lambda: _made(tmp_path / "accepted"))
    return write


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.django_db
def test_what_is_on_the_list_is_accepted_once_and_taken_away_with_its_line(listed, path):
    packages.add(path, "console")
    packages.add(path, "console")
    assert list(packages.accepted()) == ["small-thing==1.0"]
    entry = Entry.objects.get(event="packages.accepted")
    assert entry.data["package"] == "small-thing==1.0"
    listed()
    assert packages.accepted() == {}
    assert not list(packages.folder().iterdir())


@pytest.mark.django_db
def test_what_is_not_on_the_list_or_is_wrong_leaves_nothing(listed, path, tmp_path):
    listed()
    with pytest.raises(Refused, match="not on the allow-list"):
        packages.add(path, "console")
    listed(wheel(path, {"x.pth": b"import os"}))
    with pytest.raises(Refused, match="run by itself"):
        packages.add(path, "console")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(Refused, match="no wheel"):
        packages.add(tmp_path / "notes.txt", "console")
    assert not list(packages.folder().iterdir())
    assert not Entry.objects.filter(event="packages.accepted").exists()


@pytest.mark.django_db
def test_a_wheel_that_was_put_into_the_folder_beside_the_platform_is_taken_away(listed, path):
    (packages.folder() / path.name).write_bytes(path.read_bytes())
    assert packages.accepted() == {}
    assert not (packages.folder() / path.name).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "said"), [(0, "passed"), (1, ""), (2, "")])
def test_malware_is_looked_for_where_there_is_a_scanner(listed, path, monkeypatch, status, said):
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/clamscan")
    done = subprocess.CompletedProcess([], status)
    monkeypatch.setattr("subprocess.run", lambda *told, **named: done)
    if said:
        packages.add(path, "console")
        assert Entry.objects.get(event="packages.accepted").data["malware_scan"] == said
    else:
        with pytest.raises(Refused, match="malware scan"):
            packages.add(path, "console")


def test_pip_finds_what_was_accepted_in_a_folder_and_nothing_else(path, tmp_path):
    wheel(path)
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_TARGET": str(tmp_path / "there")}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for wanted, status in (("small-thing", 0), ("six", 1)):
        done = subprocess.run([*command, wanted], env=environment, capture_output=True, check=False)
        assert done.returncode == status, done.stderr
    assert (tmp_path / "there" / "small_thing.py").read_bytes() == CODE


def test_the_list_of_the_repository_can_be_read_and_a_wrong_one_is_told(tmp_path):
    assert all(len(each.sha256) == 64 for each in packages.allowed())
    for text in ("packages: [{name: x}]", "packages: [x]", "a", "packages: [{name: x, version: '1', sha256: abc}]"):
        wrong = tmp_path / "packages.yaml"
        wrong.write_text(text)
        with pytest.raises(SettingsError, match="list of packages cannot be read"):
            packages.allowed(wrong)
