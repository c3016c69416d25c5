"""Runs as a notebook asks for them: what is sent, what is waited for, and what is written where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml.spec import Category, TrainingSpec
from tre.workspace.client import running
from tre.workspace.client.door import PlatformError
from tre.workspace.client.running import Run, run_notebook, run_table, run_training, runs

EVIL = "<script>alert(1)</script>"
DONE = {
    "run": 3, "kind": "aggregate", "state": "done", "step": "", "error": "", "log": [], "attestation": {"payload": "x"},
    "files": [{"output": 7, "name": "deep/table.csv", "sha256": "a" * 64, "size": 3}],
}  # fmt: skip


class Platform:
    """Stands in for the door: answers in turn, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked, self.answers = list[tuple[str, str, Any]](), list[dict[str, Any]]()

    def __call__(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        self.asked.append((method, path, json))
        return self.answers.pop(0) if self.answers else DONE


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(running, "call", made)
    monkeypatch.setattr(running, "fetch", lambda path, target: target.write_text(path))
    monkeypatch.setattr(running, "_LOOK_SECONDS", 0)
    return made


def test_a_table_is_asked_for_with_every_part(platform):
    run_table("SELECT 1", "sex", ["age"], margins=True)
    method, path, told = platform.asked[0]
    assert (method, path, told["kind"]) == ("POST", "runs", "aggregate")
    assert told["spec"] == {
        "query": "SELECT 1", "rows": ["sex"], "columns": ["age"], "values": None, "aggfunc": "people", "margins": True,
    }  # fmt: skip
    run_table("SELECT 1", ["sex"])
    assert platform.asked[1][2]["once"] != told["once"]


def test_a_training_and_a_notebook_are_asked_for(platform, tmp_path):
    spec = TrainingSpec("pseudonym", "y", (), (Category("sex", ("1", "2")),), 1.0, 1e-6)
    run_training("SELECT 1", spec, name="risk", purpose="To learn.")
    assert platform.asked[0][2]["spec"]["training"] == spec.to_json()
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": []}))
    run_notebook(path, {"year": 2020}, spark=True)
    asked = {"notebook": {"cells": []}, "parameters": {"year": 2020}, "spark": True}
    assert platform.asked[1][2]["spec"] == asked
    for wrong in (tmp_path / "none.ipynb", tmp_path):
        with pytest.raises(PlatformError, match="no notebook"):
            run_notebook(wrong)


def test_it_is_waited_for_and_saved_with_its_attestation(platform, tmp_path):
    platform.answers = [{"state": "queued"}, {"state": "running"}]
    run = Run(DONE | {"state": "queued", "files": []}).wait()
    assert run["state"] == "done"
    assert run.save(tmp_path) == [tmp_path / "deep" / "table.csv"]
    assert (tmp_path / "deep" / "table.csv").read_text() == "runs/3/files/7"
    assert json.loads((tmp_path / "run-3.intoto.jsonl").read_text()) == {"payload": "x"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"state": "failed", "error": "It may not."}, "It may not"),
        ({"state": "cancelled", "error": ""}, "was cancelled"),
    ],
)
def test_one_that_came_to_nothing_is_told(platform, answer, told):
    platform.answers = [answer]
    with pytest.raises(PlatformError, match=told):
        Run(DONE).wait()


def test_one_that_is_not_over_is_told_and_has_nothing_to_save(platform, tmp_path):
    platform.answers = [{"state": "running"}, DONE | {"files": []}]
    with pytest.raises(PlatformError, match="not over"):
        Run(DONE).wait(seconds=-1)
    with pytest.raises(PlatformError, match="made nothing"):
        Run(DONE).save(tmp_path)


def test_runs_are_listed_and_shown_escaped(platform):
    platform.answers = [{"runs": [DONE | {"by": EVIL}]}]
    shown = runs()
    assert "<script" not in shown._repr_html_()
    assert "<script" not in Run(DONE | {"error": EVIL, "state": "failed"})._repr_html_()
    platform.answers = [{"runs": []}]
    assert "tre.run_table" in runs()._repr_html_()


def test_it_is_cancelled_and_asked_for_again(platform):
    run = Run(DONE)
    run.cancel()
    run.retry()
    assert [path for _, path, _ in platform.asked] == ["runs/3/cancel", "runs/3/retry"]
