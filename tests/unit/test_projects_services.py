"""Making extracts: asked for once, made once, and with a way on when the making fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import person, project
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.catalogue.models import DatasetVersion, WarehouseBuild
from tre.projects import jobs, services
from tre.projects.models import Extract, Project
from tre.runs import queue
from tre.runs.models import Job
from tre.runs.runner import JobFailed

pytestmark = pytest.mark.django_db
TABLE = {"name": "people", "rows": 7, "source_version": 0}
APPLIED = {"version": 0, "national": True}
MANIFEST = {
    "persons": 7,
    "tables": [TABLE],
    "risk": {"floor": 5, "below": False, "tables": []},
    "opt_outs": APPLIED,
}


def make(name: str, spec: dict, keys: dict, **more: object) -> dict:
    """Make an extract as the data plane does, but an empty one."""
    Path(spec["out"]).mkdir(parents=True, exist_ok=True)
    return MANIFEST


@pytest.fixture
def study(monkeypatch) -> Project:
    """Return an approved project whose data plane is killed at each attempt, as for want of memory."""

    def killed(*told: object, **more: object) -> dict:
        raise JobFailed("The job 'provision' ended with status -9", where="provision.log")

    monkeypatch.setattr(jobs, "run_job", killed)
    build = WarehouseBuild.objects.create(by="test", inputs="x")
    for name in ("people", "opt_outs"):
        DatasetVersion.objects.create(dataset=name, version=0, rows=7, build=build)
    person("ann", "researcher")
    return project("frailty", "ann")


def ask() -> Extract:
    return services.ask_for_extract("frailty", person("data-manager", "data_manager"))


def work_until_done() -> None:
    while Job.objects.filter(state=Job.State.QUEUED).exists():
        Job.objects.filter(state=Job.State.QUEUED).update(due="2020-01-01T00:00Z")
        queue.work_once()


def page() -> str:
    client: Client = browser("data-manager")
    return client.get(reverse("project", args=["frailty"])).content.decode()


def test_an_extract_under_way_is_asked_for_once(study):
    first, second = ask(), ask()
    assert first == second
    assert Job.objects.filter(kind="projects.provision").count() == 1
    assert "is being made" in page()


def test_a_project_whose_extract_failed_gets_the_next(study, monkeypatch):
    first = ask()
    work_until_done()
    assert "could not be made" in page()
    second = ask()
    first.refresh_from_db()
    assert (first.failed, first.ready, second.number) == (True, False, 2)
    assert "is being made" in page()
    monkeypatch.setattr(jobs, "run_job", make)
    work_until_done()
    assert services.current_extract(study) == second
    events = list(Entry.objects.filter(subject="project:frailty").values_list("event", "data__extract"))
    assert events[-4:] == [
        ("projects.extract_asked", 1), ("projects.extract_failed", 1), ("projects.extract_asked", 2),
        ("projects.provisioned", 2),
    ]  # fmt: skip
    assert not [told for told in ("is being made", "could not be made") if told in page()]


def test_an_extract_whose_place_was_taken_is_never_made(study, monkeypatch):
    first = ask()
    work_until_done()
    ask()
    monkeypatch.setattr(jobs, "run_job", make)
    queue.retry(Job.objects.filter(kind="projects.provision").earliest("pk").pk, "operator")
    work_until_done()
    jobs.finish(first, MANIFEST)  # by a worker that had lost its lease and was alive after all
    first.refresh_from_db()
    assert (first.ready, first.failed) == (False, True)
    assert services.current_extract(study).number == 2
