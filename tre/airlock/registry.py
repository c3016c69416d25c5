"""Promotion of an approved model into the release registry: by the platform alone, from the released bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization

from tre.airlock.models import Request
from tre.airlock.registered.policy import registry_policy
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import TreError
from tre.keys.custody import custody
from tre.runs.runner import run_job

ADMINISTRATOR, DEPLOYER = "platform", "deployer"  # the registry's own accounts


def _signing_key() -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return custody().model_signing_key().private_bytes(*form)


def publish_public_key() -> Path:
    """Write the public key that deployers verify models with, and return where it is."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path = load().path("registry", "release-key.pem")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(custody().model_signing_key().public_key().public_bytes(*form))
    return path


def open_deployer_account() -> None:
    """Make the deployers' account at the registry, which reads and never writes; there already, nothing changes.

    Raises
    ------
    TreError
        When the registry does not answer as it should.
    """
    answer = httpx.post(
        f"{load().registry_internal}/api/2.0/mlflow/users/create",
        json={"username": DEPLOYER, "password": secret("registry-deployer")},
        auth=(ADMINISTRATOR, secret("registry-administrator")),
        timeout=30,
        trust_env=False,
    )
    if answer.status_code != 200 and "RESOURCE_ALREADY_EXISTS" not in answer.text:
        raise TreError("The registry did not take the deployers' account", where=f"status {answer.status_code}")


def price(folder: Path) -> dict[str, Any]:
    """Return ``epsilon`` and ``delta`` of a model's training, recomputed in the learning plane.

    Each is None of a model that makes no claim of privacy.

    Raises
    ------
    JobRefused
        When the folder is no model, or its numbers do not hold together.
    """
    return run_job("price", {"folder": str(folder)}, plane="ml")


def register(request: Request, identity: str, folder: Path, model: str, hashes: dict[str, str]) -> dict[str, Any]:
    """Sign and register one model; run again for the same release and model, the first version is found.

    Parameters
    ----------
    folder : Path
        The release's folder.
    model : str
        The folder of the model within it.
    hashes : dict of str to str
        SHA-256 of each of its files as approved; the learning plane checks them again.

    Raises
    ------
    JobRefused
        When the folder is no model that may be registered.
    """
    options = load()
    return run_job(
        "promote",
        {
            "folder": str(folder / model),
            "expected_sha256s": hashes,
            "registry_uri": options.registry_internal,
            "registry_user": ADMINISTRATOR,
            "name": f"{request.project.code}-{(folder / model).name}",
            "alias": "champion",
            "drift": registry_policy().drift,
            "tags": {
                "release": identity,
                "model": model,
                "project": request.project.code,
                "request": str(request.pk),
            },
        },
        {"registry-password": secret("registry-administrator").encode(), "model-signing": _signing_key()},
        plane="ml",
    )


def settle(name: str, standings: list[dict[str, Any]], aliases: dict[str, int | None]) -> None:
    """Sign what is said of each version of a model, and let its aliases name what they are to; again, the same.

    Parameters
    ----------
    standings : list of dict
        Of each version the values of an ``ml.standing.Standing``.
    aliases : dict
        The version that each names; None for none.
    """
    options = load()
    spec = {"registry_uri": options.registry_internal, "registry_user": ADMINISTRATOR, "name": name}
    keys = {"registry-password": secret("registry-administrator").encode(), "model-signing": _signing_key()}
    run_job("settle", {**spec, "standings": standings, "aliases": aliases}, keys, plane="ml")
