"""Specs, tensors, training, cards, packages and signatures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from ml import data, dp, package, signing
from ml.errors import LearningRefused
from ml.evaluate import evaluate, membership_advantage
from ml.networks import predict
from ml.spec import Category, Numeric, TrainingSpec
from tests.same_noise import draw_as_in_every_run

SPEC = TrainingSpec(
    "pseudonym", "died", (Numeric("age", 0, 100), Numeric("score", -1, 1)), (Category("sex", ("f", "m")),),
    epsilon=4.0, delta=1e-6, steps=60, batch=128,
)  # fmt: skip


def people(count: int = 1500, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.uniform(0, 100, count)
    return pd.DataFrame(
        {
            "pseudonym": [f"P{i}" for i in range(count)],
            "age": age,
            "score": random.uniform(-1, 1, count),
            "sex": random.choice(["f", "m"], count),
            "died": (random.uniform(0, 100, count) < age).astype(int),
        }
    )


def save(model: dp.TrainedModel, folder: Path) -> None:
    package.save(
        model, folder, purpose="Risk of death", data_version="people v3", code_hash="c" * 64, figures={"auroc": 0.7}
    )


@pytest.fixture(scope="module")
def trained() -> dp.TrainedModel:
    with pytest.MonkeyPatch.context() as patched:
        draw_as_in_every_run(patched)
        return dp.train(SPEC, people())


@pytest.fixture
def folder(trained: dp.TrainedModel, tmp_path: Path) -> Path:
    save(trained, tmp_path / "m")
    return tmp_path / "m"


def test_a_spec_survives_json_and_refuses_what_it_does_not_know():
    assert TrainingSpec.from_json(json.loads(json.dumps(SPEC.to_json()))) == SPEC
    for change in ({"epsilon": 0}, {"version": 3}, {"surprise": 1}, {"unit": "age"}, {"clip": 0}):
        with pytest.raises(LearningRefused):
            TrainingSpec.from_json({**SPEC.to_json(), **change})


def test_inputs_depend_on_the_row_alone():
    frame = pd.DataFrame({"age": [150, -3, np.nan], "score": [0, 9, np.nan], "sex": ["f", "x", None]})
    together = data.inputs(frame, SPEC)
    alone = np.concatenate([data.inputs(frame.iloc[[i]], SPEC) for i in range(3)])
    assert (together == alone).all()
    assert together.tolist() == [[1, 0, 1, 0], [-1, 1, 0, 0], [0, 0, 0, 0]]  # clipped; unknown or missing: none


def test_two_rows_of_one_person_are_refused():
    frame = people()
    frame.loc[1, "pseudonym"] = "P0"
    with pytest.raises(LearningRefused, match="more than one row"):
        dp.train(SPEC, frame)


def test_training_learns_within_its_promise(trained: dp.TrainedModel, monkeypatch: pytest.MonkeyPatch):
    draw_as_in_every_run(monkeypatch)
    assert 0 < trained.epsilon <= SPEC.epsilon
    fresh = people(seed=1)
    assert evaluate(trained, fresh)["auroc"] > 0.7
    assert abs(membership_advantage(trained, people(), fresh) - 0.5) < 0.1


def test_the_noise_is_never_the_same_twice(trained: dp.TrainedModel):
    again = dp.train(SPEC, people())
    assert not (again.weights["0.weight"] == trained.weights["0.weight"]).all()


def test_a_package_answers_as_its_model_did(trained: dp.TrainedModel, folder: Path):
    frame = people(50)
    held = package.load(folder)
    assert (predict(held.spec, held.weights, frame) == trained.predict(frame)).all()
    card = json.loads((folder / "card.json").read_text())
    assert card["privacy_unit"] == "one person"


def _extra(folder: Path) -> None:
    (folder / "payload.pkl").write_bytes(b"\x80\x04.")


def _link(folder: Path) -> None:
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to("/etc/hostname")


def _shape(folder: Path) -> None:
    save_file({"0.weight": torch.zeros(1, 900), "0.bias": torch.zeros(1)}, folder / "weights.safetensors")


def _pickle(folder: Path) -> None:
    torch.save({"0.weight": torch.zeros(1, 4)}, folder / "weights.safetensors")


def _rows(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    save_file({**weights, "rows": torch.zeros(500, 20)}, folder / "weights.safetensors")


def _nan(folder: Path) -> None:
    save_file({"0.weight": torch.full((1, 4), torch.nan), "0.bias": torch.zeros(1)}, folder / "weights.safetensors")


def _text(folder: Path) -> None:
    (folder / "model.json").write_text("[]")


@pytest.mark.parametrize("harm", [_extra, _link, _shape, _pickle, _rows, _nan, _text])
def test_a_hostile_folder_is_refused(folder: Path, harm):
    harm(folder)
    with pytest.raises(LearningRefused):
        package.load(folder)


def _byte(folder: Path) -> None:
    path = folder / "weights.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def _claim(folder: Path) -> None:
    held = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**held, "epsilon": 0.1}))


def test_an_epsilon_that_its_card_does_not_tell_is_refused(folder: Path):
    _claim(folder)
    with pytest.raises(LearningRefused, match="epsilon"):
        package.load(folder)


def _public(private: bytes, folder: Path) -> Path:
    path = folder.parent / "public.pem"
    path.write_bytes(signing.public_key(private))
    return path


@pytest.mark.parametrize("harm", [_byte, _extra, _link, lambda folder: (folder / "card.md").unlink()])
def test_a_signature_holds_for_exactly_the_signed_files(folder: Path, harm):
    private, signature = signing.new_key(), folder.parent / "m.sig"
    signing.sign(folder, signature, private)
    signing.verify(folder, signature, _public(private, folder))
    with pytest.raises(LearningRefused):
        signing.verify(folder, signature, _public(signing.new_key(), folder))
    harm(folder)
    with pytest.raises(LearningRefused):
        signing.verify(folder, signature, _public(private, folder))


def test_a_missing_or_mangled_signature_is_refused(folder: Path):
    public, signature = _public(signing.new_key(), folder), folder.parent / "m.sig"
    with pytest.raises(LearningRefused):
        signing.verify(folder, signature, public)
    for mangled in ("", "{}", '{"dsseEnvelope": {}}', "\x00"):
        signature.write_text(mangled)
        with pytest.raises(LearningRefused):
            signing.verify(folder, signature, public)
