"""Models in the airlock are attacked by the platform, on their own project's extracts, and checkers are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ml import package
from ml.dp import train
from tests.airlock import events, inspected, open_study, quick_inspection, submit, vote, work
from tests.attacked import SPEC, people
from tests.factories import project
from tests.same_noise import draw_as_in_every_run
from tests.unit.test_pages import browser
from tre.airlock import attacks
from tre.airlock.models import AttackReport, Request, RequestFile, Review
from tre.audit.models import Entry
from tre.errors import Refused
from tre.projects.lifecycle import folder_of
from tre.projects.models import Extract, Project
from tre.runs.models import Job

pytestmark = pytest.mark.django_db
REPORT = {"version": 1, "level": "look", "words": "Something to weigh.", "attacks": []}


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Project:
    quick_inspection(monkeypatch)
    return open_study()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Return what the learning plane was asked; it is not started."""
    told: list[dict] = []

    def run_job(name: str, spec: dict, **_: object) -> dict:
        held = {path.name: path.read_bytes() for path in Path(spec["folder"]).iterdir()}
        told.append({"job": name, **spec, "held": held})
        return REPORT

    monkeypatch.setattr(attacks, "run_job", run_job)
    return told


def model(folder: str = "risk") -> list[tuple[str, bytes]]:
    return [(f"{folder}/{name}", f"{folder} {name}".encode()) for name in package.FILES]


def extract(of: Project, number: int, **more: object) -> Extract:
    tables = {"tables": [{"name": "people", "files": [], "columns": [], "source_version": 1}]}
    made = Extract.objects.create(project=of, number=number, asked_by="mia", ready=True, manifest=tables, **more)
    folder_of(made).mkdir(parents=True, exist_ok=True)
    (folder_of(made) / "manifest.json").write_text("{}")
    return made


def files(request: Request) -> dict[str, RequestFile]:
    return {file.name: file for file in Request.objects.get(pk=request.pk).held()}


def test_each_model_is_attacked_with_its_project_s_extracts_alone(study: Project, asked: list[dict]):
    extract(study, 1)
    extract(project("other", "ann"), 1)
    request = inspected(study, ("table.csv", b"a,b\n1,2\n"), *model("risk"), *model("frailty"))
    assert [(each["job"], each["held"]["card.md"]) for each in asked] == [
        ("attack", b"frailty card.md"), ("attack", b"risk card.md"),
    ]  # fmt: skip
    assert all(set(each["held"]) == set(package.FILES) for each in asked)
    assert all(set(each["extracts"]) == {f"{study.code}, extract 1"} for each in asked)
    held = files(request)
    assert attacks.attack_report(held["risk/card.json"]) == REPORT
    assert attacks.attack_report(held["frailty/weights.safetensors"]) == REPORT
    assert attacks.attack_report(held["table.csv"]) is None
    assert events(request).count("airlock.attacked") == 2
    told = Entry.objects.filter(event="airlock.attacked").latest("number")
    assert told.data["level"] == "look"
    assert len(told.data["report_sha256"]) == 64


def test_others_do_not_wait_for_all_models_of_a_request(study: Project, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []

    def run_job(name: str, spec: dict, **_: object) -> dict:
        if not seen:
            submit(study, ("meanwhile.csv", b"a,b\n1,2\n"))
        seen.append(Request.objects.get(files__name="meanwhile.csv").state)
        assert attacks.are_waited_for(Request.objects.get(files__name="risk/card.md"))
        return REPORT

    monkeypatch.setattr(attacks, "run_job", run_job)
    request = inspected(study, *model("risk"), *model("frailty"), *model("falls"))
    assert seen == ["submitted", "in_review", "in_review"]
    assert AttackReport.objects.count() == 3
    assert not attacks.are_waited_for(request)


def test_what_is_done_is_not_done_again_and_a_turn_that_is_over_is_let_be(study: Project, asked: list[dict]):
    request = inspected(study, *model())
    attacks.attack_models({"request": request.pk, "turn": 1})
    attacks.attack_models({"request": request.pk, "turn": 2})
    assert len(asked) == 1
    assert AttackReport.objects.count() == 1
    assert str(AttackReport.objects.get()).startswith("attacks on file")


def test_nobody_approves_a_model_before_its_report_is_there_unless_it_is_given_up(
    study: Project, asked: list[dict], monkeypatch: pytest.MonkeyPatch
):
    request = inspected(study, *model())
    AttackReport.objects.all().delete()
    job = Job.objects.filter(kind="airlock.attack")
    waits = "The attacks on a model are not reported yet"
    for state in (Job.State.QUEUED, Job.State.RUNNING):
        job.update(state=state)
        with pytest.raises(Refused, match=waits):
            vote(request, "cat")
        assert waits in browser("cat").get(f"/airlock/{request.pk}/").content.decode()
    assert not Review.objects.exists()
    job.update(state=Job.State.FAILED)
    vote(request, "cat")
    job.update(state=Job.State.QUEUED)
    vote(request, "dan", "return")  # what is asked of its author hangs on no attack
    assert Request.objects.get(pk=request.pk).phase == "consolidation"
    assert waits not in browser("ann").get(f"/airlock/{request.pk}/").content.decode()


def test_a_request_without_a_model_starts_nothing(study: Project, asked: list[dict]):
    request = inspected(study)
    work()
    assert asked == []
    assert attacks.attack_report(files(request)["table.csv"]) is None


def test_a_model_is_attacked_for_real(study: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    draw_as_in_every_run(monkeypatch)
    monkeypatch.setattr(attacks, "SECONDS", 20)
    frame, made = people(1200), extract(study, 1)
    (folder_of(made) / "people").mkdir()
    frame.to_parquet(folder_of(made) / "people" / "part-0.parquet")
    version = f"{study.code}, extract 1"
    trained = train(replace(SPEC, dataset=version), frame)
    package.save(
        trained, tmp_path / "m", purpose="Falls", data_version=version, code_hash="c" * 64, figures={"auroc": 0.6}
    )
    request = inspected(study, *[(f"risk/{path.name}", path.read_bytes()) for path in (tmp_path / "m").iterdir()])
    told = attacks.attack_report(files(request)["risk/model.json"])
    assert told is not None
    assert told["level"] in ("nothing", "look"), told["words"]
    assert told["data_version"] == version
