"""Key custody in files, and which custodian this installation has.

The root key is 256 random bits in a file only its owner can read; so is the secret of each later generation of a
purpose. They are never shown, logged or handed to a child process: children receive the derived key they need, by
standard input.
"""

from __future__ import annotations

import os
import re
import secrets
from functools import lru_cache
from pathlib import Path

from tre.keys.derivation import FIRST, KEY_BYTES, PURPOSES, Deriving, KeyCustodyError, Keystore

__all__ = ["PURPOSES", "FileKeystore", "KeyCustodyError", "Keystore", "custody", "read_owned"]


class FileKeystore(Deriving):
    """Keeps the root key in ``root.key`` and a later generation in ``PURPOSE.NUMBER.key``, each of mode 0600.

    Parameters
    ----------
    folder : Path
        Made with mode 0700 when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "root.key"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def generation(self, purpose: str) -> int:
        """Return the number of a purpose's newest generation: 1 until it is rotated."""
        name = re.compile(rf"{re.escape(purpose)}\.(\d+)\.key")
        found = (name.fullmatch(path.name) for path in self._folder.iterdir())
        return max([FIRST, *(int(match[1]) for match in found if match)])

    def _rotate(self, purpose: str) -> int:
        made = self.generation(purpose) + 1
        self._make(self._kept(purpose, made))
        return made

    def _kept(self, purpose: str, generation: int) -> Path:
        return self._path if generation == FIRST else self._folder / f"{purpose}.{generation}.key"

    def _secret(self, purpose: str, generation: int, info: bytes) -> bytes:
        path = self._kept(purpose, generation)
        if path == self._path and not path.exists():
            self._make(path)
        secret = read_owned(path, "key")
        if len(secret) != KEY_BYTES:
            raise KeyCustodyError(
                f"The {path.stem} key is damaged",
                where=str(path),
                todo="Restore it from its backup; do not make a new one",
            )
        return secret

    def _make(self, path: Path) -> None:
        staged = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(staged, path)  # of two processes at once the first wins, and both read its key
        except FileExistsError:
            pass
        finally:
            staged.unlink()


def read_owned(path: Path, what: str) -> bytes:
    """Return what a secret file holds.

    Raises
    ------
    KeyCustodyError
        When it is not there, or others can read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise KeyCustodyError(f"A {what} can be read by others", where=str(path), todo=f"Run chmod 600 {path}")
        return path.read_bytes()
    except OSError:
        raise KeyCustodyError(
            f"A {what} is missing or cannot be read", where=str(path), todo="Restore it from its backup"
        ) from None


@lru_cache(maxsize=1)
def custody() -> Keystore:
    """Return this installation's custodian.

    Raises
    ------
    KeyCustodyError
        When its settings do not say enough.
    """
    from tre.config.options import load

    options = load()
    if options.keystore == "vault":
        from tre.keys.vault import VaultKeystore

        return VaultKeystore.from_options(options)
    return FileKeystore(options.path("keys"))
