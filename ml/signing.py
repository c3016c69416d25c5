"""Signs a model's files and verifies them, with the OpenSSF Model Signing format (model-signing) and P-256 keys."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ml.errors import LearningRefused


def sign(folder: Path, signature: Path, private_key: bytes) -> None:
    """Sign every file of a folder.

    Parameters
    ----------
    signature : Path
        Where the signature is written; within the folder it is the one file that is not signed.
    private_key : bytes
        PEM, PKCS #8, unencrypted. On disk it only ever stands encrypted under a password of this moment.
    """
    from model_signing import signing

    key = serialization.load_pem_private_key(private_key, None)
    password = secrets.token_hex(16)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(locked)
        # The library declares text and hands it on to `cryptography`, which takes bytes alone.
        phrase: Any = password.encode()
        config = signing.Config().use_elliptic_key_signer(private_key=name, password=phrase)
        config.set_hashing_config(_hashing(signature)).sign(folder.absolute(), signature)
    finally:
        os.unlink(name)


def _hashing(signature: Path) -> Any:
    """Return what is hashed: all but the signature. The library by itself would leave out Git's files too."""
    from model_signing import hashing

    return hashing.Config().set_ignored_paths(paths=[signature.absolute()], ignore_git_paths=False)


def signed_digests(signature: Path) -> dict[str, str]:
    """Return the SHA-256 of each signed file by its name, from a signature that was verified: nothing is read twice.

    The format is a Sigstore bundle around an in-toto statement (OpenSSF Model Signing v1.0); the library hands out none
    of it.

    Raises
    ------
    LearningRefused
        It holds no such list.
    """
    try:
        envelope = json.loads(signature.read_bytes())["dsseEnvelope"]
        listed = json.loads(base64.b64decode(envelope["payload"]))["predicate"]["resources"]
        return {each["name"]: each["digest"] for each in listed if each["algorithm"] == "sha256"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LearningRefused("The model's signature lists no files", where=signature.parent.name) from error


def public_key(private_key: bytes) -> bytes:
    """Return the public half of a private key, as PEM."""
    key = serialization.load_pem_private_key(private_key, None)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form)


def new_key() -> bytes:
    """Return a new private key (P-256) as PEM."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form)


def verify(folder: Path, signature: Path, public: Path) -> None:
    """Verify that a folder holds just the files that were signed, unchanged.

    Raises
    ------
    LearningRefused
        When it does not, or the signature is another key's.
    """
    from model_signing import verifying

    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=public)
        config.set_hashing_config(_hashing(signature)).verify(folder.absolute(), signature)
    except Exception as error:  # the library raises whatever it met: none of it is a good signature
        raise LearningRefused(
            "The model's signature does not verify", where=folder.name, todo="Do not use it; fetch it again"
        ) from error
