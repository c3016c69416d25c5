"""Registered models for tests: small packages, and a registry in a folder of files with its promoter and deployer."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import deployment, package, promote, settle, signing
from ml.dp import TrainedModel
from ml.package import check_plain
from ml.released import PUBLIC_KEY
from ml.spec import Numeric, TrainingSpec
from ml.standing import Standing

SPEC = TrainingSpec("pseudonym", "died", (Numeric("age", 0, 100),), (), epsilon=4.0, delta=1e-6, steps=60, batch=128)
KEY = signing.new_key()
NAME = "frailty-risk"


def packaged(folder: Path, weight: float) -> Path:
    """Write a small package of one weight, and return its folder."""
    weights = {"0.weight": np.full((1, 1), weight, "f4"), "0.bias": np.zeros(1, "f4")}
    model = TrainedModel(SPEC, weights, epsilon=3.9, noise=1.0, rate=0.1, rows=1000)
    return package.save(model, folder, purpose="Risk", data_version="people v3", code_hash="c" * 64, figures={})


def standing(name: str, release: str, model: str, version: int, **more: Any) -> Standing:
    """Return what the platform says of a version that may be served for an hour from now."""
    now = datetime.now(UTC)
    told = {"issued": now.isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    return Standing(name, release, model, version, **{"serial": 1, "recalled": False, "retires": "", **told, **more})


class Registry:
    """The jobs that register and settle, against a store of files, and the deployer who fetches from it."""

    def __init__(self, home: Path) -> None:
        self.home, self.uri, self.count = home, (home / "store").as_uri(), 0
        self.standings: dict[tuple[str, int], Standing] = {}

    def promote(self, folder: Path, release: str, model: str, name: str = NAME) -> int:
        """Register a package, say that it may be served, let the alias name the newest, and return its version."""
        check_plain(folder)
        hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        spec = {
            "folder": str(folder), "expected_sha256s": hashes, "registry_uri": self.uri, "registry_user": "platform",
            "name": name, "alias": "champion", "tags": {"release": release, "model": model},
            "drift": {"epsilon": 1.0, "hours": 24},
        }  # fmt: skip
        told = promote.run(spec, {"registry-password": b"x", "model-signing": KEY}, lambda text: None)
        self.say(standing(name, release, model, int(told["version"])))
        return int(told["version"])

    def say(self, told: Standing, champion: int | None = None) -> None:
        """Keep what the platform says of a version, and settle the registry by all that it has said."""
        self.standings[told.name, told.version] = told
        newest = max(version for name, version in self.standings if name == told.name)
        self.settle(told.name, champion or newest)

    def settle(self, name: str, champion: int | None) -> None:
        """Settle the registry, with the version that the alias is to name."""
        same = [asdict(each) for (of, _), each in sorted(self.standings.items()) if of == name]
        spec = {
            "registry_uri": self.uri, "registry_user": "platform", "name": name, "standings": same,
            "aliases": {"champion": champion},
        }  # fmt: skip
        settle.run(spec, {"registry-password": b"x", "model-signing": KEY}, lambda text: None)

    def versions(self) -> int:
        """Return how many versions the registry holds in all."""
        from mlflow import MlflowClient

        return len(MlflowClient(self.uri, self.uri).search_model_versions())

    def fetch(self, release: str, name: str = NAME) -> Path:
        """Fetch what the alias names into a new folder."""
        self.count += 1
        folder = self.home / f"fetched-{self.count}"
        deployment.fetch(f"{name}@champion", folder, release)
        return folder

    def stored(self, version: int, name: str = NAME) -> Path:
        """Return the folder in which the registry keeps a version."""
        from mlflow import MlflowClient

        return Path(
            MlflowClient(self.uri, self.uri).get_model_version(name, str(version)).source.removeprefix("file://")
        )


def open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return an empty registry, with the environment of a deployer who holds its key."""
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):  # the job sets them for its own process
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    made = Registry(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", made.uri)
    (tmp_path / "key.pem").write_bytes(signing.public_key(KEY))
    monkeypatch.setenv(PUBLIC_KEY, str(tmp_path / "key.pem"))
    return made
