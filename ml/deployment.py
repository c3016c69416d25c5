"""The deployer's verbs: fetch a released model and verify it whole, then serve it. Needs no control plane.

The registry's address and account are those of MLflow's own client (``MLFLOW_TRACKING_URI``,
``MLFLOW_TRACKING_USERNAME`` and ``MLFLOW_TRACKING_PASSWORD``); ``TRE_MODEL_PUBLIC_KEY`` names the release key's file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ml.errors import LearningRefused
from ml.registry_client import address, deployers
from ml.released import PUBLIC_KEY, Statement, verify_released
from ml.standing import TAG
from ml.watching import Watch


def named_key() -> Path:
    """Return the release key's file.

    Raises
    ------
    LearningRefused
        None is named.
    """
    held = os.environ.get(PUBLIC_KEY)
    if not held:
        raise LearningRefused(
            "There is no public key to verify the model with", where=PUBLIC_KEY, todo="Name the release key's file"
        )
    return Path(held)


def fetch(wanted: str, folder: Path, release: str) -> Statement:
    """Fetch a model out of the release registry; it stands in the folder only once all of it was verified.

    Parameters
    ----------
    wanted : str
        ``NAME@ALIAS``.
    folder : Path
        Where it will stand; nothing may be there yet.
    release : str
        The release that the page of released models names: it comes by another way than the registry's answer.

    Raises
    ------
    LearningRefused
        The registry does not hold it, something stands there already, or it is not what was asked for.
    """
    name, _, alias = wanted.partition("@")
    if not name or not alias:
        raise LearningRefused("A model is named NAME@ALIAS", where=wanted)
    if folder.exists():
        raise LearningRefused("Something stands there already", where=str(folder), todo="Name a new folder")
    public = named_key()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetched-") as scratch:
        fetched, standing = _download(name, alias, Path(scratch))
        statement = verify_released(fetched, public, name=name, release=release)
        Watch.asked(statement, public, folder, lambda: standing)
        os.rename(fetched, folder)
    return statement


def _download(name: str, alias: str, scratch: Path) -> tuple[Path, str]:
    """Return the model's folder and its standing, as the registry gives them."""
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    client = deployers()
    try:
        found = client.get_model_version_by_alias(name, alias)
        # `models:/` would add a file of MLflow's own to the folder; the version's source gives what was signed
        got = mlflow.artifacts.download_artifacts(
            artifact_uri=found.source, dst_path=str(scratch), tracking_uri=address()
        )
    except (MlflowException, OSError) as error:
        raise LearningRefused(
            "The registry did not give the model", where=f"{name}@{alias}", todo="Check the address, account and name"
        ) from error
    return Path(got), str(found.tags.get(TAG, ""))


def verified(name: str, folder: Path, release: str) -> Statement:
    """Verify a fetched model again, and that it may be served now: then plain MLflow may be given its folder.

    Raises
    ------
    LearningRefused
        It is not the model that was asked for, unchanged, or it is retired or recalled: nothing of it was run.
    """
    public = named_key()
    statement = verify_released(folder, public, name=name, release=release)
    Watch.asked(statement, public, folder)
    return statement


def serve(name: str, folder: Path, release: str, host: str, port: int) -> None:
    """Verify a fetched model again and answer for it until stopped.

    Raises
    ------
    LearningRefused
        It is not the model that was asked for, unchanged, or it may not be served: nothing of it was run.
    """
    statement = verified(name, folder, release)
    from ml import server

    server.run(server.Served.of(folder, statement, named_key()), host, port)
