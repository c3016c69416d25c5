"""A corpus of hostile models at every door: refused in one sentence, and nothing of them is ever deserialised."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ml import deployment, package
from ml.released import SIGNATURE, verify_released
from ml.signing import new_key, sign
from ml.watching import Watch
from tests.models_hostile import PACKAGES, REGISTERED, WEIGHTS, Hostile, pickled
from tests.refusals import refuses
from tests.released_models import NAME, Registry, open_registry, packaged
from tre.airlock.naming import check_models, check_names
from tre.disclosure import Context
from tre.disclosure.inspection import inspect_together
from tre.errors import Refused

packages = pytest.mark.parametrize("hostile", PACKAGES, ids=lambda each: each.name)
# Their names and formats are as they should be, and nothing of them runs: what they say is refused where it is read.
LATER = {
    "a card nested without end", "a card that is a list", "a description of a network of terabytes",
    "a description that is YAML and runs",
}  # fmt: skip
folders = pytest.mark.parametrize("hostile", REGISTERED, ids=lambda each: each.name)


@pytest.fixture(name="registry")
def an_open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    return open_registry(tmp_path, monkeypatch)


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"\0\0\x80?")
    return tmp_path / "proof"


def spoilt(hostile: Hostile, folder: Path, proof: Path) -> Path:
    hostile.spoil(folder, proof)
    return folder


def submitted(folder: Path) -> None:
    """Hold a folder against what a submission of it is held against: its names, then what inspection finds."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [f"risk/{path.relative_to(folder)}" for path in files]
    check_names(names)
    check_models(names)
    found = inspect_together(list(zip(files, names, strict=True)), Context())
    if "block" in {inspection.verdict for inspection, _ in found}:
        raise Refused("Inspection blocks it")


def test_a_payload_of_the_corpus_does_run_where_it_is_believed(proof: Path) -> None:
    import pickle

    pickle.loads(pickled(proof))
    assert proof.exists()


def test_the_corpus_is_as_large_as_is_promised() -> None:
    assert len({each.name for each in (*PACKAGES, *REGISTERED)}) >= 40


def test_the_clean_twin_passes_every_door(registry: Registry, tmp_path: Path) -> None:
    import mlflow.pyfunc

    clean = packaged(tmp_path / "risk", 1.0)
    submitted(clean)
    package.load(clean)
    registry.promote(clean, "release-1", "risk")
    folder = registry.fetch("release-1")
    verify_released(folder, deployment.named_key(), name=NAME, release="release-1")
    mlflow.pyfunc.load_model(str(folder))


@pytest.mark.parametrize(
    "hostile", [each for each in PACKAGES if each.submitted and each.name not in LATER], ids=lambda each: each.name
)
def test_a_hostile_package_is_refused_at_submission(hostile: Hostile, proof: Path, tmp_path: Path) -> None:
    refuses(lambda: submitted(spoilt(hostile, packaged(tmp_path / "risk", 1.0), proof)), proof)


@packages
def test_a_hostile_package_is_refused_where_a_model_is_read(hostile: Hostile, proof: Path, tmp_path: Path) -> None:
    folder = spoilt(hostile, packaged(tmp_path / "risk", 1.0), proof)
    refuses(lambda: package.load(folder), proof)


@packages
def test_a_hostile_package_is_refused_at_promotion(
    hostile: Hostile, proof: Path, tmp_path: Path, registry: Registry
) -> None:
    folder = spoilt(hostile, packaged(tmp_path / "risk", 1.0), proof)
    refuses(lambda: registry.promote(folder, "release-1", "risk"), proof)
    assert registry.versions() == 0


@folders
def test_a_hostile_folder_is_refused_when_it_is_fetched(
    hostile: Hostile, proof: Path, tmp_path: Path, registry: Registry
) -> None:
    version = registry.promote(packaged(tmp_path / "risk", 1.0), "release-1", "risk")
    hostile.spoil(registry.stored(version), proof)
    refuses(lambda: registry.fetch("release-1"), proof)
    assert not list(tmp_path.glob("fetched-*"))


@folders
def test_a_hostile_folder_is_neither_served_nor_loaded(
    hostile: Hostile, proof: Path, tmp_path: Path, registry: Registry
) -> None:
    import mlflow.pyfunc

    registry.promote(packaged(tmp_path / "risk", 1.0), "release-1", "risk")
    folder = spoilt(hostile, registry.fetch("release-1"), proof)
    refuses(lambda: deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1), proof)
    refuses(lambda: verify_released(folder, deployment.named_key()), proof)
    if not hostile.runs_in_mlflow:  # else MLflow alone would believe it: verify first, or let `tre` serve it
        refuses(lambda: mlflow.pyfunc.load_model(str(folder)), proof)


def test_a_model_signed_by_another_key_is_refused(registry: Registry, proof: Path, tmp_path: Path) -> None:
    registry.promote(packaged(tmp_path / "risk", 1.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    (folder / SIGNATURE).unlink()
    sign(folder, folder / SIGNATURE, new_key())
    refuses(lambda: deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1), proof)


def test_a_signature_over_another_model_is_refused(registry: Registry, proof: Path, tmp_path: Path) -> None:
    for name, weight in (("one", 1.0), ("two", 2.0)):
        registry.promote(packaged(tmp_path / name, weight), f"release-{name}", name, f"frailty-{name}")
    one, two = (registry.fetch(f"release-{name}", f"frailty-{name}") for name in ("one", "two"))
    shutil.copy(two / SIGNATURE, one / SIGNATURE)
    refuses(lambda: deployment.serve("frailty-one", one, "release-one", "127.0.0.1", 1), proof)
    refuses(lambda: deployment.serve("frailty-one", two, "release-one", "127.0.0.1", 1), proof)


def test_weights_of_an_earlier_version_are_refused_under_the_later_ones_name(
    registry: Registry, proof: Path, tmp_path: Path
) -> None:
    registry.promote(packaged(tmp_path / "old", 1.0), "release-1", "risk")
    old = registry.fetch("release-1")
    registry.promote(packaged(tmp_path / "new", 2.0), "release-2", "risk")
    new = registry.fetch("release-2")
    refuses(lambda: deployment.serve(NAME, old, "release-2", "127.0.0.1", 1), proof)
    shutil.copy(old / "package" / WEIGHTS, new / "package" / WEIGHTS)
    refuses(lambda: deployment.serve(NAME, new, "release-2", "127.0.0.1", 1), proof)


def test_a_word_from_before_a_recall_is_not_taken_back(registry: Registry, proof: Path, tmp_path: Path) -> None:
    registry.promote(packaged(tmp_path / "risk", 1.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    statement = verify_released(folder, deployment.named_key())
    before = registry.standings[NAME, 1]
    watch = Watch.asked(statement, deployment.named_key(), folder)
    registry.say(replace(before, serial=2, recalled=True))
    watch.poll()
    registry.say(before)
    watch.poll()
    refuses(watch.check, proof)
    refuses(lambda: deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1), proof)  # started again
    shutil.rmtree(folder)
    refuses(lambda: deployment.fetch(f"{NAME}@champion", folder, "release-1"), proof)
