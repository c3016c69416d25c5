"""Key custody: one root key, and one derived key for each purpose and project.

Derivation is HKDF with SHA-256 (RFC 5869). The root key is 256 random bits in a file only its owner can read; it is
never shown, logged or handed to a child process: children receive the derived key they need, by standard input.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tre.errors import SettingsError

KEY_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, section 2.4.2
PURPOSES = frozenset(
    {
        "dicom-uid",
        "warehouse-pseudonym",
        "project-pseudonym",
        "exact-match",
        "airlock-storage",
        "airlock-seal",
        "audit-checkpoint",
        "model-signing",
        "destruction-certificate",
    }
)


class KeyCustodyError(SettingsError):
    """A key cannot be had, or is not kept as it must be."""


class Keystore(Protocol):
    """What every custodian of keys offers."""

    def derive(self, purpose: str, context: str = "") -> bytes:
        """Return the 32-byte key of a purpose, and of a project or other context within it."""

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the Ed25519 key (RFC 8032) of a purpose."""

    def model_signing_key(self) -> EllipticCurvePrivateKey:
        """Return the P-256 key under which released models are signed."""


class FileKeystore:
    """Keeps the root key in one file, ``root.key``, mode 0600.

    Parameters
    ----------
    folder : Path
        Made with mode 0700 when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "root.key"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def derive(self, purpose: str, context: str = "") -> bytes:
        """Return the 32-byte key of a purpose and context; different ones give unrelated keys.

        Raises
        ------
        KeyCustodyError
            When the purpose is unknown, or the root key is damaged or can be read by others.
        """
        if purpose not in PURPOSES:
            raise KeyCustodyError(f"There is no key purpose '{purpose}'", todo="Add it to tre.keys.custody.PURPOSES")
        # The length before each part keeps ("a", "bc") and ("ab", "c") apart.
        info = b"".join(len(part).to_bytes(4, "big") + part for part in (purpose.encode(), context.encode()))
        return HKDF(SHA256(), KEY_BYTES, salt=b"tre key derivation v1", info=info).derive(self._root())

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the Ed25519 key of a purpose: its seed is derived, so that nothing more has to be kept."""
        return Ed25519PrivateKey.from_private_bytes(self.derive(purpose, "ed25519"))

    def model_signing_key(self) -> EllipticCurvePrivateKey:
        """Return the P-256 key under which released models are signed; its scalar is derived (FIPS 186-5, A.2.1)."""
        seed = self.derive("model-signing", "p256 a") + self.derive("model-signing", "p256 b")[:8]
        # 64 bits more than the group's order make the remainder's bias negligible; never zero.
        return derive_private_key(int.from_bytes(seed, "big") % (_P256_ORDER - 1) + 1, SECP256R1())

    def _root(self) -> bytes:
        if not self._path.exists():
            self._make()
        if self._path.stat().st_mode & 0o077:
            raise KeyCustodyError(
                "The root key can be read by others", where=str(self._path), todo=f"Run chmod 600 {self._path}"
            )
        root = self._path.read_bytes()
        if len(root) != KEY_BYTES:
            raise KeyCustodyError(
                "The root key is damaged",
                where=str(self._path),
                todo="Restore it from its backup; do not make a new one",
            )
        return root

    def _make(self) -> None:
        staged = self._path.with_name(f".root.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(staged, self._path)  # of two processes at once the first wins, and both read its key
        except FileExistsError:
            pass
        finally:
            staged.unlink()


@lru_cache(maxsize=1)
def custody() -> Keystore:
    """Return this installation's custodian."""
    from tre.config.options import load

    return FileKeystore(load().path("keys"))
