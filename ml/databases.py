"""Makes the databases that MLflow's servers open: whole, or not at all.

A server that finds no database makes one by more than sixty migrations. SQLite cannot undo a change of a table's
shape half-way, so a server that is stopped meanwhile leaves a database that none opens again. So each is made beside
its place and renamed into it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ARTIFACTS = "mlflow-artifacts:/"  # what `mlflow server --serve-artifacts` gives to new experiments


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Make the databases that are not there.

    Parameters
    ----------
    spec : dict
        ``tracking`` and ``accounts``: lists of paths.
    """
    made = [path for path in spec.get("tracking", []) if _make(Path(path), _tracking)]
    made += [path for path in spec.get("accounts", []) if _make(Path(path), _accounts)]
    return {"made": made}


def _make(path: Path, fill: Callable[[str], None]) -> bool:
    if path.exists():
        return False
    staged = path.with_name(f".{path.name}.staged")
    staged.unlink(missing_ok=True)
    fill(f"sqlite:///{staged}")
    os.replace(staged, path)
    return True


def _tracking(address: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(address, _ARTIFACTS).engine.dispose()


def _accounts(address: str) -> None:
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore()
    store.init_db(address)
    store.engine.dispose()
