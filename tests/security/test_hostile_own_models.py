"""Hostile files of researchers' own models: refused in one sentence at every door, by a process that can do nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.ensemble import GradientBoostingClassifier

from ml import packages
from ml.errors import LearningRefused
from ml.own import bounded
from ml.own.bounded import Bounded
from ml.own.policy import models
from tests.own_hostile import ONNX, HostileWeights, growing, slow
from tests.own_hostile_skops import SKOPS
from tests.own_models import SCHEMA, logistic, packaged, pipeline
from tests.refusals import refuses
from tests.released_models import Registry, open_registry
from tre.disclosure import Context, inspect

weights = pytest.mark.parametrize(
    ("kind", "hostile"), [*(("onnx", each) for each in ONNX), *(("skops", each) for each in SKOPS)], ids=str
)


@pytest.fixture(name="registry")
def an_open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    return open_registry(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a package of either kind."""
    made = tmp_path_factory.mktemp("clean")
    boosted = pipeline(GradientBoostingClassifier(n_estimators=2, random_state=0))
    return {"onnx": packaged(made / "onnx"), "skops": packaged(made / "skops", boosted)}


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"\0\0\x80?" * 2)
    return tmp_path / "proof"


@pytest.mark.parametrize("kind", ["onnx", "skops"])
def test_the_clean_twin_passes_every_door(kind: str, clean: dict[str, Path], registry: Registry) -> None:
    packages.load(clean[kind])
    assert registry.promote(clean[kind], "release-1", "risk") == 1


@weights
def test_hostile_weights_are_refused_where_a_model_is_read(
    kind: str, hostile: HostileWeights, proof: Path, clean: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(clean[kind], tmp_path / "risk")
    (folder / f"weights.{kind}").write_bytes(hostile.made(proof))
    told = refuses(lambda: packages.load(folder), proof)
    assert "too long" not in told  # refused by what it is, not because it stopped the process


def test_hostile_weights_are_refused_at_promotion(registry: Registry, proof: Path, tmp_path: Path) -> None:
    folder = packaged(tmp_path / "risk")
    (folder / "weights.onnx").write_bytes(ONNX[5].made(proof))
    refuses(lambda: registry.promote(folder, "release-1", "risk"), proof)
    assert registry.versions() == 0


def test_inspection_tells_its_checkers_of_a_part_that_calls_what_the_file_names(proof: Path, tmp_path: Path) -> None:
    for name in ("a caller of methods", "a function with its arguments", "a method"):
        hostile = next(each for each in SKOPS if each.name == name)
        (tmp_path / "weights.skops").write_bytes(hostile.made(proof))
        found = inspect(tmp_path / "weights.skops", Context(sandbox=False))
        assert "active-content" in {each.rule for each in found.findings}, name


CHANGES: dict[str, Callable[[Path], object]] = {
    "an epsilon that nobody paid for": lambda folder: _change(folder / "card.json", epsilon=0.5),
    "an epsilon in the description": lambda folder: _change(folder / "model.json", epsilon=0.5),
    "another kind": lambda folder: _change(folder / "model.json", kind="skops"),
    "another version": lambda folder: _change(folder / "model.json", version=2),
    "features that the card does not tell": lambda folder: _change(folder / "card.json", features=["age"]),
    "a purpose that is no text": lambda folder: _change(folder / "card.json", purpose=["Risk"]),
    "a schema of another type": lambda folder: _change(folder / "model.json", schema=[1]),
    "weights of two kinds": lambda folder: (folder / "weights.safetensors").write_bytes(b""),
    "a file more": lambda folder: (folder / "code.py").write_text("print()"),
    "a link": lambda folder: (folder / "card.md").unlink() or (folder / "card.md").symlink_to("card.json"),
    "a card that is no JSON": lambda folder: (folder / "card.json").write_text("[" * 100_000),
}


def _change(path: Path, **more: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_folder_that_does_not_agree_with_itself_is_refused(
    change: Callable[[Path], object], proof: Path, tmp_path: Path
) -> None:
    folder = packaged(tmp_path / "risk")
    change(folder)
    refuses(lambda: packages.load(folder), proof)


def test_a_graph_that_grows_meets_the_bound_of_memory(proof: Path) -> None:
    model = Bounded("onnx", growing().SerializeToString(), SCHEMA)
    refuses(model.load, proof)


def test_a_graph_that_is_never_done_meets_a_bound(proof: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = models()
    short = replace(told, process=replace(told.process, seconds_to_load=10))
    monkeypatch.setattr(bounded, "models", lambda: short)
    refuses(Bounded("onnx", slow().SerializeToString(), replace(SCHEMA, predicts="value")).load, proof)


def test_the_process_sees_neither_files_nor_a_network(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    seen = (
        "import os, socket, sys\n"
        f"print(os.path.exists({str(tmp_path / 'secret')!r}), os.path.exists('/etc/passwd'), os.path.exists('/proc/1'),"
        " [name for _, name in socket.if_nameindex()])"
    )
    command = [*bounded.sandbox(), sys.executable, "-c", seen]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={}).stdout
    assert told.strip() == "False False False ['lo']"


@pytest.mark.parametrize(
    "script",
    ["print('[1]')", "print('{')", "print('{}')", "print('{\"arrays\": [[-1]]}')", "print('{\"arrays\": [[10**9]]}')",
     "import sys; sys.stdout.write('x' * 10**7)", "raise SystemExit(1)", "import time; time.sleep(60)"],
)  # fmt: skip
def test_a_process_that_was_taken_over_is_believed_in_nothing(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = models()
    short = replace(told, process=replace(told.process, seconds_to_load=5))
    monkeypatch.setattr(bounded, "models", lambda: short)
    monkeypatch.setattr(Bounded, "_command", lambda self: [sys.executable, "-c", script])
    with pytest.raises(LearningRefused) as refusal:
        Bounded("onnx", logistic().SerializeToString(), SCHEMA).load()
    assert "stopped, or took too long" in refusal.value.sentence()


def test_words_of_such_a_process_are_cut_and_hold_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import json; print(json.dumps({'refused': 'a\\x1b[31m' + 'b' * 5000}))"
    monkeypatch.setattr(Bounded, "_command", lambda self: [sys.executable, "-c", script])
    with pytest.raises(LearningRefused) as refusal:
        Bounded("onnx", logistic().SerializeToString(), SCHEMA).load()
    assert "\x1b" not in refusal.value.sentence()
    assert len(refusal.value.sentence()) < 400
