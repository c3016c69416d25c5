"""A served model against whoever reads its log."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ml import deployment
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
    made = Served.of(folder, deployment.verified(NAME, folder, "release-1"), deployment.named_key())

    def broken(*told: object) -> None:
        raise ValueError(f"could not convert string to float: '{SECRET}'")

    monkeypatch.setattr("ml.server.predict", broken)
    client = TestClient(application(made))  # raises what the application does: uvicorn would log it with its words
    answer = client.post("/invocations", json={"dataframe_split": {"columns": ["age"], "data": [[50]]}})
    assert (answer.status_code, answer.json()) == (500, {"error": "The model could not answer."})
    assert SECRET not in caplog.text
