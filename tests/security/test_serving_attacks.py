"""A served model against whoever reads its log, or may write where it lies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ml import deployment, server
from ml.errors import LearningRefused
from ml.package import Package, load
from ml.released import PACKAGE
from ml.server import Served, application
from tests.released_models import NAME, Registry, open_registry, packaged

SECRET = "9434765919"


@pytest.fixture(name="registry")
def an_open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = open_registry(tmp_path, monkeypatch)
    made.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    return made


def test_an_error_whose_words_hold_a_value_reaches_no_log(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = registry.fetch("release-1")
    made = Served.of(folder, deployment.named_key())

    def broken(*told: object) -> None:
        raise ValueError(f"could not convert string to float: '{SECRET}'")

    monkeypatch.setattr("ml.package.predict", broken)
    client = TestClient(application(made))  # raises what the application does: uvicorn would log it with its words
    answer = client.post("/invocations", json={"dataframe_split": {"columns": ["age"], "data": [[50]]}})
    assert (answer.status_code, answer.json()) == (500, {"error": "The model could not answer."})
    assert SECRET not in caplog.text


def test_weights_that_are_changed_after_they_were_verified_are_not_served(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = registry.fetch("release-1"), packaged(tmp_path / "other", 5.0)
    served = list[Served]()

    def swapped(path: Path) -> Package:
        shutil.copy(other / "weights.safetensors", folder / PACKAGE / "weights.safetensors")
        return load(path)

    monkeypatch.setattr(server, "load", swapped)
    monkeypatch.setattr(server, "run", lambda made, host, port: served.append(made))
    deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1)
    assert float(served[0].package.weights["0.weight"][0, 0]) == 0.0


def test_a_folder_that_is_not_there_or_leads_elsewhere_is_refused_in_one_sentence(
    registry: Registry, tmp_path: Path
) -> None:
    folder = registry.fetch("release-1")
    with pytest.raises(LearningRefused, match="The model's files cannot be read"):
        deployment.serve(NAME, tmp_path / "nowhere", "release-1", "127.0.0.1", 1)
    weights = folder / PACKAGE / "weights.safetensors"
    weights.rename(tmp_path / "weights")
    weights.symlink_to(tmp_path / "weights")
    with pytest.raises(LearningRefused):
        deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1)
