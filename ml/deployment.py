"""The deployer's verbs: fetch a released model and verify it whole, then serve it. Needs no control plane.

The registry's address and account are those of MLflow's own client (``MLFLOW_TRACKING_URI``,
``MLFLOW_TRACKING_USERNAME`` and ``MLFLOW_TRACKING_PASSWORD``); ``TRE_MODEL_PUBLIC_KEY`` names the release key's file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ml.errors import LearningRefused
from ml.released import PUBLIC_KEY, Statement, verify_released

_ADDRESS = "MLFLOW_TRACKING_URI"


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
        fetched = _download(name, alias, Path(scratch))
        statement = verify_released(fetched, public, name=name, release=release)
        os.rename(fetched, folder)
    return statement


def _download(name: str, alias: str, scratch: Path) -> Path:
    address = os.environ.get(_ADDRESS)
    if not address:
        raise LearningRefused("There is no registry to fetch from", where=_ADDRESS, todo="Name the registry's address")
    import mlflow.artifacts
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        source = MlflowClient(address, address).get_model_version_by_alias(name, alias).source
        # `models:/` would add a file of MLflow's own to the folder; the version's source gives what was signed
        got = mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=str(scratch), tracking_uri=address)
    except (MlflowException, OSError) as error:
        raise LearningRefused(
            "The registry did not give the model", where=f"{name}@{alias}", todo="Check the address, account and name"
        ) from error
    return Path(got)


def serve(name: str, folder: Path, release: str, host: str, port: int) -> None:
    """Verify a fetched model again and become ``mlflow models serve``; it returns only to refuse.

    Raises
    ------
    LearningRefused
        It is not the model that was asked for, unchanged: nothing of it was run.
    """
    verify_released(folder, named_key(), name=name, release=release)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", str(folder)]
    os.execv(sys.executable, [*command, "--host", host, "--port", str(port)])  # noqa: S606 - no shell, our own words
