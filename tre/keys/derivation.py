"""What every custodian shares: purposes, generations, and how keys of every kind come out of one secret.

Derivation is HKDF with SHA-256 (RFC 5869). A purpose has generations: rotating it makes a new secret, under which
new pseudonyms are made, while the earlier ones can still be derived. So an extract of an earlier generation stays
valid until it expires; nobody ever writes down which old pseudonym is which new one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tre.errors import SettingsError

KEY_BYTES = 32
FIRST = 1
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, section 2.4.2
PURPOSES = frozenset(
    {
        "dicom-uid",
        "warehouse-pseudonym",
        "project-pseudonym",
        "exact-match",
        "airlock-storage",
        "airlock-seal",
        "airlock-members",
        "attestation",
        "checker-pseudonym",
        "audit-checkpoint",
        "model-signing",
        "destruction-certificate",
    }
)
# What was signed under the others could no longer be verified, and what was stored no longer be read.
ROTATABLE = frozenset({"warehouse-pseudonym", "project-pseudonym", "exact-match"})


class KeyCustodyError(SettingsError):
    """A key cannot be had, or is not kept as it must be."""


class Keystore(Protocol):
    """What every custodian of keys offers."""

    def derive(self, purpose: str, context: str = "", generation: int | None = None) -> bytes:
        """Return the 32-byte key of a purpose, and of a project or other context within it; the newest by default."""

    def generation(self, purpose: str) -> int:
        """Return the number of a purpose's newest generation; the first is 1."""

    def rotate(self, purpose: str) -> int:
        """Make a new generation of a purpose and return its number."""

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the Ed25519 key (RFC 8032) of a purpose."""

    def model_signing_key(self) -> EllipticCurvePrivateKey:
        """Return the P-256 key under which released models are signed."""


class Deriving(ABC):
    """A custodian that gives one secret for each purpose and generation; everything else follows from it."""

    @abstractmethod
    def generation(self, purpose: str) -> int:
        """Return the number of a purpose's newest generation; the first is 1."""

    @abstractmethod
    def _secret(self, purpose: str, generation: int, info: bytes) -> bytes:
        """Return at least 256 secret bits for this purpose and generation; they may depend on ``info``."""

    @abstractmethod
    def _rotate(self, purpose: str) -> int:
        """Make a new generation and return its number."""

    def rotate(self, purpose: str) -> int:
        """Make a new generation of a purpose and return its number.

        Raises
        ------
        KeyCustodyError
            When the purpose is unknown or its key must stay.
        """
        _check(purpose)
        if purpose not in ROTATABLE:
            names = ", ".join(sorted(ROTATABLE))
            raise KeyCustodyError(
                f"The key '{purpose}' cannot be rotated: what was made under it could no longer be used",
                todo=f"Rotate one of: {names}",
            )
        return self._rotate(purpose)

    def derive(self, purpose: str, context: str = "", generation: int | None = None) -> bytes:
        """Return the 32-byte key of a purpose and context; different ones give unrelated keys.

        Raises
        ------
        KeyCustodyError
            When the purpose or generation is unknown, or the custodian cannot give its secret.
        """
        _check(purpose)
        newest = self.generation(purpose) if purpose in ROTATABLE else FIRST
        wanted = newest if generation is None else generation
        if not FIRST <= wanted <= newest:
            raise KeyCustodyError(f"The key '{purpose}' has no generation {wanted}", todo=f"Ask for 1 to {newest}")
        # The length before each part keeps ("a", "bc") and ("ab", "c") apart.
        info = b"".join(len(part).to_bytes(4, "big") + part for part in (purpose.encode(), context.encode()))
        secret = self._secret(purpose, wanted, info)
        return HKDF(SHA256(), KEY_BYTES, salt=b"tre key derivation v1", info=info).derive(secret)

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the Ed25519 key of a purpose: its seed is derived, so that nothing more has to be kept."""
        return Ed25519PrivateKey.from_private_bytes(self.derive(purpose, "ed25519"))

    def model_signing_key(self) -> EllipticCurvePrivateKey:
        """Return the P-256 key under which released models are signed; its scalar is derived (FIPS 186-5, A.2.1)."""
        seed = self.derive("model-signing", "p256 a") + self.derive("model-signing", "p256 b")[:8]
        # 64 bits more than the group's order make the remainder's bias negligible; never zero.
        return derive_private_key(int.from_bytes(seed, "big") % (_P256_ORDER - 1) + 1, SECP256R1())


def _check(purpose: str) -> None:
    if purpose not in PURPOSES:
        raise KeyCustodyError(f"There is no key purpose '{purpose}'", todo="Add it to tre.keys.derivation.PURPOSES")
