"""Secrets of this installation: made at random on first use, kept in files only the operator can read.

There is no default secret. A secret is never on a command line; a child process gets the ones it needs by its
environment or standard input.
"""

from __future__ import annotations

import os
import re
import secrets as random
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tre.config.options import load
from tre.errors import SettingsError

_BYTES = 32
_WHOLE = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")


def secret(name: str) -> str:
    """Return the secret of this name, making it (256 bits, hexadecimal) when it is not there yet.

    Raises
    ------
    SettingsError
        When the file can be read by others, or holds anything else: an empty secret would let everybody in.
    """
    path = load().path("secrets", name)
    told = _read_or_make(path, lambda: random.token_hex(_BYTES))
    if not _WHOLE.fullmatch(told):
        raise SettingsError("a secret is damaged", where=str(path), todo="Restore it from the back-up")
    return told


def private_key(name: str) -> str:
    """Return the RSA private key of this name as PEM (PKCS #8), making it (2048 bits) when it is not there yet.

    RS256 is what every OpenID Connect client must understand (OpenID Connect Core 1.0, section 15.1).

    Raises
    ------
    SettingsError
        When the file can be read by others.
    """
    return _read_or_make(load().path("secrets", f"{name}.pem"), _new_private_key)


def private_file(path: Path | None) -> str:
    """Return what an operator's own file holds, without the blanks around it.

    Raises
    ------
    SettingsError
        When it is not there, or can be read by others.
    """
    try:
        told = "" if path is None else _private(path).strip()
    except OSError:
        raise SettingsError("a secret's file cannot be read", where=str(path), todo="Make it, mode 0600") from None
    return told


def _new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def _read_or_make(path: Path, make: Callable[[], str]) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        staged = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(make())
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(staged, path)  # the first of several processes wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            staged.unlink()
    return _private(path)


def _private(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise SettingsError("a secret can be read by others", where=str(path), todo=f"Run chmod 600 {path}")
    return path.read_text()
