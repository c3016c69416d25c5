"""What somebody who can write to the registry's store, or asks for two models at once, tries on a deployer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from ml import deployment, package
from ml.errors import LearningRefused
from ml.released import PACKAGE, PUBLIC_KEY, STATEMENT, verify_released
from tests.released_models import NAME, Registry, open_registry, packaged


@pytest.fixture(name="registry")
def an_open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    return open_registry(tmp_path, monkeypatch)


def weight_of(folder: Path) -> float:
    return float(package.load(folder / PACKAGE).weights["0.weight"][0, 0])


def test_two_models_of_one_request_keep_their_own_weights(registry: Registry, tmp_path: Path) -> None:
    for name, weight in (("first", 1.0), ("second", 2.0)):
        registry.promote(packaged(tmp_path / name, weight), "release-1", name, f"frailty-{name}")
    assert weight_of(registry.fetch("release-1", "frailty-first")) == 1.0
    assert weight_of(registry.fetch("release-1", "frailty-second")) == 2.0


def test_two_models_of_one_request_and_one_name_are_two_versions(registry: Registry, tmp_path: Path) -> None:
    versions = [
        registry.promote(packaged(tmp_path / part / "risk", weight), "release-1", f"{part}/risk")
        for part, weight in (("a", 1.0), ("b", 2.0))
    ]
    assert versions == [1, 2]
    assert [weight_of(registry.stored(version)) for version in versions] == [1.0, 2.0]


def test_an_older_release_that_runs_again_does_not_take_the_alias_back(registry: Registry, tmp_path: Path) -> None:
    old, new = packaged(tmp_path / "old", 1.0), packaged(tmp_path / "new", 2.0)
    assert (registry.promote(old, "release-1", "risk"), registry.promote(new, "release-2", "risk")) == (1, 2)
    assert registry.promote(old, "release-1", "risk") == 1
    assert weight_of(registry.fetch("release-2")) == 2.0


def test_a_changed_loader_is_refused_before_anything_of_it_runs(registry: Registry, tmp_path: Path) -> None:
    stored = registry.stored(registry.promote(packaged(tmp_path / "m", 1.0), "release-1", "risk"))
    proof = tmp_path / "proof"
    held = yaml.safe_load((stored / "MLmodel").read_text())
    held["flavors"]["python_function"].update({"loader_module": "stranger", "code": "code"})
    good, fetched = (stored / "MLmodel").read_bytes(), registry.fetch("release-1")
    for folder in (stored, fetched):
        (folder / "MLmodel").write_text(yaml.safe_dump(held))
        (folder / "code").mkdir()
        (folder / "code" / "stranger.py").write_text(f"open({str(proof)!r}, 'w')\n")
    with pytest.raises(LearningRefused, match="signature"):
        registry.fetch("release-1")
    with pytest.raises(LearningRefused, match="signature"):
        deployment.serve(NAME, fetched, "release-1", "127.0.0.1", 1)
    assert not (tmp_path / "fetched-2").exists()
    (fetched / "MLmodel").write_bytes(good)  # what was added is as bad as what was changed
    with pytest.raises(LearningRefused, match="signature"):
        deployment.serve(NAME, fetched, "release-1", "127.0.0.1", 1)
    assert not proof.exists()


def test_gits_own_files_are_signed_like_any_other(registry: Registry, tmp_path: Path) -> None:
    registry.promote(packaged(tmp_path / "m", 1.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    (folder / ".git").mkdir()
    (folder / ".git" / "hook.py").write_text("x")
    with pytest.raises(LearningRefused, match="signature"):
        verify_released(folder, deployment.named_key())


def test_an_older_or_another_projects_signed_model_is_refused(registry: Registry, tmp_path: Path) -> None:
    old = registry.stored(registry.promote(packaged(tmp_path / "old", 1.0), "release-1", "risk"))
    theirs = registry.stored(registry.promote(packaged(tmp_path / "x", 5.0), "release-9", "x", "heart-x"), "heart-x")
    new = registry.stored(registry.promote(packaged(tmp_path / "new", 2.0), "release-2", "risk"))
    for swapped, what in ((old, "its release is release-1"), (theirs, "its name is heart-x")):
        shutil.rmtree(new)
        shutil.copytree(swapped, new)
        with pytest.raises(LearningRefused, match=what):
            registry.fetch("release-2")


def test_a_statement_moved_to_other_weights_is_refused(registry: Registry, tmp_path: Path) -> None:
    one = registry.stored(registry.promote(packaged(tmp_path / "one", 1.0), "release-1", "risk"))
    two = registry.stored(registry.promote(packaged(tmp_path / "two", 2.0), "release-2", "risk"))
    shutil.copy(one / STATEMENT, two / STATEMENT)
    with pytest.raises(LearningRefused, match="signature"):
        registry.fetch("release-1")


def test_mlflow_loads_a_fetched_folder_and_verifies_it_again(registry: Registry, tmp_path: Path) -> None:
    import mlflow.pyfunc
    import pandas as pd

    registry.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    told = mlflow.pyfunc.load_model(str(folder)).predict(pd.DataFrame({"age": [50.0]}))
    assert told["probability"].tolist() == [0.5]
    weights = folder / PACKAGE / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(LearningRefused, match="signature"):
        mlflow.pyfunc.load_model(str(folder))


def test_a_fetch_needs_a_key_an_address_a_name_and_an_empty_place(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote(packaged(tmp_path / "m", 1.0), "release-1", "risk")
    for wanted, folder, match in (
        ("risk", tmp_path / "n", "NAME@ALIAS"), (f"{NAME}@champion", tmp_path / "m", "already"),
        ("nobody@champion", tmp_path / "n", "registry did not give"),
    ):  # fmt: skip
        with pytest.raises(LearningRefused, match=match):
            deployment.fetch(wanted, folder, "release-1")
    for name in ("MLFLOW_TRACKING_URI", PUBLIC_KEY):
        monkeypatch.delenv(name)
        with pytest.raises(LearningRefused, match=name):
            registry.fetch("release-1")
