"""A researcher's own model goes the whole way: submitted, attacked, shown, approved by two, released at no cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.airlock import inspected, open_study, quick_inspection, state, vote, work
from tests.factories import person
from tests.own_models import packaged
from tests.unit.test_pages import browser
from tre.airlock import attacks, registry
from tre.airlock.deployer import released
from tre.airlock.models import AttackReport, Release
from tre.airlock.naming import WEIGHTS, check_kinds, check_models, kind_of, model_folders
from tre.api.told.models import ModelTold
from tre.errors import Refused
from tre.privacy.models import Payment
from tre.runs.runner import run_job

MODEL = ["m/model.json", "m/card.json", "m/card.md"]


@pytest.mark.django_db
def test_it_is_attacked_shown_and_released_without_a_payment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_inspection(monkeypatch)
    study = open_study()
    folder = packaged(tmp_path / "m")
    request = inspected(study, *[(f"risk/{path.name}", path.read_bytes()) for path in sorted(folder.iterdir())])
    assert AttackReport.objects.get().file.name == "risk/weights.onnx"
    report = attacks.attack_report(request.files.get(name="risk/card.json"))
    assert report is not None
    assert report["level"] == "not run"  # the study has no extract
    page = browser("cat").get(f"/airlock/{request.pk}/").content.decode()
    assert "Epsilon: none." in page
    assert "Nothing is paid for it" in page
    for checker in ("cat", "dan"):
        vote(request, checker)
    asked: list[str] = []

    def run(name: str, spec: dict[str, Any], *more: Any, **options: Any) -> dict[str, Any]:
        asked.append(name)
        if name == "price":
            return run_job(name, spec, *more, **options)
        return {"name": "frailty-risk", "version": "1", "alias": "champion", "epsilon": None}

    monkeypatch.setattr(registry, "run_job", run)
    work()
    assert state(request) == "released", asked
    assert not Payment.objects.exists()
    assert Release.objects.get().models_registered[0]["epsilon"] is None
    assert ModelTold.of(released()[0]).epsilon is None
    person("dep", "deployer")
    assert ">none<" in browser("dep").get(reverse("released_models")).content.decode()


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_folder_with_weights_of_either_kind_is_a_model(weights: str) -> None:
    names = [*MODEL, f"m/{weights}"]
    assert model_folders(names) == ("m",)
    check_models(names)
    check_kinds({name: kind_of(name, ("m",)) for name in names})
    with pytest.raises(Refused, match="nothing else"):
        check_models([*names, "m/more.txt"])
    with pytest.raises(Refused, match="nothing else"):
        check_models([*names, *(f"m/{each}" for each in WEIGHTS if each != weights)])
