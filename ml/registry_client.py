"""MLflow's client of the release registry, for the platform's own jobs and for a deployer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ml.errors import LearningRefused

if TYPE_CHECKING:
    from mlflow import MlflowClient

ADDRESS = "MLFLOW_TRACKING_URI"
# By itself MLflow tries for minutes; who asks here asks again, and says meanwhile what is wrong.
_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


def platforms(spec: dict[str, Any], keys: dict[str, bytes]) -> MlflowClient:
    """Return the client of a job of the platform's.

    Parameters
    ----------
    spec : dict
        ``registry_uri`` and ``registry_user``.
    keys : dict
        ``registry-password``.
    """
    # MLflow's client knows credentials from its environment alone; this process is the job's own.
    os.environ["MLFLOW_TRACKING_USERNAME"] = spec["registry_user"]
    os.environ["MLFLOW_TRACKING_PASSWORD"] = keys["registry-password"].decode()
    return _client(spec["registry_uri"])


def deployers() -> MlflowClient:
    """Return the client of a deployer, whose account is in the environment.

    Raises
    ------
    LearningRefused
        No address is named.
    """
    return _client(address())


def address() -> str:
    """Return the registry's address as a deployer names it.

    Raises
    ------
    LearningRefused
        None is named.
    """
    held = os.environ.get(ADDRESS)
    if not held:
        raise LearningRefused("There is no registry to ask", where=ADDRESS, todo="Name the registry's address")
    return held


def _client(uri: str) -> MlflowClient:
    for name, value in _RETRIES.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    return MlflowClient(uri, uri)
