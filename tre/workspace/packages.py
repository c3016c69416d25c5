"""The packages that people may install: a pinned allow-list, and the folder of the wheels that were accepted.

There is no server and no index: a workspace sees the folder read-only, and pip inside it looks nowhere else. What is in
it was named in ``policies/packages.yaml`` with its SHA-256 and inspected (:mod:`tre.workspace.wheels`, and ClamAV where
``clamscan`` is installed) before it was copied there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.db import transaction

from tre.audit.services import record
from tre.config.options import REPOSITORY, load
from tre.config.policy_files import reading
from tre.errors import Refused, TreError
from tre.hashing import sha256_of
from tre.workspace.wheels import Pinned, inspect

POLICY_FILE = REPOSITORY / "policies" / "packages.yaml"
_SCAN_SECONDS = 600


def allowed(path: Path = POLICY_FILE) -> tuple[Pinned, ...]:
    """Return the allow-list.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The list of packages", "Give each its name, version and sha256") as held:
        told = held["packages"] or []
        pinned = tuple(_pinned(**each) for each in told)
        if any(len(each.sha256) != 64 or not each.name or not each.version for each in pinned):
            raise ValueError
    return pinned


def _pinned(name: object, version: object, sha256: object, compiled: object = False) -> Pinned:
    return Pinned(str(name), str(version), str(sha256), compiled is True)


def folder() -> Path:
    """Return the folder of accepted wheels, made readable for sandboxes when it is not there."""
    made = load().path("packages")
    made.mkdir(parents=True, exist_ok=True)
    made.chmod(0o755)
    return made


def shown() -> Path:
    """Return the folder as a workspace that opens now may see it: with what is on the allow-list now."""
    accepted()
    return folder()


def accepted() -> dict[str, Path]:
    """Return the accepted wheels that are still on the allow-list, by name and version; what is not is taken away."""
    names = {each.sha256: each for each in allowed()}
    found = {}
    for path in sorted(folder().glob("*.whl")):
        pinned = names.get(_marked(path))
        if pinned is None:
            path.unlink()
            _mark(path).unlink(missing_ok=True)
        else:
            found[str(pinned)] = path
    return found


def add(path: Path, actor: str) -> Pinned:
    """Inspect a wheel and let workspaces install it.

    Raises
    ------
    Refused
        When it is not on the allow-list, or is not what it should be.
    """
    if not path.is_file() or not path.name.endswith(".whl"):
        raise Refused("This is no wheel", where=path.name, todo="Bring a file whose name ends in .whl")
    digest = sha256_of(path)
    pinned = next((each for each in allowed() if each.sha256 == digest), None)
    if pinned is None:
        raise Refused(
            "The wheel is not on the allow-list",
            where=path.name,
            todo=f"Add it with sha256 {digest} once it is approved",
        )
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".staged-") as staging:
        staged = Path(staging, path.name)
        shutil.copyfile(path, staged)  # what is inspected is what is kept
        inspect(staged, pinned)
        scanned = _scan(staged)
        staged.chmod(0o644)
        with transaction.atomic():
            data = {"package": str(pinned), "sha256": digest, "malware_scan": scanned}
            record("packages.accepted", actor=actor, subject=f"package:{pinned}", data=data, once=f"packages:{digest}")
        # Once it is on record: cut off between, it is added again and written down no second time.
        _mark(folder() / path.name).write_text(digest)
        os.replace(staged, folder() / path.name)
    return pinned


def fetch(actor: str) -> list[Pinned]:
    """Fetch what is on the allow-list and not there yet from the package index that pip is set up with, and add it.

    Raises
    ------
    TreError
        When pip cannot fetch one.
    Refused
        When one is not what it should be.
    """
    there, added = accepted(), []
    for pinned in allowed():
        if str(pinned) in there:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            wanted = Path(scratch, "wanted.txt")
            wanted.write_text(f"{pinned} --hash=sha256:{pinned.sha256}\n")
            command = [
                sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                "--require-hashes", "--dest", scratch, "--requirement", str(wanted),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            wheels = list(Path(scratch).glob("*.whl"))
            if done.returncode != 0 or len(wheels) != 1:
                raise TreError("The package cannot be fetched", where=str(pinned), todo="See whether the index has it")
            added.append(add(wheels[0], actor))
    return added


def _scan(path: Path) -> str:
    """Return what ClamAV says, or that it is not installed.

    Raises
    ------
    Refused
        When it finds something, or cannot say.
    """
    scanner = shutil.which("clamscan")
    if scanner is None:
        return "not installed"
    command = [scanner, "--no-summary", "--infected", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_SCAN_SECONDS)
    if done.returncode != 0:
        raise Refused("The malware scan does not pass it", where=path.name, todo="Look at it with clamscan")
    return "passed"


def _mark(path: Path) -> Path:
    return path.with_name(f".{path.name}.sha256")


def _marked(path: Path) -> str:
    try:
        return _mark(path).read_text()
    except OSError:
        return ""
