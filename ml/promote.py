"""Takes an approved model into the release registry: checks every byte against what was approved, signs, registers."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from ml.drift import Policy
from ml.errors import LearningRefused
from ml.package import check_plain
from ml.packages import Packaged, load
from ml.registry_client import platforms
from ml.released import DRIFT, PACKAGE, SIGNATURE, Statement, package_digest
from ml.signing import sign

_EXPERIMENT = "releases"
_UNCLAIMED = "none"  # what stands for the epsilon of a model that claims no privacy


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Register one model; for a model of a release that is registered already, return its version.

    No alias is set here, and nothing says yet that it may be served: :mod:`ml.settle` does, once the release is whole.

    Parameters
    ----------
    spec : dict
        ``folder``; ``expected_sha256s`` by file name; ``registry_uri`` and ``registry_user``; ``name`` and ``alias``;
        ``drift``, the values of an :class:`ml.drift.Policy`;
        ``tags``, of which ``release`` names this very release and ``model`` the folder among its files.
    keys : dict
        ``registry-password`` and ``model-signing`` (PEM).

    Raises
    ------
    LearningRefused
        When a byte is not what was approved, or the folder is no model.
    """
    folder = Path(spec["folder"])
    _check_bytes(folder, spec["expected_sha256s"])
    package = load(folder)
    client = platforms(spec, keys)
    progress(f"registering {spec['name']}")
    _ensure_named(client, spec["name"])
    statement = Statement(
        spec["name"], spec["tags"]["release"], spec["tags"]["model"], package_digest(spec["expected_sha256s"])
    )
    tags = {**spec["tags"], "package": statement.package}
    version = _version_of(client, spec["name"], tags)
    if version is None:
        drift = Policy(**spec["drift"])
        version = _register(client, tags, package, folder, statement, drift, keys["model-signing"])
    return {"name": spec["name"], "version": version, "alias": spec["alias"], "epsilon": package.training["epsilon"]}


def _check_bytes(folder: Path, expected: dict[str, str]) -> None:
    check_plain(folder)
    there = {path.name for path in folder.iterdir()}
    if there != set(expected):
        raise LearningRefused("The folder does not hold just the approved files", where=folder.name)
    for name, sha256 in expected.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
            raise LearningRefused("A file is not what was approved", where=f"{folder.name}/{name}")


def _ensure_named(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _same(held: dict[str, str], tags: dict[str, str]) -> bool:
    """Tell whether tags are those of this very model: several models leave by one release, and share its name."""
    return all(held.get(key) == tags[key] for key in ("release", "model", "package"))


def _version_of(client: Any, name: str, tags: dict[str, str]) -> str | None:
    found = client.search_model_versions(f"name = '{name}'")
    return next((str(each.version) for each in found if _same(each.tags, tags)), None)


def _register(
    client: Any, tags: dict[str, str], package: Packaged, folder: Path, statement: Statement, drift: Policy, key: bytes
) -> str:
    told = {each: _said(package.training[each]) for each in ("epsilon", "delta", "data_version", "code_hash")}
    tags = {**tags, **told}
    run_id = _run_of(client, tags)
    with tempfile.TemporaryDirectory() as scratch:
        made = _pyfunc(package, folder, Path(scratch), statement, drift, key)
        client.log_artifacts(run_id, str(made), "model")
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    purpose = package.card["purpose"]
    version = client.create_model_version(statement.name, source, run_id, tags=tags, description=purpose)
    client.set_terminated(run_id)
    return str(version.version)


def _said(value: object) -> str:
    """Return a value of a package as a tag."""
    return _UNCLAIMED if value is None else str(value)


def _run_of(client: Any, tags: dict[str, str]) -> str:
    """Return the run that holds a model's files: a run that was cut off before is used again."""
    experiment = client.get_experiment_by_name(_EXPERIMENT)
    number = experiment.experiment_id if experiment else client.create_experiment(_EXPERIMENT)
    found = client.search_runs([number], f"tags.package = '{tags['package']}'")
    same = next((each for each in found if _same(each.data.tags, tags)), None)
    if same is not None:
        return str(same.info.run_id)
    return str(client.create_run(number, run_name=tags["release"], tags=tags).info.run_id)


def _pyfunc(package: Packaged, folder: Path, scratch: Path, statement: Statement, drift: Policy, key: bytes) -> Path:
    """Return an MLflow model, signed whole, whose loader is ours: no pickle, no code of the researcher's in it."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    columns: list[Any] = [ColSpec("double", each.name) for each in package.schema.numeric]
    columns += [ColSpec("string", each.name) for each in package.schema.categories]
    out = scratch / "mlflow"
    mlflow.pyfunc.save_model(
        str(out),
        loader_module="ml.serving",
        signature=ModelSignature(Schema(columns), Schema([ColSpec("double", package.schema.answer())])),
        pip_requirements=["tre"],
        metadata={"epsilon": _UNCLAIMED if package.training["epsilon"] is None else package.training["epsilon"]},
    )
    shutil.copytree(folder, out / PACKAGE)
    statement.write(out)
    drift.write(out / DRIFT)
    sign(out, out / SIGNATURE, key)
    return out


def example(package: Packaged) -> pd.DataFrame:
    """Return one row in the middle of every public bound: what a deployer may try a model with."""
    row: dict[str, Any] = {each.name: (each.low + each.high) / 2 for each in package.schema.numeric}
    row |= {each.name: each.values[0] for each in package.schema.categories}
    return pd.DataFrame([row])
