"""Secrets of this installation: made at random on first use, kept in files only the operator can read.

There is no default secret. A secret is never on a command line; a child process gets the ones it needs by its
environment or standard input.
"""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path

from tre.config.options import load
from tre.errors import SettingsError


def secret(name: str) -> str:
    """Return the secret of this name, making it (256 bits, hexadecimal) when it is not there yet.

    Raises
    ------
    SettingsError
        When the file can be read by others.
    """
    return _read_or_make(load().path("secrets", name))


def _read_or_make(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        staged = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(random.token_hex(32))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(staged, path)  # the first of several processes wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            staged.unlink()
    if path.stat().st_mode & 0o077:
        raise SettingsError("a secret can be read by others", where=str(path), todo=f"Run chmod 600 {path}")
    return path.read_text()
