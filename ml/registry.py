"""The release registry: an MLflow server of its own, read by deployers and written by the platform alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ADMINISTRATOR, DEPLOYER = "platform", "deployer"
_SETTINGS = """[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/accounts.db
admin_username = {administrator}
authorization_function = ml.registry_access:authenticate
grant_default_workspace_access = false
"""


def command(
    folder: Path, port: int, environment: Mapping[str, str], password: str, secret: str
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of the server.

    Parameters
    ----------
    folder : Path
        Holds the registry's database and artifacts; made when it is not there.
    password, secret : str
        The platform's password, and the secret of the server's own forms; they travel by environment.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = folder / "accounts.ini"
    staged = folder / ".accounts.ini"
    staged.write_text(_SETTINGS.format(folder=folder, administrator=ADMINISTRATOR))
    os.replace(staged, settings)
    argv = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--app-name", "basic-auth", "--backend-store-uri", f"sqlite:///{folder}/registry.db",
        "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts",
    ]  # fmt: skip
    more = {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMINISTRATOR,
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secret,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return argv, {**environment, **more}
