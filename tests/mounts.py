"""Mounts the tests' object store, as every node of a cluster does: each in a mount of its own, at the same path.

A node is a mount namespace here. Run as a program, this is what a node's process is started by.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from tests.s3 import ACCESS_KEY

BUCKET = "warehouse"
_WITHIN_SECONDS = 30
_NODE = ("unshare", "--user", "--map-root-user", "--mount")


def why_not() -> str:
    """Return why nothing can be mounted here, empty when it can."""
    if shutil.which("s3fs") is None:
        return "s3fs is not installed"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK) or os.geteuid() != 0:
        return "this user may not mount"
    tried = subprocess.run([*_NODE, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this machine has no mount namespaces"


def node(address: str, at: Path, folder: Path) -> list[str]:
    """Return the words before a command that is to see the store at a path, by a mount of its own.

    Nothing may be mounted at the path yet: a node's namespace begins with what is mounted here.
    """
    return [*_NODE, sys.executable, "-m", "tests.mounts", address, str(at), str(folder)]


@contextmanager
def mounted(address: str, at: Path, folder: Path) -> Iterator[None]:
    """Mount the store at a path, for this process and those that it starts."""
    process = _mount(address, at, folder)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=False)
        process.wait(_WITHIN_SECONDS)


def listed(address: str, prefix: str) -> str:
    """Return what the store itself tells of the objects below a prefix."""
    asked = Request(f"{address}/{BUCKET}/?prefix={prefix}", headers={"Authorization": f"AWS4 Credential={ACCESS_KEY}/"})
    with urlopen(asked, timeout=_WITHIN_SECONDS) as answer:
        return str(answer.read().decode())


def _mount(address: str, at: Path, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = folder / "passwd-s3fs"
    secret.touch(mode=0o600)
    secret.write_text(f"{ACCESS_KEY}:the-secret-key\n")
    told = {"url": address, "passwd_file": str(secret), "max_stat_cache_size": "0", "umask": "0077"}
    options = ["use_path_request_style", *(f"{name}={value}" for name, value in told.items())]
    command = ["s3fs", BUCKET, str(at), "-f", *(word for each in options for word in ("-o", each))]
    with (folder / "s3fs.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=_end_with_parent)
    end = time.monotonic() + _WITHIN_SECONDS
    while not at.is_mount():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError((folder / "s3fs.log").read_text()[-2000:])
        time.sleep(0.05)
    return process


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG, prctl(2)


if __name__ == "__main__":
    _mount(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    os.execvp(sys.argv[4], sys.argv[4:])
