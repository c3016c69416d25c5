"""Promotion of an approved model into the release registry: by the platform alone, from the released bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tre.airlock.models import Request
from tre.config.options import load
from tre.runs.runner import run_job


def register(request: Request, identity: str, folder: Path, hashes: dict[str, str]) -> dict[str, Any]:
    """Sign and register one model; run again for the same release, the first version is found.

    Parameters
    ----------
    folder : Path
        The released files of the model.
    hashes : dict of str to str
        SHA-256 of each of its files as approved; the learning plane checks them again.

    Raises
    ------
    JobRefused
        When the folder is no model that may be registered.
    """
    from tre.workspace.registry_access import administrator, signing_key

    options = load()
    user, password = administrator()
    return run_job(
        "promote",
        {
            "folder": str(folder),
            "expected_sha256s": hashes,
            "registry_uri": options.registry_internal,
            "registry_user": user,
            "name": f"{request.project.code}-{folder.name}",
            "alias": "champion",
            "tags": {"release": identity, "project": request.project.code, "request": str(request.pk)},
        },
        {"registry-password": password.encode(), "model-signing": signing_key()},
        plane="ml",
    )
